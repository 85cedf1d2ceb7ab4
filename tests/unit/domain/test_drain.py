from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mediafleet.domain import drain as drains
from mediafleet.domain.cluster import Member, Progress
from mediafleet.domain.drain import AtDeadline, Drain, Limit
from mediafleet.domain.draining import (
    Capacity,
    capacity_without,
    entries_of_deadline,
    entries_of_end,
    entries_of_request,
    progress_of,
)
from mediafleet.domain.entries import EventOnly, Mutation, NodeEntry
from mediafleet.domain.errors import (
    ClusterTooSmallError,
    DrainTooLateError,
    NoDrainError,
    NotDrainableError,
)
from mediafleet.domain.media_node import MediaNodeStatus as S
from support.factories import MOMENT, make_cluster, make_member, make_node, make_session

HALF_AN_HOUR = Limit(1800, AtDeadline.FORCE)
ENOUGH, NOTHING_LEFT = Capacity(2, 60, 31.4), Capacity(0, 0, 10)
LATER = MOMENT + timedelta(seconds=100)
QUARANTINE = S.WAITING_IDLE_TO_TERMINATE


def reported(entries: tuple[NodeEntry, ...]) -> list[str]:
    """The events, in words."""
    words = []
    for each in entries:
        payload = each.event.payload("clu_1")
        words.append(str(payload.get("newStatus") or payload["change"]))
    return words


def drained(at_deadline: AtDeadline, **changes: Any) -> Member:
    drain = drains.begin(Limit(60, at_deadline), at=MOMENT)
    return make_member(**{"status": QUARANTINE, "drain": drain, "due": 60, "sessions": 2} | changes)


def test_a_drain_begins_with_its_limit_and_emits_both_events() -> None:
    entries = entries_of_request(make_member(), HALF_AN_HOUR, ENOUGH, forced=False, at=MOMENT)

    change, note = entries
    assert isinstance(change, Mutation)
    assert isinstance(note, EventOnly)
    assert change.node.drain == Drain(HALF_AN_HOUR, MOMENT + timedelta(minutes=30))
    assert reported(entries) == ["waiting-idle-to-terminate", "limited"]
    assert note.event.payload("clu_1") == {
        "timestamp": 1767323045678,
        "id": "kms_Abcdefg1",
        "change": "limited",
        "deadline": 1800,
        "deadlineTime": 1767323045678 + 1_800_000,
        "atDeadline": "force",
        "extensions": 0,
        "move": False,
        "clusterId": "clu_1",
    }


def test_a_new_limit_takes_the_place_of_the_old_one_and_counts_from_now() -> None:
    member = drained(AtDeadline.EXTEND)

    (limited,) = entries_of_request(member, HALF_AN_HOUR, NOTHING_LEFT, forced=False, at=LATER)
    (unlimited,) = entries_of_request(member, None, NOTHING_LEFT, forced=False, at=LATER)
    plain = make_member(status=QUARANTINE)

    assert isinstance(limited, Mutation)
    assert isinstance(unlimited, Mutation)
    assert limited.node.drain == Drain(HALF_AN_HOUR, LATER + timedelta(minutes=30))
    assert unlimited.node.drain is None
    assert reported((limited, unlimited)) == ["limited", "unlimited"]
    assert limited.node.version == member.node.version + 1
    assert entries_of_request(plain, None, NOTHING_LEFT, forced=False, at=LATER) == ()


def test_a_drain_may_move_calls_and_each_request_says_whether_it_does() -> None:
    first, note = entries_of_request(
        make_member(), None, ENOUGH, forced=False, at=MOMENT, moves_calls=True
    )
    assert isinstance(first, Mutation)
    assert first.node.moves_calls
    assert reported((first, note)) == ["waiting-idle-to-terminate", "unlimited"]
    assert note.event.payload("")["move"] is True

    member = make_member(status=QUARANTINE, moves_calls=True)
    again = entries_of_request(member, None, ENOUGH, forced=False, at=LATER, moves_calls=True)
    assert again == ()
    (waits,) = entries_of_request(member, None, ENOUGH, forced=False, at=LATER)
    assert isinstance(waits, Mutation)
    assert not waits.node.moves_calls
    assert reported((waits,)) == ["unlimited"]
    (running,) = entries_of_end(member, at=LATER)
    assert isinstance(running, Mutation)
    assert not running.node.moves_calls


