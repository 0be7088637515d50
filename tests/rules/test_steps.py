"""Which states of an import may follow which."""

from itertools import pairwise

import pytest

from app.imports.steps import (
    ALLOWED,
    COUNTED,
    FINISHED,
    WORKING,
    ImportState,
    WrongStep,
    after_failure,
    may_follow,
    step,
)

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


@pytest.mark.parametrize("ending", [[S.COMPLETED], [S.CANCELLING, S.CANCELLED], [S.FAILED], [S.CANCELLING], []])
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


def test_what_was_never_committed_is_neither_cancelled_nor_undone() -> None:
    for now in (S.UPLOADED, S.CHECKING, S.READY):
        assert not {S.CANCELLING, S.UNDOING} & ALLOWED[now]


@pytest.mark.parametrize("now", sorted(FINISHED))
def test_tasks_of_a_finished_import_leave_it_as_it_is(now: ImportState) -> None:
    assert may_follow(now, now)
    assert after_failure(now) is now


@pytest.mark.parametrize("now", sorted(WORKING))
def test_all_work_ends_for_better_or_worse(now: ImportState) -> None:
    assert may_follow(now, after_failure(now))
    assert after_failure(now) not in WORKING
    assert _reachable(now) - WORKING


def test_only_work_fails() -> None:
    assert {now for now in S if may_follow(now, S.FAILED)} == WORKING - {S.CANCELLING}


def test_a_cancel_that_fails_never_lets_the_commit_go_on() -> None:
    assert after_failure(S.CANCELLING) is S.CANCELLED
    assert not may_follow(S.CANCELLED, S.COMMITTING)


def test_what_is_undone_stays_undone() -> None:
    assert ALLOWED[S.UNDONE] == frozenset()


def test_work_that_is_counted_is_work() -> None:
    assert COUNTED < WORKING


def test_a_wrong_step_is_never_taken() -> None:
    assert step(S.READY, S.COMMITTING) is S.COMMITTING
    with pytest.raises(WrongStep, match="undone -> committing"):
        step(S.UNDONE, S.COMMITTING)
