"""Which states of an import may follow which."""

from itertools import pairwise

import pytest

from app.imports.steps import ALLOWED, WORKING, ImportState, may_follow

S = ImportState
STORY = [S.UPLOADED, S.CHECKING, S.READY, S.COMMITTING]


def _reachable(start: ImportState) -> set[ImportState]:
    found, waiting = {start}, [start]
    while waiting:
        new = ALLOWED[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def test_every_state_has_its_steps() -> None:
    assert set(ALLOWED) == set(ImportState)


def test_every_state_can_come_about() -> None:
    assert _reachable(S.UPLOADED) == set(ImportState)


@pytest.mark.parametrize("ending", [[S.COMPLETED], [S.CANCELLING, S.CANCELLED], [S.FAILED]])
def test_the_story_of_an_import_and_its_undoing(ending: list[ImportState]) -> None:
    states = [*STORY, *ending, S.UNDOING, S.UNDONE]
    assert all(may_follow(now, then) for now, then in pairwise(states))


@pytest.mark.parametrize("now", [S.UPLOADED, S.CHECKING, S.READY, S.FAILED])
def test_a_new_mapping_leads_back_to_checking_until_the_commit(now: ImportState) -> None:
    assert may_follow(now, S.CHECKING)


@pytest.mark.parametrize("now", [S.COMMITTING, S.COMPLETED, S.CANCELLING, S.CANCELLED, S.UNDOING, S.UNDONE])
def test_after_the_commit_nothing_leads_back(now: ImportState) -> None:
    assert not {S.UPLOADED, S.CHECKING, S.READY} & ALLOWED[now]


def test_only_what_is_ready_or_failed_is_committed() -> None:
    assert {now for now in S if may_follow(now, S.COMMITTING)} == {S.READY, S.FAILED}


@pytest.mark.parametrize("now", sorted(WORKING))
def test_all_work_ends_and_all_work_can_fail(now: ImportState) -> None:
    assert may_follow(now, S.FAILED)
    assert _reachable(now) - WORKING


def test_only_work_fails() -> None:
    assert {now for now in S if may_follow(now, S.FAILED)} == WORKING


def test_what_is_undone_stays_undone() -> None:
    assert ALLOWED[S.UNDONE] == frozenset()
