from dataclasses import replace

import pytest

from mediafleet.domain.cluster import Connection, Member
from mediafleet.domain.lifecycle import (
    DeletionStrategy,
    Removal,
    Step,
    Timeouts,
    next_deadline,
    next_step,
    removal_of,
)
from mediafleet.domain.media_node import MediaNodeStatus as S
from support.factories import MOMENT, make_member, make_node

TIMEOUTS = Timeouts(launch=60, failed=3600, crash=3, reconnection=20, drain_check=30)
NOW, IF, WHEN = (
    DeletionStrategy.NOW,
    DeletionStrategy.IF_NO_SESSIONS,
    DeletionStrategy.WHEN_NO_SESSIONS,
)


@pytest.mark.parametrize(
    ("member", "now", "step"),
    [
        (make_member(status=S.LAUNCHING), 0, Step.JOIN),
        (make_member(status=S.LAUNCHING), 61, Step.JOIN),
        (make_member(status=S.LAUNCHING, connected=False), 59.9, None),
        (make_member(status=S.LAUNCHING, connected=False), 60, Step.FAIL),
        (make_member(status=S.LAUNCHING, connected=False, since=30), 60, None),
        (make_member(status=S.CANCELED, connected=False), 59, None),
        (make_member(status=S.CANCELED, connected=False), 60, Step.ABANDON),
        (make_member(status=S.CANCELED), 0, Step.ABANDON),
        (make_member(status=S.RUNNING, connected=False, down_since=10), 12.9, None),
        (make_member(status=S.RUNNING, connected=False, down_since=10), 13, Step.REPORT_CRASH),
        (make_member(status=S.RUNNING, connected=False, crashed_since=MOMENT), 19.9, None),
        (make_member(status=S.RUNNING, connected=False, crashed_since=MOMENT), 20, Step.GIVE_UP),
        (make_member(status=S.RUNNING, crashed_since=MOMENT), 9e9, Step.REPORT_RECOVERY),
        (make_member(status=S.RUNNING, crashed_since=MOMENT, lost=1), 0, Step.REPORT_LOST_SESSIONS),
        (make_member(status=S.TERMINATING, lost=1), 0, Step.REPORT_LOST_SESSIONS),
        (make_member(status=S.RUNNING), 9e9, None),
        (make_member(status=S.WAITING_IDLE_TO_TERMINATE, sessions=1), 9e9, None),
        (make_member(status=S.WAITING_IDLE_TO_TERMINATE), 0, Step.END_QUARANTINE),
        (make_member(status=S.WAITING_IDLE_TO_TERMINATE, lost=1), 0, Step.REPORT_LOST_SESSIONS),
        (make_member(status=S.WAITING_IDLE_TO_TERMINATE, connected=False), 2.9, None),
        (make_member(status=S.WAITING_IDLE_TO_TERMINATE, connected=False), 3, Step.REPORT_CRASH),
        (make_member(status=S.WAITING_IDLE_TO_TERMINATE, sessions=1, due=9), 8.9, None),
        (
            make_member(status=S.WAITING_IDLE_TO_TERMINATE, sessions=1, due=9),
            9,
            Step.REACH_DRAIN_DEADLINE,
        ),
        (make_member(status=S.WAITING_IDLE_TO_TERMINATE, due=9), 9, Step.END_QUARANTINE),
        (make_member(status=S.TERMINATING), 0, Step.TERMINATE),
        (make_member(status=S.TERMINATING, uri=None, connected=False), 0, Step.TERMINATE),
        (make_member(status=S.TERMINATING, connected=False, down_since=5), 34.9, None),
        (make_member(status=S.TERMINATING, connected=False, down_since=5), 35, Step.TERMINATE),
        (make_member(status=S.TERMINATING, sessions=2), 9e9, None),
        (make_member(status=S.TERMINATING, sessions=2, evicts_sessions=True), 0, Step.TERMINATE),
        (make_member(status=S.LAUNCHING, uri=None, connected=False), 0, Step.LAUNCH),
        (make_member(status=S.LAUNCHING, uri=None, connected=False, failure="no"), 0, Step.FAIL),
        (make_member(status=S.CANCELED, uri=None, connected=False, failure="no"), 0, Step.ABANDON),
        (make_member(status=S.FAILED), 0, Step.CLEAN_UP),
        (make_member(status=S.FAILED), 3600, Step.FORGET),
        (make_member(status=S.FAILED, removal_requested=True), 0, Step.FORGET),
        (make_member(status=S.FAILED, is_clean=True), 3599, None),
        (make_member(status=S.FAILED, is_clean=True), 3600, Step.FORGET),
        (make_member(status=S.FAILED, is_clean=True, removal_requested=True), 0, Step.FORGET),
        (make_member(status=S.TERMINATED), 9e9, None),
    ],
)
def test_next_step(member: Member, now: float, step: Step | None) -> None:
    assert next_step(member, TIMEOUTS, now) is step


@pytest.mark.parametrize("status", list(S))
def test_a_step_that_time_alone_brings_is_announced_by_a_deadline(status: S) -> None:
    member = make_member(status=status, connected=False, since=5, is_clean=True)
    deadline = next_deadline(member, TIMEOUTS)

    if deadline is None:
        assert next_step(member, TIMEOUTS, 0) is next_step(member, TIMEOUTS, 9e9)
    else:
        assert next_step(member, TIMEOUTS, deadline - 0.1) is None
        assert next_step(member, TIMEOUTS, deadline) is not None


