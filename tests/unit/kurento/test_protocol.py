from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.clock import AwakeClock, SystemClock
from mediafleet.kurento.protocol import (
    Event,
    Fault,
    InvalidFrame,
    Reply,
    Result,
    RpcSession,
    clean,
    number,
    read_server_info,
    to_datetime,
    to_load,
)
from mediafleet.kurento.settings import LinkSettings
from mediafleet.kurento.shared import LinkContext

OUTCOMES: list = []


def request(session, method="ping", params=None, *, deadline=10.0, outcomes=OUTCOMES):
    return session.request(method, params or {}, deadline=deadline, on_outcome=outcomes.append)


def test_a_request_is_one_compact_frame_with_an_object_of_parameters():
    session = RpcSession(7)
    assert request(session) == b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{}}'


def test_the_session_is_spelled_out_once_it_is_known():
    session = RpcSession(7, session_id="ses")
    frame = request(session, "invoke", {"object": "o", "operation": "getName"})
    assert frame == (
        b'{"jsonrpc":"2.0","id":7,"method":"invoke",'
        b'"params":{"object":"o","operation":"getName","sessionId":"ses"}}'
    )


def test_a_request_for_another_session_is_not_made_in_this_one():
    session = RpcSession(7, session_id="ses")
    frame = request(session, "closeSession", {"sessionId": ""})
    assert json.loads(frame)["params"] == {"sessionId": ""}
    assert session.session_id == "ses"


def test_ids_go_on_when_the_connection_and_the_session_are_new():
    session = RpcSession(41)
    request(session)
    session.take_calls()
    session.session_id = "other"
    assert json.loads(request(session))["id"] == 42


def test_the_first_id_is_random_and_large():
    source, clock = random.Random(7), AwakeClock(SystemClock())
    starts = sorted(
        LinkContext(LinkSettings(), clock, source).new_session().next_id for _ in range(21)
    )
    assert len(set(starts)) == 21
    assert starts[10] > 2**32
    assert starts[-1] < 2**53


def test_an_answer_finds_its_call_whatever_the_order_of_members():
    session = RpcSession(1)
    request(session)
    request(session)
    answer = session.receive(b'{"id":2,"jsonrpc":"2.0","result":{"sessionId":"s","value":"pong"}}')
    assert isinstance(answer, Reply)
    assert answer.call.id == 2
    assert answer.outcome == Result({"sessionId": "s", "value": "pong"})
    assert list(session.calls) == [1]


def test_the_result_of_close_session_is_empty():
    session = RpcSession(1)
    request(session)
    answer = session.receive(b'{"id":1,"jsonrpc":"2.0","result":null}')
    assert isinstance(answer, Reply)
    assert answer.outcome == Result({})


def test_an_error_is_a_fault_with_a_clean_message():
    session = RpcSession(1)
    request(session)
    answer = session.receive(
        b'{"error":{"code":40101,"data":{"type":"X"},"message":"no \\u001b[31m"},"id":1}'
    )
    assert isinstance(answer, Reply)
    assert answer.outcome == Fault(40101, "no \\x1b[31m")


@pytest.mark.parametrize("code", ["null", '"x"', "1e+9999", "{}", "true"])
def test_an_error_may_have_a_code_that_is_none(code):
    session = RpcSession(1)
    request(session)
    answer = session.receive(f'{{"error":{{"code":{code}}},"id":1}}'.encode())
    assert isinstance(answer, Reply)
    assert answer.outcome == Fault(0, "")


@pytest.mark.parametrize("opening", [b"[],", b"{},", b'{"a":[]},'])
def test_a_message_made_of_lists_and_objects_is_not_parsed(opening):
    session = RpcSession(1)
    request(session)
    value = b"[" + opening * 1000 + b"0]"
    assert isinstance(session.receive(b'{"id":1,"result":{"value":' + value + b"}}"), InvalidFrame)
    assert session.calls


def test_a_long_list_of_pipelines_is_read():
    session = RpcSession(1)
    request(session)
    value = [f"{number:036}_kurento.MediaPipeline" for number in range(8000)]
    frame = json.dumps({"id": 1, "result": {"value": value}}).encode()
    assert len(frame) < LinkSettings().max_message_size
    answer = session.receive(frame)
    assert isinstance(answer, Reply)
    assert answer.outcome == Result({"value": value})


@pytest.mark.parametrize("size", [10, 5000])
def test_only_a_short_message_is_read_leniently(size):
    session = RpcSession(1)
    request(session)
    incoming = session.receive(b'{"id":1,"result":{"value":1e+9999,"x":"' + b"x" * size + b'"}}')
    assert isinstance(incoming, Reply if size == 10 else InvalidFrame)


def test_infinity_is_read_as_the_media_server_writes_it():
    session = RpcSession(1)
    request(session)
    answer = session.receive(b'{"id":1,"result":{"value":1e+9999}}')
    assert isinstance(answer, Reply)
    assert answer.outcome == Result({"value": float("inf")})


def test_an_empty_frame_is_nothing():
    assert RpcSession(1).receive(b"") is None


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
    session = RpcSession(1)
    request(session)
    assert isinstance(session.receive(frame), InvalidFrame)
    assert list(session.calls) == [1]


