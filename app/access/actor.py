"""Who is asking and what they may do. Decides by scopes only; never looks anything up."""

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


IMPLIED: dict[Scope, frozenset[Scope]] = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.INVITE: frozenset({Scope.INVITE, Scope.READ}),
    Scope.IMPORT: frozenset({Scope.IMPORT, Scope.READ}),
    Scope.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks, always of one platform. `name` is shown as who did it; an e-mail only a person has."""

    platform_id: int
    kind: ActorKind
    id: uuid.UUID | None
    name: str
    scopes: frozenset[Scope]
    email: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether a scope is held."""
        return scope in self.scopes

    @property
    def inviter_name(self) -> str | None:
        """Who invites, as the mail says it. None: a key or the command line speaks for the platform."""
        return self.name if self.kind is ActorKind.USER else None


def granted(scopes: Iterable[str]) -> frozenset[Scope]:
    """Scopes as stored with a key, with all they include."""
    return frozenset(scope for stored in scopes for scope in IMPLIED[Scope(stored)])
