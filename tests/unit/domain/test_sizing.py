from datetime import timedelta

import pytest

from mediafleet.domain.media_node import MediaNodeStatus as S
from mediafleet.domain.sizing import Resizing, resizing
from support.factories import MOMENT, make_cluster, make_member


def members(*statuses: S, sessions: int = 0):
    return [
        make_member(
            id=f"kms_{number}",
            status=status,
            sessions=sessions,
            launching_time=MOMENT + timedelta(seconds=number),
        )
        for number, status in enumerate(statuses)
    ]


@pytest.mark.parametrize("remembered", [None, 1, 3])
def test_what_is_missing_is_launched_whatever_was_wanted_before(remembered: int | None) -> None:
    cluster = make_cluster(*members(S.RUNNING, S.WAITING_IDLE_TO_TERMINATE, S.FAILED))
    assert resizing(cluster, 3, remembered=remembered, began_empty=True) == Resizing(missing=2)


def test_a_launch_that_goes_on_is_not_missing() -> None:
    cluster = make_cluster(*members(S.RUNNING, S.LAUNCHING, S.CANCELED, S.TERMINATING))
    assert resizing(cluster, 2, remembered=2, began_empty=False) == Resizing()


def test_what_is_too_much_stays_while_the_wanted_number_does() -> None:
    assert (
        resizing(make_cluster(*members(*[S.RUNNING] * 5)), 2, remembered=2, began_empty=False)
        == Resizing()
    )


@pytest.mark.parametrize("remembered", [None, 1, 9])
def test_what_is_too_much_leaves_when_the_number_is_new(remembered: int | None) -> None:
    cluster = make_cluster(*members(*[S.RUNNING] * 4))
    assert resizing(cluster, 2, remembered=remembered, began_empty=True).surplus == (
        "kms_3",
        "kms_2",
    )


def test_members_of_before_stay_when_no_number_is_known() -> None:
    cluster = make_cluster(*members(*[S.RUNNING] * 4))
    assert resizing(cluster, 2, remembered=None, began_empty=False) == Resizing()


def test_launches_leave_first_then_idle_nodes_then_young_ones() -> None:
    busy = make_member(id="kms_busy", sessions=3, launching_time=MOMENT + timedelta(hours=1))
    cluster = make_cluster(busy, *members(S.RUNNING, S.RUNNING, S.LAUNCHING))
    assert resizing(cluster, 0, remembered=1, began_empty=False).surplus == (
        "kms_2",
        "kms_1",
        "kms_0",
        "kms_busy",
    )


def test_no_node_is_wanted_and_no_node_is_there() -> None:
    assert resizing(make_cluster(), 0, remembered=None, began_empty=True) == Resizing()
