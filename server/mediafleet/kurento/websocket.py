"""One WebSocket to a media server: bytes to messages, within bounds, without JSON-RPC.

The framing is that of ``websockets``, without its I/O: so the socket is closed whenever a dial is
cancelled, and a connection costs no task.
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

# Most bytes of one read: with more, a node that sends empty frames would delay all others.
_buffer = memoryview(bytearray(8192))

# Least bytes that a frame counts as: an empty one takes as long as one of this size.
_FRAME_COST = 256
# A node that sends nothing for this long after reading was resumed has no more to send.
_CAUGHT_UP_S = 0.05

_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.INFO)  # below that it shows every frame, session ids included


class Receiver(Protocol):
    """Receives the events of a WebSocket; called on the event loop, must not block or raise."""

    def on_open(self, websocket: WebSocket) -> None:
        """The handshake is done; a server closes a wrong path only after it."""

    def on_message(self, message: bytes) -> None:
        """A whole message."""

    def on_read(self, size: int) -> float:
        """Bytes were read; return the seconds to wait before reading more."""

    def on_close(self, reason: str) -> None:
        """The connection is closed; called once, after ``on_open``."""


class WebSocket(asyncio.BufferedProtocol):
    """Joins frames to messages, and ends the connection of a peer that breaks the protocol.

    Args:
        receiver: Called for everything after the handshake.
        uri: For the handshake.
        max_message_size: Bytes; a longer message ends the connection.
        flood_timeout: Seconds after which the connection of a peer ends that sends more than may be
            read all the time.

    Attributes:
        handshake: Done when messages can be sent; fails with the error.
        socket_error: The error of the system that ended the connection, if one did.
    """

    __slots__ = (
        "_behind_since",
        "_flood_timeout",
        "_frames",
        "_has_replied",
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
        self._has_replied = False
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
        """Send a text message; a closed connection discards it."""
        if self.is_open:
            self._library.send_text(message)
            self._flush()

    def close(self) -> None:
        """Close the connection with a close frame."""
        if self.is_open:
            self._library.send_close(CloseCode.NORMAL_CLOSURE)
            self._flush()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            self._report_lost("it was closed on purpose")

    def abort(self, reason: str) -> None:
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
            self._has_replied = True
            self._frames = 0
            self._library.receive_data(bytes(_buffer[:nbytes]))
            self._process_events()
            self._charge(max(nbytes, self._frames * _FRAME_COST))

    @override
    def eof_received(self) -> None:
        if self._transport is not None:
            self._library.receive_eof()
            self._process_events()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None and exc is not None:
            self.socket_error = _error_text(exc)
        self.abort("the connection was cut")

    @override
    def pause_writing(self) -> None:
        self.abort("it does not read what it is sent")

    def _charge(self, size: int) -> None:
        """Pause reading if the peer has sent too much; drop the connection if that goes on."""
        pause = self._receiver.on_read(size)
        if not pause or self._transport is None or self._transport.is_closing():
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._behind_since is None or now - self._resumed_at > _CAUGHT_UP_S:
            self._behind_since = now
        if now - self._behind_since > self._flood_timeout:
            self.abort(FLOODED)
        elif self._resumption is None:
            self._transport.pause_reading()
            self._resumption = loop.call_later(pause, self._resume)

    def _resume(self) -> None:
        self._resumption = None
        self._resumed_at = asyncio.get_running_loop().time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _process_events(self) -> None:
        """Handle the frames in the bytes that were read, and the end of the connection."""
        self._flush()
        for event in self._library.events_received():
            if self._transport is None:
                return
            if isinstance(event, Frame):
                self._on_frame(event)
            elif self._library.handshake_exc is None:
                self._on_open()
        if self._library.handshake_exc is not None:
            self._fail_handshake(self._library.handshake_exc)
        elif self._library.parser_exc is not None:
            self.abort(self._reason_of(self._library.parser_exc))

    def _on_open(self) -> None:
        if not self.handshake.done():
            self.handshake.set_result(None)
        self._receiver.on_open(self)

    def _fail_handshake(self, error: Exception) -> None:
        self._fail(error if self._has_replied else ConnectionResetError())
        self.abort("the handshake failed")

    def _on_frame(self, frame: Frame) -> None:
        self._frames += 1
        if frame.opcode in _DATA:
            self._on_data(frame)
        elif frame.opcode is Opcode.CLOSE:
            code = f" with code {int.from_bytes(frame.data[:2])}" if frame.data else ""
            self.abort(f"it closed the connection{code}")

    def _on_data(self, frame: Frame) -> None:
        if frame.fin and self._parts is None:
            self._receiver.on_message(bytes(frame.data))
            return
        parts = bytearray() if self._parts is None else self._parts
        parts += frame.data
        self._parts = None if frame.fin else parts
        if frame.fin:
            self._receiver.on_message(bytes(parts))

    def _report_lost(self, reason: str) -> None:
        """Notify the receiver, or fail the handshake if it was not done."""
        if self._resumption is not None:
            self._resumption.cancel()
        if not self.handshake.done():
            self._fail(ConnectionResetError())
        elif not self.handshake.cancelled() and self.handshake.exception() is None:
            self._receiver.on_close(reason)

    def _fail(self, error: Exception) -> None:
        """Fail the handshake; the error is marked as seen, as its waiter may be cancelled."""
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
    """Return the type of an error and the text of the system, never text of the peer."""
    name = type(error).__name__
    text = error.strerror if isinstance(error, OSError) else None
    return f"{name}: {text}" if text else name
