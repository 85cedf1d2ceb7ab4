"""Frames are read as the ``websockets`` library reads them, however their bytes are cut up."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import WebSocketURI

from mediafleet.kurento.websocket import WebSocket
from support.hostile_servers import frame
from support.kept_transport import KeptTransport

URI = WebSocketURI(False, "node", 8888, "/kurento", "", None, None)
MAX_SIZE = 300
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Received:
    """A receiver that keeps what it is given."""

    def __init__(self):
        self.messages = []
        self.lost_reason = None
        self.is_opened = False

    def on_open(self, websocket):
        self.is_opened = True

    def on_message(self, message):
        self.messages.append(message)

    def on_read(self, size):
        return 0.0

    def on_close(self, reason):
        self.lost_reason = reason


class Connection:
    """A WebSocket over a wire, and the answer to its handshake."""

    def __init__(self):
        self.wire, self.receiver = KeptTransport(), Received()
        self.websocket = WebSocket(self.receiver, URI, max_message_size=MAX_SIZE, flood_timeout=2.0)
        self.websocket.connection_made(self.wire)
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", self.wire.written).group(1)
        self.answer = (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: "
            + base64.b64encode(hashlib.sha1(key + GUID).digest())
            + b"\r\n\r\n"
        )

    def feed(self, data, *, cuts=()):
        edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
        for begin, end in pairwise(edges):
            if begin < end and not self.wire.is_cut:
                self.websocket.get_buffer(-1)[: end - begin] = data[begin:end]
                self.websocket.buffer_updated(end - begin)


def read_by_the_library(data):
    """The messages in these bytes, and how they end: closed by the peer, refused or not at all."""
    library = ClientProtocol(URI, state=State.OPEN, max_size=MAX_SIZE)
    library.receive_data(data)
    messages, parts = [], b""
    for each in library.events_received():
        if each.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            parts += bytes(each.data)
            if each.fin:
                messages.append(parts)
                parts = b""
    if library.parser_exc is not None:
        return messages, "refused"
    return messages, None if library.close_rcvd is None else "closed"


FRAMES = st.one_of(
    st.binary(max_size=MAX_SIZE + 20).map(frame),
    st.builds(
        frame,
        st.binary(max_size=130),
        opcode=st.sampled_from([0, 0, 1, 2, 8, 9, 10, 3, 15]),
        fin=st.booleans(),
        rsv=st.sampled_from([0, 0, 0, 1, 4]),
    ),
    st.sampled_from([1000, 1002, 1005, 3000, 5000]).map(
        lambda code: frame(code.to_bytes(2) + b"bye", opcode=8)
    ),
    st.sampled_from([b"\x81\xfe\x00\x05hello", b"\x81\x7e\x00\x02hi", b"\x81\x85keyshello"]),
)
BEGUN = st.just(b"") | st.binary(max_size=5)


@given(st.lists(FRAMES, max_size=6), BEGUN, st.lists(st.integers(0, 3000), max_size=6))
@settings(max_examples=500)
def test_frames_mean_what_they_mean_to_the_library(frames, begun, cuts):
    async def play():
        data = b"".join(frames) + begun
        connection = Connection()
        connection.feed(connection.answer)
        connection.feed(data, cuts=cuts)
        messages, end = read_by_the_library(data)
        reason = connection.receiver.lost_reason
        assert connection.receiver.messages == messages
        if not begun:  # the library judges a frame later, when it has all come
            assert connection.websocket.is_open == (end is None)
        assert (reason or "").startswith("it closed the connection") == (end == "closed")

    asyncio.run(play())


@pytest.mark.anyio
@given(st.lists(st.integers(0, 300), max_size=4))
async def test_what_follows_the_handshake_in_the_same_read_is_a_frame(cuts):
    connection = Connection()
    connection.feed(connection.answer + frame(b"at once") + frame(b"ping", opcode=9), cuts=cuts)
    assert connection.receiver.is_opened
    assert connection.receiver.messages == [b"at once"]
    assert connection.wire.written.rpartition(b"\r\n\r\n")[2][0] == 0x80 | Opcode.PONG


@pytest.mark.anyio
async def test_a_refusal_with_a_body_opens_nothing_and_reads_no_frame():
    connection = Connection()
    body = frame(b"no message")
    head = f"HTTP/1.1 500 Oops\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    connection.feed(head + body + frame(b"neither"))
    assert not connection.receiver.is_opened
    assert connection.receiver.messages == []
    assert connection.wire.is_cut
    with pytest.raises(Exception, match="HTTP 500"):
        await connection.websocket.handshake


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(b"x", opcode=0), 1002),
        (b"\x81\x81keysx", 1002),
        (frame(b"x", opcode=8), 1002),
        (frame(b"x" * (MAX_SIZE + 1))[:4], 1009),
        (frame(b"x" * 200, fin=False) + frame(b"x" * 200, opcode=0)[:4], 1009),
    ],
    ids=["continuation of nothing", "masked", "half a code", "too long", "too long in parts"],
)
async def test_what_is_not_accepted_is_refused_before_it_has_all_come(sent, code):
    connection = Connection()
    connection.feed(connection.answer)
    written = len(connection.wire.written)
    connection.feed(sent)
    assert connection.wire.is_cut
    close = connection.wire.written[written:]
    assert close[0] == 0x80 | Opcode.CLOSE
    unmasked = bytes(a ^ b for a, b in zip(close[6:8], close[2:4], strict=True))
    assert int.from_bytes(unmasked) == code


@pytest.mark.anyio
@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536])
async def test_a_server_reads_what_is_sent(length):
    connection = Connection()
    connection.feed(connection.answer)
    connection.wire.written = b""
    messages = [bytes([number]) * length for number in (0, 7, 255)]
    for message in messages:
        connection.websocket.send(message)
    server = ServerProtocol(state=State.OPEN)
    server.receive_data(connection.wire.written)
    frames = server.events_received()
    assert [(each.opcode, each.fin, bytes(each.data)) for each in frames] == [
        (Opcode.TEXT, True, message) for message in messages
    ]
    assert server.state is State.OPEN