def test_a_drain_that_is_extended_goes_on_to_move_calls() -> None:
    member = drained(AtDeadline.EXTEND, moves_calls=True)

    (extended,) = entries_of_deadline(member.node, at=LATER)

    assert isinstance(extended, Mutation)
    assert extended.node.moves_calls


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (S.LAUNCHING, NotDrainableError),
        (S.CANCELED, NotDrainableError),
        (S.FAILED, NotDrainableError),
        (S.TERMINATING, DrainTooLateError),
    ],
)
def test_only_a_node_at_work_can_be_drained(status: S, error: type[Exception]) -> None:
    with pytest.raises(error, match="kms_Abcdefg1"):
        entries_of_request(make_member(status=status), None, ENOUGH, forced=True, at=MOMENT)


def test_a_rest_that_is_too_small_refuses_unless_forced() -> None:
    member = make_member()
    tight = Capacity(1, 60, 70)

    with pytest.raises(ClusterTooSmallError, match=r"60 % and would take over 70 %, .* 100 %"):
        entries_of_request(member, None, tight, forced=False, at=MOMENT)
    with pytest.raises(ClusterTooSmallError, match="no other Media Node is running"):
        entries_of_request(member, None, NOTHING_LEFT, forced=False, at=MOMENT)
    assert entries_of_request(member, None, NOTHING_LEFT, forced=True, at=MOMENT)


def test_capacity_counts_who_stays_and_moves_what_all_others_carry() -> None:
    cluster = make_cluster(
        make_member(id="kms_1", load=40),
        make_member(id="kms_2", load=30),
        make_member(id="kms_3", load=20),
        make_member(id="kms_4", load=None),
        make_member(id="kms_5", load=50, status=QUARANTINE),
        make_member(id="kms_6", connected=False),
        make_member(id="kms_7", load=5, status=S.LAUNCHING),
    )

    assert capacity_without(cluster, {"kms_1"}) == Capacity(3, 50, 90)
    assert capacity_without(cluster, {"kms_1", "kms_2"}) == Capacity(2, 20, 120)
    assert capacity_without(cluster, {"kms_1", "kms_2", "kms_3", "kms_4"}).remaining == 0


def test_a_load_that_is_not_known_is_a_full_one_where_there_are_sessions() -> None:
    cluster = make_cluster(
        make_member(id="kms_1", load=None, sessions=1),
        make_member(id="kms_2", load=None, sessions=1),
        make_member(id="kms_3", load=None),
        make_member(id="kms_4", load=None, sessions=1, connected=False),
    )
    assert capacity_without(cluster, {"kms_1", "kms_4"}) == Capacity(2, 100, 100)


@pytest.mark.parametrize(
    ("capacity", "suffices"),
    [
        (Capacity(2, 120, 80), True),
        (Capacity(2, 120, 80.1), False),
        (Capacity(0, 0, 0), False),
        (Capacity(1, 0, 0), True),
    ],
)
def test_the_rest_suffices_up_to_its_full_load(capacity: Capacity, suffices: bool) -> None:
    assert capacity.suffices is suffices


def test_the_deadline_forces_the_end() -> None:
    entries = entries_of_deadline(drained(AtDeadline.FORCE).node, at=LATER)

    assert reported(entries) == ["forced", "terminating"]
    assert isinstance(entries[1], Mutation)
    assert entries[1].node.evicts_sessions


def test_the_deadline_gives_the_drain_up() -> None:
    entries = entries_of_deadline(drained(AtDeadline.ABORT).node, at=LATER)

    assert reported(entries) == ["aborted", "running"]
    assert isinstance(entries[1], Mutation)
    assert entries[1].node.drain is None


def test_the_deadline_comes_again_after_the_same_time_and_says_how_often() -> None:
    node = drained(AtDeadline.EXTEND).node
    for times in (1, 2, 3):
        (change,) = entries_of_deadline(node, at=LATER)
        assert isinstance(change, Mutation)
        node = change.node
        assert node.drain is not None
        assert node.drain.extensions == times
        assert node.drain.deadline == LATER + timedelta(seconds=60)
        assert node.status is QUARANTINE
        assert change.event.payload("clu_1")["extensions"] == times


