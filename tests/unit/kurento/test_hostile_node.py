"""For any bytes and values that a node sends, nothing is raised and the sessions stay safe."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.uri import WebSocketURI

from mediafleet.kurento.protocol import RpcSession
from mediafleet.kurento.rpc import MANAGER, RpcConnection
from mediafleet.kurento.session_watcher import SessionWatcher
from mediafleet.kurento.settings import LinkSettings
from mediafleet.kurento.shared import ReadLimit, TokenBucket
from mediafleet.kurento.websocket import FLOODED, WebSocket
from support.factories import StandingClock
from support.hostile_servers import frame
from support.kept_transport import KeptTransport

SAFE = re.compile(r"[A-Za-z0-9_.-]{1,128}")
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PIPELINES = [
    "a_kurento.MediaPipeline",
    "b_kurento.MediaPipeline",
    "\x1b[2J_kurento.MediaPipeline",
    "x" * 500 + "_kurento.MediaPipeline",
    "\ud800_kurento.MediaPipeline",
    "c_kurento.PassThrough",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from([*PIPELINES, "room", "1795383333459", 1795383333, 10**400])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from(["value", "object", "sessionId"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
EVENTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["ObjectCreated", "ObjectDestroyed"]) | VALUES,
        "object": st.just(MANAGER) | VALUES,
        "data": st.fixed_dictionaries(
            {},
            optional={
                "object": st.sampled_from(PIPELINES) | VALUES,
                "objectId": st.sampled_from(PIPELINES) | VALUES,
                "timestampMillis": VALUES,
            },
        )
        | VALUES,
    }
).map(lambda value: {"method": "onEvent", "params": {"value": value}})
ANSWERS = st.tuples(
    st.sampled_from(["result", "error"]),
    VALUES
    | st.fixed_dictionaries({"value": VALUES | st.lists(st.sampled_from(PIPELINES))})
    | st.fixed_dictionaries({"code": VALUES | st.just(40101)}),
)
STEPS = st.one_of(
    st.binary(max_size=40).map(lambda data: ("bytes", data)),
    st.tuples(st.binary(max_size=20), st.integers(0, 15), st.booleans(), st.integers(0, 7)).map(
        lambda f: ("bytes", frame(f[0], opcode=f[1], fin=f[2], rsv=f[3]))
    ),
    st.binary(max_size=40).map(lambda data: ("frame", data)),
    VALUES.map(lambda value: ("frame", json.dumps(value).encode())),
    EVENTS.map(lambda value: ("frame", json.dumps(value).encode())),
    ANSWERS.map(lambda answer: ("answer", answer)),
    st.floats(0, 6).map(lambda seconds: ("wait", seconds)),
)


def plenty():
    return TokenBucket(1e12, 1e12, lambda: 0.0)


class Harness:
    """A connection and its watch, over a wire."""

    def __init__(self, read_limit=None, flood_timeout=2.0):
        bounds = LinkSettings(max_sessions_per_node=4, concurrent_queries=2)
        self.clock = StandingClock()
        self.wire = KeptTransport()
        self.watch = SessionWatcher("kms_A", bounds, self.clock, plenty(), lambda: None)
        self.rpc = RpcConnection(
            RpcSession(1),
            self.clock,
            max_waiting=16,
            read_limit=read_limit or ReadLimit(plenty(), plenty()),
            on_event=self.watch.on_event,
        )
        self.websocket = WebSocket(
            self.rpc,
            WebSocketURI(False, "node", 8888, "/kurento", "", None, None),
            max_message_size=5000,
            flood_timeout=flood_timeout,
        )
        self.websocket.connection_made(self.wire)
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", self.wire.written).group(1)
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        self.feed(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        assert self.websocket.is_open
        self.watch.start(self.rpc)
        self.rpc.call("connect", {}, lambda _: None, timeout_s=5)
        self.feed(frame(b'{"id":1,"result":{"sessionId":"s"}}'))

    def feed(self, data):
        if not self.wire.is_cut:
            self.websocket.get_buffer(-1)[: len(data)] = data
            self.websocket.buffer_updated(len(data))

    def answer(self, kind, value):
        for call_id in sorted(self.rpc.session.calls)[:1]:
            reply = {"id": call_id, "jsonrpc": "2.0", kind: value}
            self.feed(frame(json.dumps(reply).encode()))

    def step(self, kind, what):
        match kind:
            case "bytes":
                self.feed(what)
            case "frame":
                self.feed(frame(what))
            case "answer":
                self.answer(*what)
            case "wait":
                self.clock.seconds += what
                self.rpc.check_deadlines(self.clock.monotonic())
        self.watch.work()

    def emit(self, kind, **data):
        value = {"type": kind, "object": MANAGER, "data": data}
        event = {"method": "onEvent", "params": {"value": value}}
        self.feed(frame(json.dumps(event).encode()))

    def check(self):
        sessions = self.watch.cache.sessions()
        assert len(sessions) <= 4
        assert len({session.id for session in sessions}) == len(sessions)
        for session in sessions:
            assert SAFE.fullmatch(session.id)
            assert SAFE.fullmatch(session.object_id)
            assert session.created_at <= datetime(2026, 11, 22, 1, tzinfo=UTC)
        assert len(self.rpc.session.calls) <= 16
        planned = [object_id for _, object_id, _ in self.watch._queries]
        assert len(set(planned)) == len(planned) <= 2 * 4 + 1


@given(st.lists(STEPS, max_size=30))
@settings(max_examples=200)
def test_no_sequence_of_frames_breaks_the_link_or_the_cache(steps):
    async def play():
        harness = Harness()
        listing = asyncio.ensure_future(harness.watch.list_pipelines(harness.rpc))
        for kind, what in steps:
            harness.step(kind, what)
            await asyncio.sleep(0)
            harness.check()
        harness.websocket.connection_lost(None)
        await asyncio.gather(listing, return_exceptions=True)
        assert harness.rpc.session.calls == {}
        assert harness.rpc.close_reason.isprintable()
        result = listing.exception()
        assert result is None or type(result).__name__ == "UnreachableMediaServerError"

    asyncio.run(play())


@pytest.mark.anyio
@pytest.mark.parametrize("prefix", ["", "{}"], ids=["one pipeline", "many pipelines"])
async def test_questions_about_pipelines_that_come_and_go_are_bounded(prefix):
    harness = Harness()
    for number in range(100):
        pipeline = prefix.format(number) + PIPELINES[0]
        harness.emit("ObjectCreated", object=pipeline)
        harness.emit("ObjectDestroyed", objectId=pipeline)
        harness.check()
    harness.emit("ObjectCreated", object=PIPELINES[0])
    harness.step("wait", 1)
    assert harness.watch._in_flight == {PIPELINES[0]}
    assert len(harness.rpc.session.calls) == 3, "getName, getCreationTime and unref"


@pytest.mark.anyio
async def test_while_a_listing_is_under_way_nothing_is_kept_that_is_no_pipeline():
    harness = Harness()
    window = harness.watch.cache.open_window()
    harness.emit("ObjectDestroyed", objectId="x" * 4000)
    harness.emit("ObjectDestroyed", objectId="x" * 2000 + PIPELINES[0])
    harness.emit("ObjectDestroyed", objectId=PIPELINES[0])
    assert window.destroyed == {PIPELINES[0]}


def slow(rate=1000.0):
    """ReadLimit of a node that has no share of its own."""
    now = asyncio.get_running_loop().time
    return ReadLimit(TokenBucket(1e-9, 0, now), TokenBucket(rate, 2000, now))


@pytest.mark.anyio
@pytest.mark.parametrize(
    "sent", [frame(b"x" * 4000), frame(b"") * 20, frame(b"", opcode=9) * 20], ids=len
)
async def test_a_node_that_sends_too_much_is_read_again_after_a_pause(sent):
    harness = Harness(slow(rate=100_000.0))
    harness.feed(sent)
    assert harness.wire.is_paused
    while harness.wire.is_paused:  # there is no event for it
        await asyncio.sleep(0.001)
    assert harness.websocket.is_open


@pytest.mark.anyio
async def test_a_node_that_sends_too_much_all_the_time_is_cut_off():
    harness = Harness(slow(rate=100_000.0), flood_timeout=0.05)
    while not harness.wire.is_cut:
        if harness.wire.is_paused:
            await asyncio.sleep(0.001)
        else:
            harness.feed(frame(b"x" * 4000))
    assert harness.rpc.close_reason == FLOODED


@pytest.mark.anyio
async def test_nothing_is_resumed_on_a_connection_that_is_gone():
    harness = Harness(slow(rate=100_000.0))
    harness.feed(frame(b"x" * 4000))
    harness.websocket.abort("for a test")
    await asyncio.sleep(0.05)
    assert harness.wire.is_paused
