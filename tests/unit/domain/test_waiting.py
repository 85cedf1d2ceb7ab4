from dataclasses import replace
from typing import Any

import pytest

from mediafleet.domain.cluster import WAITING_STATUSES, Progress
from mediafleet.domain.lifecycle import Timeouts, waiting_members, why_waiting
from mediafleet.domain.media_node import MediaNodeStatus as S
from support.factories import make_cluster, make_member

TIMEOUTS = Timeouts(launch=60, drain_check=30)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (
            {"status": S.LAUNCHING, "uri": None, "connected": False},
            "its machine is being made; it fails in 50 s at the latest",
        ),
        (
            {"status": S.LAUNCHING, "connected": False},
            "it does not answer yet; it fails in 50 s at the latest",
        ),
        (
            {"status": S.CANCELED, "connected": False},
            "its launch is not over yet; it is terminated in 50 s at the latest",
        ),
        (
            {"status": S.WAITING_IDLE_TO_TERMINATE, "sessions": 2},
            "it hosts 2 session(s) and goes when the last one has ended",
        ),
        (
            {"status": S.WAITING_IDLE_TO_TERMINATE},
            "it is being asked whether its last session has ended",
        ),
        (
            {"status": S.WAITING_IDLE_TO_TERMINATE, "sessions": 2, "connected": False},
            "it does not answer, so whether its sessions have ended is not known; it goes when it "
            "says that it hosts none, at last it said 2",
        ),
        (
            {"status": S.TERMINATING, "sessions": 1},
            "it hosts 1 session(s) that began while it was removed; it goes when the last one has "
            "ended, or with deletion-strategy=now",
        ),
        (
            {"status": S.TERMINATING, "sessions": 1, "evicts_sessions": True},
            "its sessions are being ended, then its machine",
        ),
        ({"status": S.TERMINATING}, "its machine is being ended"),
        ({"status": S.TERMINATING, "connected": False, "uri": None}, "its machine is being ended"),
        (
            {"status": S.TERMINATING, "connected": False},
            "it does not answer, so whether a session began while it was removed is not known; it "
            "goes in 20 s at the latest",
        ),
    ],
)
def test_a_waiting_node_says_why_it_waits_and_what_ends_that(
    fields: dict[str, Any], reason: str
) -> None:
    assert why_waiting(make_member(**fields), TIMEOUTS, 10) == reason


def test_one_that_is_waited_for_without_end_names_the_way_out() -> None:
    member = make_member(status=S.TERMINATING, connected=False)

    reason = why_waiting(member, Timeouts(drain_check=None), 10)

    assert reason.endswith("it goes when it says that it hosts none, or with deletion-strategy=now")


@pytest.mark.parametrize("status", sorted(WAITING_STATUSES))
def test_what_the_environment_said_comes_before_anything_else(status: S) -> None:
    member = replace(
        make_member(status=status), progress=Progress(error="not authorized", failures=3)
    )

    assert why_waiting(member, TIMEOUTS, 10) == (
        "the environment failed 3 times and is asked again: not authorized"
    )


def test_every_status_but_running_and_the_last_ones_is_waited_for() -> None:
    members = [make_member(id=f"kms_{number}", status=status) for number, status in enumerate(S)]

    waiting = list(waiting_members(make_cluster(*members), TIMEOUTS, 10))

    assert {each.status for each in waiting} == set(S) - {S.RUNNING, S.FAILED, S.TERMINATED}
    assert all(each.reason and each.since == members[0].node.status_since for each in waiting)