def test_without_a_limit_there_is_no_deadline() -> None:
    assert entries_of_deadline(make_node(status=QUARANTINE), at=MOMENT) == ()


def test_ending_a_drain_forgets_its_limit() -> None:
    (change,) = entries_of_end(drained(AtDeadline.FORCE), at=LATER)

    assert isinstance(change, Mutation)
    assert (change.node.status, change.node.drain) == (S.RUNNING, None)
    with pytest.raises(NoDrainError, match="running and not being drained"):
        entries_of_end(make_member(), at=LATER)
    with pytest.raises(DrainTooLateError):
        entries_of_end(make_member(status=S.TERMINATING), at=LATER)


@pytest.mark.parametrize(("passed", "left"), [(0, 60), (45, 15), (60, 0), (7200, 0), (-7200, 60)])
def test_after_a_restart_no_clock_prolongs_a_drain_beyond_its_limit(
    passed: float, left: float
) -> None:
    drain = drains.begin(Limit(60, AtDeadline.FORCE), at=MOMENT)

    assert drains.due(drain, at=MOMENT + timedelta(seconds=passed), now=1000) == 1000 + left
    assert drains.due(None, at=MOMENT, now=1000) is None


def test_a_running_process_measures_the_deadline_on_a_clock_that_nobody_sets() -> None:
    drain = drains.begin(Limit(60, AtDeadline.FORCE), at=MOMENT)
    member = make_member().moved(make_node(status=QUARANTINE, drain=drain), at=MOMENT, now=100)
    crashed = replace(member.node, crashed_since=MOMENT)

    after = member.moved(crashed, at=MOMENT + timedelta(hours=1), now=130)

    assert (member.due, after.due) == (160, 160)
    assert progress_of(after, at=LATER, now=130).deadline == LATER + timedelta(seconds=30)


def test_progress_names_who_is_left_oldest_first() -> None:
    old, new = make_session("old"), make_session("new")
    sessions = (replace(new, created_at=LATER), old)
    member = drained(AtDeadline.ABORT)
    member = replace(member, connection=replace(member.connection, sessions=sessions))

    progress = progress_of(member, at=LATER, now=10)

    assert [session.id for session in progress.sessions] == ["old", "new"]
    assert progress.oldest_age == 100
    assert progress.since == MOMENT
    assert progress.deadline == LATER + timedelta(seconds=50)


def eta(member: Member, now: float) -> float | None:
    found = progress_of(member, at=LATER, now=now).eta
    return None if found is None else (found - LATER).total_seconds()


def with_most(member: Member, most: int) -> Member:
    return replace(member, progress=replace(member.progress, most_sessions=most))


def test_the_end_is_expected_at_the_pace_so_far() -> None:
    quarantined = make_member(status=QUARANTINE, sessions=2)

    assert eta(with_most(quarantined, 6), now=40) == 20
    assert eta(with_most(quarantined, 2), now=40) is None
    assert eta(make_member(status=QUARANTINE), now=40) == 0
    assert (
        eta(with_most(make_member(status=QUARANTINE, sessions=2, connected=False), 6), 40) is None
    )


def test_a_forced_end_is_the_latest_and_no_other_deadline_is() -> None:
    assert eta(drained(AtDeadline.FORCE), now=40) == 20
    assert eta(with_most(drained(AtDeadline.FORCE), 6), now=50) == 10
    assert eta(with_most(drained(AtDeadline.FORCE), 20), now=45) == 5
    assert eta(drained(AtDeadline.ABORT), now=40) is None
    assert eta(drained(AtDeadline.EXTEND), now=40) is None


def test_the_end_of_a_machine_is_unknown_while_its_environment_fails() -> None:
    terminating = make_member(status=S.TERMINATING)

    assert eta(terminating, now=40) == 0
    assert (
        eta(replace(terminating, progress=Progress(error="not authorized", failures=1)), now=40)
        is None
    )


def test_a_node_at_work_has_no_progress() -> None:
    with pytest.raises(NoDrainError):
        progress_of(make_member(), at=MOMENT, now=0)
