"""One WebSocket to a media server: bytes to messages, within bounds; knows no JSON-RPC.

The framing is that of ``websockets``, without its I/O: the socket is ours from its first byte to
its last, so that giving up at any moment closes it, and a connection costs no task.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol, cast

from typing_extensions import override
from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN

if TYPE_CHECKING:
    from websockets.uri import WebSocketURI

CLOSED_FOR_PROTOCOL = f"it closed the connection with code {CloseCode.PROTOCOL_ERROR.value}"
FLOODED = "it floods the connection: it sends more than may be read of it"

_DATA = {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}

# What one read may bring: more would let a node that sends empty frames hold up all others.
_buffer = memoryview(bytearray(8192))

# What a frame costs at least, in bytes: an empty one takes as long as one of this size.
_FRAME_COST = 256
# A node that sends nothing for so long after reading was resumed has no more to send.
_CAUGHT_UP_S = 0.05

_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.INFO)  # below that it shows every frame, session ids included


class Receiver(Protocol):
    """Receives what happens on a WebSocket; called on the event loop, must not block or raise."""

    def opened(self, websocket: WebSocket) -> None:
        """The handshake is done. Says nothing yet: a wrong path is told after it."""

    def received(self, message: bytes) -> None:
        """A whole message."""

    def charge(self, size: int) -> float:
        """That many bytes were read; for how many seconds no more may be read."""

    def lost(self, reason: str) -> None:
        """No message comes any more; called once, after ``opened``."""


class WebSocket(asyncio.BufferedProtocol):
    """Puts messages together from frames and watches that the peer keeps the rules.

    Args:
        receiver: Called for everything after the handshake.
        uri: For the handshake.
        max_message_size: Bytes; a longer message ends the connection.
        flood_timeout: Seconds after which the connection ends of a peer that sends all the time
            more than may be read.

    Attributes:
        handshake: Done when messages can be sent; fails with what was met instead.
        socket_error: The error of the system that ended the connection, if one did.
    """

    __slots__ = (
        "_behind_since",
        "_flood_timeout",
        "_frames",
        "_has_answered",
        "_library",
        "_max_message_size",
        "_parts",
        "_receiver",
        "_resumed_at",
        "_resumption",
        "_transport",
        "handshake",
        "socket_error",
    )

    def __init__(
        self,
        receiver: Receiver,
        uri: WebSocketURI,
        *,
        max_message_size: int,
        flood_timeout: float,
    ) -> None:
        self._receiver = receiver
        self._flood_timeout = flood_timeout
        self._max_message_size = max_message_size
        self._frames = 0
        self._resumption: asyncio.TimerHandle | None = None
        self._resumed_at = 0.0
        self._behind_since: float | None = None
        self._has_answered = False
        self._parts: bytearray | None = None
        self._transport: asyncio.Transport | None = None
        self.socket_error: str | None = None
        self._library = ClientProtocol(uri, max_size=max_message_size, logger=_library_log)
        self.handshake: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._transport is not None and self._library.state is OPEN

    def send(self, message: bytes) -> None:
        """Send a text message; nothing happens when the connection is gone."""
        if self.is_open:
            self._library.send_text(message)
            self._flush()

    def part(self) -> None:
        """Close the connection as one does when all is well."""
        if self.is_open:
            self._library.send_close(CloseCode.NORMAL_CLOSURE)
            self._flush()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            self._report_lost("it was closed on purpose")

    def end(self, reason: str) -> None:
        """Drop the connection now."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
            self._report_lost(reason)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._library.send_request(self._library.connect())
        self._flush()

    @override
    def get_buffer(self, sizehint: int) -> memoryview:
        return _buffer

    @override
    def buffer_updated(self, nbytes: int) -> None:
        if self._transport is not None:
            self._has_answered = True
            self._frames = 0
            self._library.receive_data(bytes(_buffer[:nbytes]))
            self._follow()
            self._charge(max(nbytes, self._frames * _FRAME_COST))

    @override
    def eof_received(self) -> None:
        if self._transport is not None:
            self._library.receive_eof()
            self._follow()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None and exc is not None:
            self.socket_error = _error_text(exc)
        self.end("the connection was cut")

    @override
    def pause_writing(self) -> None:
        self.end("it does not read what it is sent")

    def _charge(self, size: int) -> None:
        """Stop reading for as long as the peer has sent too much; end it when that goes on."""
        pause = self._receiver.charge(size)
        if not pause or self._transport is None or self._transport.is_closing():
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._behind_since is None or now - self._resumed_at > _CAUGHT_UP_S:
            self._behind_since = now
        if now - self._behind_since > self._flood_timeout:
            self.end(FLOODED)
        elif self._resumption is None:
            self._transport.pause_reading()
            self._resumption = loop.call_later(pause, self._resume)

    def _resume(self) -> None:
        self._resumption = None
        self._resumed_at = asyncio.get_running_loop().time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _follow(self) -> None:
        """See what came of the bytes: frames, answers to them, or the end."""
        self._flush()
        for event in self._library.events_received():
            if self._transport is None:
                return
            if isinstance(event, Frame):
                self._on_frame(event)
            elif self._library.handshake_exc is None:
                self._on_open()
        if self._library.handshake_exc is not None:
            self._refuse(self._library.handshake_exc)
        elif self._library.parser_exc is not None:
            self.end(self._reason_of(self._library.parser_exc))

    def _on_open(self) -> None:
        if not self.handshake.done():
            self.handshake.set_result(None)
        self._receiver.opened(self)

    def _refuse(self, error: Exception) -> None:
        self._fail(error if self._has_answered else ConnectionResetError())
        self.end("the handshake failed")

    def _on_frame(self, frame: Frame) -> None:
        self._frames += 1
        if frame.opcode in _DATA:
            self._on_data(frame)
        elif frame.opcode is Opcode.CLOSE:
            told = f" with code {int.from_bytes(frame.data[:2])}" if frame.data else ""
            self.end(f"it closed the connection{told}")

    def _on_data(self, frame: Frame) -> None:
        if frame.fin and self._parts is None:
            self._receiver.received(bytes(frame.data))
            return
        parts = bytearray() if self._parts is None else self._parts
        parts += frame.data
        self._parts = None if frame.fin else parts
        if frame.fin:
            self._receiver.received(bytes(parts))

    def _report_lost(self, reason: str) -> None:
        """Tell the receiver, or who waits for the handshake when it was not done."""
        if self._resumption is not None:
            self._resumption.cancel()
        if not self.handshake.done():
            self._fail(ConnectionResetError())
        elif not self.handshake.cancelled() and self.handshake.exception() is None:
            self._receiver.lost(reason)

    def _fail(self, error: Exception) -> None:
        """Fail the handshake; nobody may be waiting for it any more, and then it is no news."""
        if not self.handshake.done():
            self.handshake.set_exception(error)
            self.handshake.exception()

    def _reason_of(self, error: Exception) -> str:
        if isinstance(error, PayloadTooBig):
            return f"it sent a message of more than {self._max_message_size} bytes"
        if isinstance(error, EOFError):
            return "the connection was cut"
        return "it broke the WebSocket protocol"

    def _flush(self) -> None:
        for data in self._library.data_to_send():
            if data and self._transport is not None and not self._transport.is_closing():
                self._transport.write(data)


def _error_text(error: Exception) -> str:
    """A system's error in words of ours and of the system, never of the peer."""
    name = type(error).__name__
    told = error.strerror if isinstance(error, OSError) else None
    return f"{name}: {told}" if told else name