def test_an_event_is_what_happened_and_its_data():
    frame = (
        b'{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"data":{"object":"o"},'
        b'"object":"manager_ServerManager","type":"ObjectCreated"}}}'
    )
    assert RpcSession(1).receive(frame) == Event(
        "ObjectCreated", "manager_ServerManager", {"object": "o"}
    )


def test_calls_are_overdue_one_by_one_and_their_late_replies_invalid():
    session = RpcSession(1)
    request(session, deadline=5.0)
    request(session, deadline=3.0)
    assert session.next_deadline() == 3.0
    assert session.overdue(2.9) == []
    assert [call.id for call in session.overdue(3.0)] == [2]
    assert session.next_deadline() == 5.0
    assert isinstance(session.receive(b'{"id":2,"result":{}}'), InvalidFrame)
    assert [call.id for call in session.take_calls()] == [1]
    assert session.next_deadline() is None


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain text", "plain text"),
        ("naïve 東京", "naïve 東京"),
        ("\x1b[31m\r\n\x00", "\\x1b[31m\\r\\n\\x00"),
        ("a\u202eb\u2028c", "a\\u202eb\\u2028c"),
        ("\ud800", "\\ud800"),
        (5, ""),
        (None, ""),
    ],
)
def test_unsafe_characters_are_escaped(text, cleaned):
    assert clean(text, 100) == cleaned


@given(st.text(), st.integers(0, 50))
def test_texts_are_bounded_printable_and_can_be_encoded(text, limit):
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert cleaned.isprintable()
    assert cleaned.encode().decode() == cleaned


@pytest.mark.parametrize("value", [True, "1", None, [], float("nan"), float("inf"), 10**400, -1e16])
def test_what_is_no_sane_number_is_none(value):
    assert number(value) is None


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("1795348800459", 1, NOW + timedelta(milliseconds=459)),
        (1795348800459, 1, NOW + timedelta(milliseconds=459)),
        (1795348800, 1000, NOW),
        (1795348800.5, 1000, NOW + timedelta(milliseconds=500)),
        ((NOW + timedelta(minutes=59)).timestamp(), 1000, NOW + timedelta(minutes=59)),
        ((NOW + timedelta(minutes=61)).timestamp(), 1000, None),
        (0, 1000, None),
        (-5, 1000, None),
        ("", 1, None),
        ("-1", 1, None),
        ("١٢", 1, None),
        ("9" * 5000, 1, None),
        ("9" * 20, 1, None),
        (1e14, 1000, None),
        (float("inf"), 1000, None),
        (True, 1, None),
        ([], 1, None),
    ],
)
def test_a_moment_is_sane_or_none(value, unit, expected):
    assert to_datetime(value, milliseconds_per_unit=unit, now=NOW) == expected


@given(ANYTHING, st.sampled_from([1, 1000]))
def test_no_value_makes_a_moment_that_is_none(value, unit):
    time = to_datetime(value, milliseconds_per_unit=unit, now=NOW)
    assert time is None or time <= NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("used", "count", "load"),
    [
        (157.44680786132812, 2, 78.72),
        (0, 4, 0.0),
        (0.001, 4, 0.0),
        (250, 2, 100.0),
        (None, 2, None),
        (float("inf"), 2, None),
        (float("nan"), 2, None),
        (-1, 2, None),
        (50, 0, None),
        (50, None, None),
        (50, 10**9, None),
        ("50", 2, None),
    ],
)
def test_load_is_percent_of_the_machine_or_unknown(used, count, load):
    assert to_load(used, count) == load


@given(ANYTHING, ANYTHING)
def test_no_answer_makes_a_load_outside_its_range(used, count):
    load = to_load(used, count)
    assert load is None or 0 <= load <= 100


@given(
    st.one_of(
        ANYTHING,
        st.fixed_dictionaries(
            {},
            optional={
                "version": ANYTHING,
                "capabilities": ANYTHING | st.lists(st.text()),
                "modules": st.lists(
                    st.dictionaries(
                        st.sampled_from(["name", "version", "generationTime", "factories"]),
                        ANYTHING,
                    )
                    | ANYTHING
                ),
            },
        ),
    ),
    ANYTHING,
)
def test_server_info_is_clean_for_any_reply(info, memory):
    server_info = read_server_info(info, memory)
    if server_info is None:
        assert not isinstance(info, dict)
        return
    texts = [server_info.version, *server_info.capabilities]
    for module in server_info.modules:
        texts += [module.name, module.version, module.generation_time, *module.factories]
    assert all(isinstance(text, str) and text.isprintable() and len(text) <= 128 for text in texts)
    assert isinstance(server_info.memory, int)
    assert server_info.memory >= 0


def test_lists_of_server_info_are_bounded():
    module = {"name": "m", "factories": ["f"] * 1000}
    server_info = read_server_info({"modules": [module] * 1000, "capabilities": ["c"] * 1000}, 2048)
    assert server_info is not None
    assert len(server_info.capabilities) == 31
    assert len(server_info.modules) == 64
    assert len(server_info.modules[0].factories) == 256
    assert server_info.memory == 2
