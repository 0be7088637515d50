"""Routes of the directory: who and what is on the platform. Reads only."""

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from app.access.actor import Actor
from app.directory import service
from app.directory.schemas import LeaderOut, NamedOut, TeamOut, UserOut
from app.errors import Code
from app.web.deps import Reader, Reading
from app.web.paging import Listing, Paged, Pager
from app.web.problems import documented

router = APIRouter(tags=["directory"])

Q = Annotated[str | None, Query(max_length=200, description="Shows only what contains this text.")]


@router.get("/users", responses=documented(Code.INVALID_CURSOR))
def list_users(
    actor: Reader,
    session: Reading,
    pager: Paged,
    q: Q = None,
    state: Annotated[Literal["invited", "active", "disabled"] | None, Query()] = None,
) -> Listing[UserOut]:
    """People, newest first. `q` looks into addresses and names."""
    people = service.list_people(session, actor, q=q, state=state, limit=pager.fetch, after=pager.after_id)
    return pager.listing(people, position=lambda person: person.id, show=UserOut.model_validate)


@router.get("/users/{user_id}", responses=documented(Code.NOT_FOUND))
def get_user(actor: Reader, session: Reading, user_id: uuid.UUID) -> UserOut:
    """One person."""
    return UserOut.model_validate(service.get_person(session, actor, user_id))


def _named(kind: service.NamedKind, session: Reading, actor: Actor, pager: Pager, q: str | None) -> Listing[NamedOut]:
    found = service.list_named(session, actor, kind, q=q, limit=pager.fetch, after=pager.after_text)
    return pager.listing(
        found,
        position=lambda item: item.name_key,
        show=lambda item: NamedOut(id=item.id, name=item.name, users=item.users),
    )


@router.get("/organisations", responses=documented(Code.INVALID_CURSOR))
def list_organisations(actor: Reader, session: Reading, pager: Paged, q: Q = None) -> Listing[NamedOut]:
    """Organisations by name, each with its number of people."""
    return _named("organisation", session, actor, pager, q)


@router.get("/student-groups", responses=documented(Code.INVALID_CURSOR))
def list_student_groups(actor: Reader, session: Reading, pager: Paged, q: Q = None) -> Listing[NamedOut]:
    """Student groups by name, each with its number of people."""
    return _named("student_group", session, actor, pager, q)


@router.get("/labels", responses=documented(Code.INVALID_CURSOR))
def list_labels(actor: Reader, session: Reading, pager: Paged, q: Q = None) -> Listing[NamedOut]:
    """Labels by name, each with its number of people."""
    return _named("label", session, actor, pager, q)


@router.get("/teams", responses=documented(Code.INVALID_CURSOR))
def list_teams(actor: Reader, session: Reading, pager: Paged, q: Q = None) -> Listing[TeamOut]:
    """Teams by name, each with its leader and number of people."""
    found = service.list_named(session, actor, "team", q=q, limit=pager.fetch, after=pager.after_text)
    return pager.listing(
        found,
        position=lambda item: item.name_key,
        show=lambda item: TeamOut(
            id=item.id,
            name=item.name,
            users=item.users,
            leader=LeaderOut(id=item.leader[0], email=item.leader[1]) if item.leader else None,
            pending_leader_email=item.pending_leader_email,
        ),
    )
