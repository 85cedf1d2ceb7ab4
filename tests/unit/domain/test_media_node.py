import itertools
from datetime import timedelta

import pytest

from mediafleet.domain.errors import IllegalTransitionError
from mediafleet.domain.media_node import (
    REQUESTABLE,
    TRANSITIONS,
    MediaNodeStatus,
    forget,
    new_media_node,
    transition,
    transition_on_request,
)
from support.factories import MOMENT, make_node

S = MediaNodeStatus
EDGES = {
    ("launching", "running"),
    ("launching", "failed"),
    ("launching", "canceled"),
    ("canceled", "launching"),
    ("canceled", "terminating"),
    ("running", "waiting-idle-to-terminate"),
    ("running", "terminating"),
    ("waiting-idle-to-terminate", "running"),
    ("waiting-idle-to-terminate", "terminating"),
    ("terminating", "terminated"),
}
REQUESTS = {
    ("launching", "canceled"),
    ("canceled", "launching"),
    ("running", "waiting-idle-to-terminate"),
    ("waiting-idle-to-terminate", "running"),
    ("running", "terminating"),
    ("waiting-idle-to-terminate", "terminating"),
}
LATER = MOMENT + timedelta(seconds=5)


@pytest.mark.parametrize(("old", "new"), list(itertools.product(S, S)))
def test_exactly_the_published_moves_are_legal(old: S, new: S) -> None:
    node = make_node(status=old)
    if (old.value, new.value) in EDGES:
        moved, event = transition(node, new, at=LATER)
        assert (moved.status, moved.status_since, moved.version) == (new, LATER, node.version + 1)
        assert (event.old_status, event.new_status, event.id) == (old, new, node.id)
    else:
        with pytest.raises(IllegalTransitionError, match=f"is {old} and cannot become {new}"):
            transition(node, new, at=LATER)


@pytest.mark.parametrize(("old", "new"), list(itertools.product(S, S)))
def test_a_user_may_request_the_documented_transitions_only(old: S, new: S) -> None:
    node = make_node(status=old)
    if (old.value, new.value) in REQUESTS:
        assert transition_on_request(node, new, at=LATER)[0].status is new
    else:
        with pytest.raises(IllegalTransitionError):
            transition_on_request(node, new, at=LATER)


def test_every_requestable_move_exists_in_the_life_cycle() -> None:
    assert all(REQUESTABLE[status] <= TRANSITIONS[status] for status in S)


def test_every_status_is_reached_from_launching() -> None:
    reached, edge = {S.LAUNCHING}, [S.LAUNCHING]
    while edge:
        for status in TRANSITIONS[edge.pop()] - reached:
            reached.add(status)
            edge.append(status)

    assert reached == set(S)


def test_the_first_event_has_no_old_status() -> None:
    node, event = new_media_node("kms_A1234567", at=MOMENT, uri="ws://10.0.0.1/kurento")

    assert node.status is S.LAUNCHING
    assert event.payload("clu_1") == {
        "timestamp": 1767323045678,
        "id": "kms_A1234567",
        "environmentId": None,
        "ip": "10.0.0.1",
        "uri": "ws://10.0.0.1/kurento",
        "newStatus": "launching",
        "oldStatus": None,
        "clusterId": "clu_1",
    }


def test_a_failure_keeps_its_reason_and_frees_the_uri() -> None:
    failed, _ = transition(
        make_node(status=S.LAUNCHING), S.FAILED, at=LATER, reason="no connection"
    )

    assert failed.reason == "no connection"
    assert not failed.holds_its_uri
    assert make_node().holds_its_uri


def test_termination_on_request_evicts_sessions_and_no_other_move_does() -> None:
    assert transition_on_request(make_node(), S.TERMINATING, at=LATER)[0].evicts_sessions
    assert not transition(make_node(), S.TERMINATING, at=LATER)[0].evicts_sessions
    waiting, _ = transition_on_request(make_node(), S.WAITING_IDLE_TO_TERMINATE, at=LATER)
    assert not waiting.evicts_sessions
    canceled, _ = transition_on_request(make_node(status=S.LAUNCHING), S.CANCELED, at=LATER)
    assert not canceled.evicts_sessions


def test_forgetting_states_why_the_node_had_failed() -> None:
    node, event = forget(make_node(status=S.FAILED, reason="unreachable", version=2), at=LATER)

    assert node.version == 3
    assert event.payload("clu_1")["reason"] == "unreachable"
