"""The protocol without I/O, byte by byte."""

from __future__ import annotations

import json
import random

import pytest

from mediafleet.kurento.meeting import Tools
from mediafleet.kurento.protocol import Answer, Event, Fault, Odd, Peer, Result
from mediafleet.kurento.settings import LinkSettings

OUTCOMES: list = []


def request(peer, method="ping", params=None, *, deadline=10.0, told=OUTCOMES):
    return peer.request(method, params or {}, deadline=deadline, on_outcome=told.append)


def test_a_request_is_one_compact_frame_with_an_object_of_parameters():
    peer = Peer(7)
    assert request(peer) == b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{}}'


def test_the_session_is_spelled_out_once_it_is_known():
    peer = Peer(7, session_id="ses")
    frame = request(peer, "invoke", {"object": "o", "operation": "getName"})
    assert frame == (
        b'{"jsonrpc":"2.0","id":7,"method":"invoke",'
        b'"params":{"object":"o","operation":"getName","sessionId":"ses"}}'
    )


def test_a_request_for_another_session_is_not_made_in_this_one():
    peer = Peer(7, session_id="ses")
    frame = request(peer, "closeSession", {"sessionId": ""})
    assert json.loads(frame)["params"] == {"sessionId": ""}
    assert peer.session_id == "ses"


def test_ids_go_on_when_the_connection_and_the_session_are_new():
    peer = Peer(41)
    request(peer)
    peer.forget_calls()
    peer.session_id = "other"
    assert json.loads(request(peer))["id"] == 42


def test_the_first_id_is_random_and_large():
    source = random.Random(7)
    starts = sorted(
        Tools(None, None, source, None, None, None).new_peer().next_id  # type: ignore[arg-type]
        for _ in range(21)
    )
    assert len(set(starts)) == 21
    assert starts[10] > 2**32
    assert starts[-1] < 2**53


def test_an_answer_finds_its_call_whatever_the_order_of_members():
    peer = Peer(1)
    request(peer)
    request(peer)
    answer = peer.receive(b'{"id":2,"jsonrpc":"2.0","result":{"sessionId":"s","value":"pong"}}')
    assert isinstance(answer, Answer)
    assert answer.call.id == 2
    assert answer.outcome == Result({"sessionId": "s", "value": "pong"})
    assert list(peer.calls) == [1]


def test_the_result_of_close_session_is_empty():
    peer = Peer(1)
    request(peer)
    answer = peer.receive(b'{"id":1,"jsonrpc":"2.0","result":null}')
    assert isinstance(answer, Answer)
    assert answer.outcome == Result({})


def test_an_error_is_a_fault_with_a_clean_message():
    peer = Peer(1)
    request(peer)
    answer = peer.receive(
        b'{"error":{"code":40101,"data":{"type":"X"},"message":"no \\u001b[31m"},"id":1}'
    )
    assert isinstance(answer, Answer)
    assert answer.outcome == Fault(40101, "no \\x1b[31m")


@pytest.mark.parametrize("code", ["null", '"x"', "1e+9999", "{}", "true"])
def test_an_error_may_have_a_code_that_is_none(code):
    peer = Peer(1)
    request(peer)
    answer = peer.receive(f'{{"error":{{"code":{code}}},"id":1}}'.encode())
    assert isinstance(answer, Answer)
    assert answer.outcome == Fault(0, "")


@pytest.mark.parametrize("opening", [b"[],", b"{},", b'{"a":[]},'])
def test_a_message_made_of_lists_and_objects_is_not_parsed(opening):
    peer = Peer(1)
    request(peer)
    value = b"[" + opening * 1000 + b"0]"
    assert isinstance(peer.receive(b'{"id":1,"result":{"value":' + value + b"}}"), Odd)
    assert peer.calls


def test_a_long_list_of_pipelines_is_read():
    peer = Peer(1)
    request(peer)
    value = [f"{number:036}_kurento.MediaPipeline" for number in range(8000)]
    frame = json.dumps({"id": 1, "result": {"value": value}}).encode()
    assert len(frame) < LinkSettings().max_message_size
    answer = peer.receive(frame)
    assert isinstance(answer, Answer)
    assert answer.outcome == Result({"value": value})


@pytest.mark.parametrize("size", [10, 5000])
def test_only_a_short_message_is_read_leniently(size):
    peer = Peer(1)
    request(peer)
    incoming = peer.receive(b'{"id":1,"result":{"value":1e+9999,"x":"' + b"x" * size + b'"}}')
    assert isinstance(incoming, Answer if size == 10 else Odd)


def test_infinity_is_read_as_the_media_server_writes_it():
    peer = Peer(1)
    request(peer)
    answer = peer.receive(b'{"id":1,"result":{"value":1e+9999}}')
    assert isinstance(answer, Answer)
    assert answer.outcome == Result({"value": float("inf")})


def test_an_empty_frame_is_nothing():
    assert Peer(1).receive(b"") is None


@pytest.mark.parametrize(
    "frame",
    [
        b" ",
        b"x",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'"text"',
        b"5",
        b"{}",
        b'{"id":1}',
        b'{"id":true,"result":{}}',
        b'{"id":"1","result":{}}',
        b'{"id":1.0,"result":{}}',
        b'{"id":null,"error":{"code":-32600}}',
        b'{"id":2,"result":{}}',
        b'{"id":1,"error":"text"}',
        b'{"id":1,"result":"text"}',
        b'{"id":1,"method":"ping","params":{}}',
        b'{"method":"onEvent"}',
        b'{"method":"onEvent","params":[]}',
        b'{"method":"onEvent","params":{"value":null}}',
        b'{"method":"onEvent","params":{"value":{"type":1,"data":{}}}}',
        b'{"method":"onEvent","params":{"value":{"type":"X","data":[]}}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 100_000,
    ],
)
def test_odd_frames_answer_no_call(frame):
    peer = Peer(1)
    request(peer)
    assert isinstance(peer.receive(frame), Odd)
    assert list(peer.calls) == [1]


def test_an_event_is_what_happened_and_its_data():
    frame = (
        b'{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"data":{"object":"o"},'
        b'"object":"manager_ServerManager","type":"ObjectCreated"}}}'
    )
    assert Peer(1).receive(frame) == Event("ObjectCreated", {"object": "o"})


def test_calls_are_overdue_one_by_one_and_their_late_answers_odd():
    peer = Peer(1)
    request(peer, deadline=5.0)
    request(peer, deadline=3.0)
    assert peer.next_deadline() == 3.0
    assert peer.overdue(2.9) == []
    assert [call.id for call in peer.overdue(3.0)] == [2]
    assert peer.next_deadline() == 5.0
    assert isinstance(peer.receive(b'{"id":2,"result":{}}'), Odd)
    assert [call.id for call in peer.forget_calls()] == [1]
    assert peer.next_deadline() is None
