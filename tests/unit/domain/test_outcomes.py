from dataclasses import replace
from datetime import timedelta

import pytest

from mediafleet.domain.cluster import Connection, Member
from mediafleet.domain.entries import EventOnly, Mutation
from mediafleet.domain.media_node import MediaNodeStatus as S
from mediafleet.domain.outcomes import duplicate_of, entries_of_deduplication, serving_by_age
from support.factories import MOMENT, make_cluster, make_member, make_node


def test_one_media_server_under_two_names_is_a_duplicate() -> None:
    first = make_member(id="kms_A0000001")
    second = make_member(id="kms_A0000002", uri="ws://localhost/kurento")

    assert duplicate_of(second, make_cluster(first, second)) == "kms_A0000001"
    assert duplicate_of(second, make_cluster(second)) is None


def test_a_failed_member_or_an_unknown_server_is_no_duplicate() -> None:
    failed = make_member(id="kms_A0000001", status=S.FAILED)
    second = make_member(id="kms_A0000002")
    unknown = Member(make_node(id="kms_A0000003"), Connection())

    assert duplicate_of(second, make_cluster(failed, second, unknown)) is None
    assert duplicate_of(unknown, make_cluster(failed, second, unknown)) is None


def test_the_eldest_of_duplicates_stays_whatever_the_order() -> None:
    eldest = make_member(id="kms_C", launching_time=MOMENT - timedelta(seconds=1))
    second, third = make_member(id="kms_A"), make_member(id="kms_B", sessions=1)

    assert serving_by_age([third, second, eldest]) == (eldest, second, third)
    assert serving_by_age([second, eldest, third]) == (eldest, second, third)


@pytest.mark.parametrize("status", sorted(set(S) - {S.RUNNING, S.WAITING_IDLE_TO_TERMINATE}))
def test_a_member_that_is_not_serving_or_disconnected_is_never_deduplicated(status: S) -> None:
    absent = replace(make_member(id="kms_A", connected=False))
    other = make_member(id="kms_B", status=status)
    quarantined = make_member(id="kms_C", status=S.WAITING_IDLE_TO_TERMINATE)

    assert serving_by_age([absent, other, quarantined]) == (quarantined,)


def test_a_duplicate_leaves_at_once_and_ends_nothing() -> None:
    younger, eldest = make_member(id="kms_B", sessions=2), make_member(id="kms_A")

    reported, leaving, gone = entries_of_deduplication(younger, eldest, at=MOMENT)

    assert isinstance(reported, EventOnly)
    assert reported.event.payload("clu_1") == {
        "timestamp": 1767323045678,
        "id": "kms_B",
        "uri": younger.node.uri,
        "duplicateOf": "kms_A",
        "reason": "its media server is in the cluster already, as Media Node kms_A",
        "clusterId": "clu_1",
    }
    assert isinstance(leaving, Mutation)
    assert isinstance(gone, Mutation)
    assert not leaving.node.evicts_sessions
    assert [leaving.node.version, gone.node.version] == [2, 3]
    assert gone.node.status is S.TERMINATED