@pytest.mark.parametrize(
    ("status", "sessions", "strategy", "removal"),
    [
        (S.RUNNING, 0, IF, Removal.TERMINATE),
        (S.RUNNING, 0, WHEN, Removal.TERMINATE),
        (S.RUNNING, 0, NOW, Removal.TERMINATE),
        (S.RUNNING, 3, IF, Removal.REFUSE),
        (S.RUNNING, 3, WHEN, Removal.QUARANTINE),
        (S.RUNNING, 3, NOW, Removal.TERMINATE),
        (S.WAITING_IDLE_TO_TERMINATE, 3, IF, Removal.REFUSE),
        (S.WAITING_IDLE_TO_TERMINATE, 3, WHEN, Removal.QUARANTINE),
        (S.WAITING_IDLE_TO_TERMINATE, 3, NOW, Removal.TERMINATE),
        (S.WAITING_IDLE_TO_TERMINATE, 0, IF, Removal.TERMINATE),
        *((S.LAUNCHING, 0, strategy, Removal.CANCEL) for strategy in DeletionStrategy),
        (S.CANCELED, 0, IF, Removal.UNDER_WAY),
        (S.CANCELED, 0, WHEN, Removal.UNDER_WAY),
        (S.CANCELED, 0, NOW, Removal.EVICT),
        (S.TERMINATING, 1, IF, Removal.UNDER_WAY),
        (S.TERMINATING, 1, WHEN, Removal.UNDER_WAY),
        (S.TERMINATING, 1, NOW, Removal.EVICT),
        (S.RUNNING, None, IF, Removal.UNKNOWN),
        (S.RUNNING, None, WHEN, Removal.QUARANTINE),
        (S.RUNNING, None, NOW, Removal.TERMINATE),
        (S.WAITING_IDLE_TO_TERMINATE, None, IF, Removal.UNKNOWN),
        (S.WAITING_IDLE_TO_TERMINATE, None, WHEN, Removal.QUARANTINE),
        *((S.FAILED, 0, strategy, Removal.FORGET_WHEN_CLEAN) for strategy in DeletionStrategy),
    ],
)
def test_removal(
    status: S, sessions: int | None, strategy: DeletionStrategy, removal: Removal
) -> None:
    assert removal_of(make_member(status=status), sessions, strategy) is removal


@pytest.mark.parametrize("strategy", DeletionStrategy)
def test_a_failed_node_of_which_nothing_is_left_is_forgotten_at_once(
    strategy: DeletionStrategy,
) -> None:
    assert removal_of(make_member(status=S.FAILED, is_clean=True), 0, strategy) is Removal.FORGET


def test_a_node_is_asked_to_evict_once() -> None:
    evicting = make_member(status=S.TERMINATING, evicts_sessions=True)

    assert removal_of(evicting, 1, NOW) is Removal.UNDER_WAY


def test_a_node_not_reached_since_the_server_began_has_as_long_as_a_launch() -> None:
    known = make_member(connected=False)
    unknown = replace(known, connection=Connection())
    crashed = replace(unknown, node=make_node(crashed_since=MOMENT))

    assert next_step(known, TIMEOUTS, 3) is Step.REPORT_CRASH
    assert next_step(unknown, TIMEOUTS, 59.9) is None
    assert next_step(unknown, TIMEOUTS, 60) is Step.REPORT_CRASH
    assert next_step(crashed, TIMEOUTS, 59.9) is None
    assert next_step(crashed, TIMEOUTS, 60) is Step.GIVE_UP


def test_the_last_look_at_a_node_not_reached_since_the_server_began_takes_longer() -> None:
    known = make_member(status=S.TERMINATING, connected=False)
    unknown = replace(known, connection=Connection())

    impatient = Timeouts(drain_check=3, first_connection=10)

    assert next_step(known, impatient, 3) is Step.TERMINATE
    assert next_step(unknown, impatient, 9.9) is None
    assert next_step(unknown, impatient, 10) is Step.TERMINATE
    assert next_step(known, Timeouts(drain_check=None), 9e9) is None


def test_after_its_last_drain_check_a_disconnected_node_is_not_waited_for() -> None:
    gone = make_member(status=S.TERMINATING, connected=False, drain_checked=True)
    back = make_member(status=S.TERMINATING, sessions=1, drain_checked=True)

    assert next_step(gone, TIMEOUTS, 0) is Step.TERMINATE
    assert next_step(back, TIMEOUTS, 0) is None


@pytest.mark.parametrize(
    ("due", "crashed", "deadline"), [(2, False, 2), (9, False, 3), (9, True, 9)]
)
def test_the_deadline_of_a_drain_counts_also_while_the_node_is_disconnected(
    due: float, crashed: bool, deadline: float
) -> None:
    member = make_member(
        status=S.WAITING_IDLE_TO_TERMINATE,
        sessions=1,
        connected=False,
        due=due,
        crashed_since=MOMENT if crashed else None,
    )

    assert next_deadline(member, TIMEOUTS) == deadline
    step = Step.REPORT_CRASH if deadline == 3 else Step.REACH_DRAIN_DEADLINE
    assert next_step(member, TIMEOUTS, deadline) is step


def test_without_a_timeout_a_crashed_node_stays() -> None:
    member = make_member(connected=False, crashed_since=MOMENT)
    timeouts = Timeouts(reconnection=None)

    assert next_step(member, timeouts, 9e9) is None
    assert next_deadline(member, timeouts) is None
