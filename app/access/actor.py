"""Who is asking, from where, and what they may do. Decides by scopes only; never looks anything up."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a key may do. An administrator may do everything."""

    READ = "read"
    INVITE = "invite"
    IMPORT = "import"
    ADMIN = "admin"


class ActorKind(StrEnum):
    """What kind of thing asks."""

    API_KEY = "api_key"
    USER = "user"
    CLI = "cli"
    WORKER = "worker"
    ANONYMOUS = "anonymous"


IMPLIED: dict[Scope, frozenset[Scope]] = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.INVITE: frozenset({Scope.INVITE, Scope.READ}),
    Scope.IMPORT: frozenset({Scope.IMPORT, Scope.READ}),
    Scope.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """From where somebody asks: the request's id and the network address it came from. None: not over the network."""

    request_id: str | None = None
    remote_address: str | None = None


HERE = Origin()


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks, always of one platform. `name` is shown as who did it; an e-mail only a person has."""

    platform_id: int
    kind: ActorKind
    id: uuid.UUID | None
    name: str
    scopes: frozenset[Scope]
    email: str | None = None
    origin: Origin = HERE

    def may(self, scope: Scope) -> bool:
        """Whether a scope is held."""
        return scope in self.scopes

    @property
    def inviter_name(self) -> str | None:
        """Who invites, as the mail says it. None: a key or the command line speaks for the platform."""
        return self.name if self.kind is ActorKind.USER else None


def command_line(platform_id: int) -> Actor:
    """Whoever has the machine: may do everything."""
    return Actor(platform_id, ActorKind.CLI, None, "cli", frozenset(Scope))


def worker(platform_id: int) -> Actor:
    """The background work, going on with what somebody asked for."""
    return Actor(platform_id, ActorKind.WORKER, None, "worker", frozenset())


def known_person(platform_id: int, user_id: uuid.UUID, origin: Origin) -> Actor:
    """Somebody who proved by the link of a mail, or by a password, who they are."""
    return Actor(platform_id, ActorKind.USER, user_id, "", frozenset(), origin=origin)


def stranger(platform_id: int, origin: Origin) -> Actor:
    """Somebody who proved nothing."""
    return Actor(platform_id, ActorKind.ANONYMOUS, None, "", frozenset(), origin=origin)


def granted(scopes: Iterable[str]) -> frozenset[Scope]:
    """Scopes as stored with a key, with all they include."""
    return frozenset(scope for stored in scopes for scope in IMPLIED[Scope(stored)])
