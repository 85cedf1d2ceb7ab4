"""Hostile browsers: each is disconnected with a reason, and no other one waits for it."""

import json
import logging
import re
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketStream

from mediafleet.signalling.websocket import Drop
from support.rpc_browser import Browser, browser, until

pytestmark = pytest.mark.anyio

HANDSHAKE = (
    "GET /openvidu?sessionId=s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Origin: https://elsewhere.example\r\n\r\n"
)
TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 0x1, 0x2, 0x0, 0x8, 0x9, 0xA
ECHO = b'{"jsonrpc":"2.0","id":1,"method":"echo"}'


def frame(payload: bytes = b"", opcode: int = TEXT, *, final: bool = True) -> bytes:
    """One frame of a client, masked with zeros."""
    first = opcode | (0x80 if final else 0)
    if len(payload) < 126:
        head = struct.pack("!BB", first, 0x80 | len(payload))
    elif len(payload) < 1 << 16:
        head = struct.pack("!BBH", first, 0x80 | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, len(payload))
    return head + b"\0\0\0\0" + payload


@asynccontextmanager
async def raw(url: str, receive_buffer: int | None = None) -> AsyncIterator[SocketStream]:
    """Connect without a library that would refuse to misbehave."""
    host, _, port = url.removeprefix("http://").partition(":")
    async with await anyio.connect_tcp(host, int(port)) as stream:
        if receive_buffer is not None:
            stream.extra(anyio.abc.SocketAttribute.raw_socket).setsockopt(1, 8, receive_buffer)
        await stream.send(HANDSHAKE.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += await stream.receive()
        assert head.startswith(b"HTTP/1.1 101 "), head
        yield stream


async def close_code(stream: SocketStream) -> int | None:
    """Read up to the frame that closes and return its code; ``None`` if the server only hung up.

    What it sent last is lost if more of this end was on the way.
    """
    received = b""
    with anyio.fail_after(10):
        try:
            while not (found := re.search(rb"\x88[\x02-\x7d](..)[ -~]*$", received, re.DOTALL)):
                received += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return None
    return int.from_bytes(found[1])


@asynccontextmanager
async def bystander(url: str) -> AsyncIterator[list[float]]:
    """Another browser, which asks all the time: the seconds that its answers took."""
    took: list[float] = []

    async def ask(page: Browser) -> None:
        while True:
            began = anyio.current_time()
            await page.call("echo")
            took.append(anyio.current_time() - began)
            await anyio.sleep(0.02)

    async with browser(url) as page, anyio.create_task_group() as tasks:
        tasks.start_soon(ask, page)
        yield took
        await until(lambda: bool(took))
        tasks.cancel_scope.cancel()


FLOODS = {
    "requests": (frame(ECHO) * 2_000, 1008, Drop.TOO_MANY_MESSAGES),
    "empty texts": (frame() * 40_000, 1008, Drop.TOO_MANY_MESSAGES),
    "pings": (frame(b"", PING) * 40_000, 1008, Drop.TOO_MANY_MESSAGES),
    "pongs": (frame(b"", PONG) * 40_000, 1008, Drop.TOO_MANY_MESSAGES),
    "empty fragments": (
        frame(b"x", TEXT, final=False) + frame(b"", CONTINUATION, final=False) * 40_000,
        1008,
        Drop.TOO_MANY_MESSAGES,
    ),
    "a large frame": (frame(b" " * 65_537), 1009, Drop.TOO_LARGE),
    "a frame that only says it is large": (
        struct.pack("!BBQ", 0x81, 0xFF, 1 << 62) + b"\0\0\0\0",
        1009,
        Drop.TOO_LARGE,
    ),
    "large fragments": (
        frame(b" " * 40_000, TEXT, final=False) + frame(b" " * 40_000, CONTINUATION),
        1009,
        Drop.TOO_LARGE,
    ),
    "no UTF-8": (frame(b'{"\xff\xfe":1}'), 1007, Drop.INVALID),
    "half a character": (frame("ä".encode()[:1]), 1007, Drop.INVALID),
    "a surrogate": (frame(b"\xed\xa0\x80"), 1007, Drop.INVALID),
    "binary": (frame(ECHO, BINARY), 1003, Drop.INVALID),
    "an unknown opcode": (frame(b"", 0x5), 1002, Drop.INVALID),
    "a continuation of nothing": (frame(b"", CONTINUATION), 1002, Drop.INVALID),
    "not masked": (b"\x81\x02{}", 1002, Drop.INVALID),
    "a long ping": (frame(b"x" * 126, PING), 1002, Drop.INVALID),
    "compressed": (bytes([0xC1, 0x80, 0, 0, 0, 0]), 1002, Drop.INVALID),
    "no frames at all": (b"GET / HTTP/1.1\r\n\r\n" * 100, 1002, Drop.INVALID),
}


@pytest.mark.parametrize(("data", "code", "reason"), FLOODS.values(), ids=FLOODS)
async def test_what_no_browser_sends_ends_the_socket_with_a_reason(
    alone: Any, data: bytes, code: int, reason: Drop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with alone() as server, bystander(server.url) as took:
        async with raw(server.url) as stream:
            with anyio.fail_after(5), suppress(anyio.BrokenResourceError):
                await stream.send(data)
            assert await close_code(stream) in ({code} if len(data) < 10_000 else {code, None})
        await until(lambda: server.middleware.sockets == 1)
        assert server.middleware.drops == {reason: 1}
    assert max(took) < 1.0
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


async def test_a_long_text_in_small_fragments_is_one_request(alone: Any) -> None:
    text = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "echo", "params": {"x": "ä" * 30}}, ensure_ascii=False
    )
    data = text.encode()
    pieces = [data[start : start + 9] for start in range(0, len(data), 9)]
    async with alone() as server, raw(server.url) as stream:
        for number, piece in enumerate(pieces):
            opcode = CONTINUATION if number else TEXT
            await stream.send(frame(piece, opcode, final=number == len(pieces) - 1))
            await stream.send(frame(b"between", PING))
        received = b""
        with anyio.fail_after(5):
            while b'"result":{}' not in received:
                received += await stream.receive()


