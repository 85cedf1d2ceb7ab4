from datetime import timedelta
from typing import Any

import pytest

from mediafleet.domain.cluster import Member
from mediafleet.domain.lifecycle import Step, Timeouts, may_be_ended, next_step
from mediafleet.domain.lost_machines import (
    conflicts_with_launch,
    conflicts_with_listing,
    members_to_look_up,
)
from mediafleet.domain.machines import Machine, missing
from mediafleet.domain.media_node import MediaNodeStatus
from support.factories import MOMENT, make_cluster, make_member, make_node

S = MediaNodeStatus
URI = "ws://10.0.0.7:8888/kurento"
NEW = Machine("i-new", "WS://10.0.0.7:8888/kurento", "kms_new")


def old(**fields: Any) -> Member:
    given = {"id": "kms_old", "uri": URI, "environment_id": "i-old", "connected": False, **fields}
    return make_member(**given)


def successor(after: float) -> Member:
    """A member that was launched some seconds after the other one was last connected."""
    return make_member(
        id="kms_new",
        status=S.LAUNCHING,
        uri=None,
        environment_id=None,
        connected=False,
        launching_time=MOMENT + timedelta(seconds=after),
    )


@pytest.mark.parametrize(
    ("member", "is_in_conflict"),
    [
        (old(), True),
        (old(status=S.TERMINATING), True),
        (old(connected=True), False),
        (old(environment_id="i-new"), False),
        (old(environment_id=None), False),
        (old(uri="ws://10.0.0.8:8888/kurento"), False),
        (old(status=S.FAILED), False),
    ],
)
def test_a_launch_has_an_address_conflict_with_members_not_connected_before(
    member: Member, is_in_conflict: bool
) -> None:
    new = successor(after=1)
    assert bool(conflicts_with_launch(make_cluster(member, new), new, NEW)) == is_in_conflict


def test_a_link_made_after_the_launch_leads_to_the_new_machine() -> None:
    new = successor(after=-1)
    member = old(connected=True)
    assert conflicts_with_launch(make_cluster(member, new), new, NEW) == (member,)


def test_a_listing_has_an_address_conflict_with_members_whose_machine_it_lacks() -> None:
    lost, elsewhere = old(), Machine("i-old", "ws://10.0.0.8:8888/kurento")
    assert conflicts_with_listing(make_cluster(lost), NEW, [NEW]) == (lost,)
    assert conflicts_with_listing(make_cluster(lost), NEW, [NEW, elsewhere]) == ()
    assert conflicts_with_listing(make_cluster(old(connected=True)), NEW, [NEW]) == ()


def test_a_member_without_a_machine_leaves_at_once() -> None:
    never = Timeouts(crash=60, reconnection=None)
    crashed = old(gone=True, crashed_since=MOMENT)
    assert next_step(old(gone=True), never, now=0) is Step.REPORT_CRASH
    assert next_step(crashed, never, now=0) is Step.GIVE_UP
    assert may_be_ended(old(gone=True, status=S.TERMINATING))


@pytest.mark.parametrize(
    ("changes", "is_missing"),
    [
        ({}, True),
        ({"environment_id": "7-77"}, False),
        ({"id": "kms_A0000002"}, False),
    ],
)
def test_a_machine_is_missing_when_neither_it_nor_its_node_is_listed(
    changes: dict[str, Any], is_missing: bool
) -> None:
    node = make_node(**{"id": "kms_A0000001", "environment_id": "1-11"} | changes)
    machines = [
        Machine("7-77", "ws://127.64.1.1/kurento", "kms_A0000007"),
        Machine("8-88", "ws://127.64.1.2/kurento", "kms_A0000002"),
    ]

    assert missing([node], machines) == ({node.id} if is_missing else frozenset())


@pytest.mark.parametrize(
    ("changes", "sees_every_end", "is_judged"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"status": S.WAITING_IDLE_TO_TERMINATE}, True, True),
        ({"status": S.TERMINATING}, True, True),
        ({"status": S.TERMINATING}, False, True),
        ({"status": S.TERMINATING, "environment_id": None}, True, False),
        ({"environment_id": None}, True, False),
        ({"status": S.LAUNCHING}, True, False),
        ({"status": S.FAILED}, True, False),
    ],
)
def test_serving_members_are_checked_where_every_end_is_seen_and_leaving_ones_everywhere(
    changes: dict[str, Any], sees_every_end: bool, is_judged: bool
) -> None:
    member = make_member(**{"environment_id": "1-11"} | changes)

    judged = members_to_look_up(make_cluster(member), sees_every_end=sees_every_end)

    assert judged == ((member,) if is_judged else ())