@pytest.mark.parametrize("last", [b"", frame(ECHO)[:20], b"\x81"])
async def test_half_open_sockets_end(alone: Any, last: bytes) -> None:
    async with alone(join_timeout=0.3) as server:
        async with raw(server.url) as stream:
            await stream.send(last)
            assert await close_code(stream) == 1008
        await until(lambda: server.middleware.sockets == 0)
        assert server.signalling.sessions.size == 0


async def test_who_vanishes_is_forgotten(alone: Any) -> None:
    async with alone() as server:
        for _ in range(3):
            async with raw(server.url) as stream:
                await stream.send(frame(ECHO)[:10])
        await until(lambda: server.middleware.sockets == 0 and server.signalling.sessions.size == 0)


async def test_who_does_not_read_is_disconnected_and_delays_nobody(
    alone: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        alone() as server,
        bystander(server.url) as took,
        raw(server.url, receive_buffer=4096),
    ):
        _, session = server.signalling.sessions
        server_side: Any = session.socket
        with anyio.fail_after(10):
            while server_side.is_open:
                session.send(json.dumps({"filler": "x" * 60_000}))
                await anyio.lowlevel.checkpoint()
        assert server.middleware.drops == {Drop.SLOW: 1}
        await until(lambda: server.middleware.sockets == 1)
    assert max(took) < 1.0
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_answers_that_nobody_reads_are_bounded(alone: Any) -> None:
    """Requests whose answers are not read: pings of the protocol, and echoes."""
    async with alone() as server, raw(server.url, receive_buffer=4096) as stream:
        with anyio.move_on_after(1):
            for _ in range(50):
                await stream.send(frame(ECHO) + frame(b"x" * 125, PING))
                await anyio.sleep(0.02)
        for session in server.signalling.sessions:
            assert not session.kept


def test_the_smallest_frames_are_as_small_as_they_can_be() -> None:
    assert len(frame()) == 6


async def test_an_error_of_one_browser_ends_nothing_else(
    alone: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a job in the background raises, the others go on."""

    async def fail() -> None:
        raise ValueError("a bug")

    async with alone() as server, browser(server.url) as page:
        server.signalling.sessions.start(fail, "a job")
        assert await page.call("echo") == {}
        await until(lambda: "background work crashed" in caplog.text)
        assert await page.call("echo") == {}
    assert sum(each.levelno >= logging.ERROR for each in caplog.records) == 1
