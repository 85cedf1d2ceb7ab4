"""One WebSocket to a media server: bytes to messages, within bounds, without JSON-RPC.

The handshake is that of ``websockets``, without its I/O: so the socket is closed whenever a dial is
cancelled, and a connection costs no task. Frames are parsed and made here: the library takes two to
three times the CPU time, and 10 kB for each connection.
"""

from __future__ import annotations

import asyncio
import logging
import os
import struct
from typing import TYPE_CHECKING, Protocol, cast

from typing_extensions import override
from websockets.client import ClientProtocol
from websockets.exceptions import ProtocolError
from websockets.frames import Close, CloseCode, Opcode
from websockets.http11 import Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.uri import WebSocketURI

CLOSED_FOR_PROTOCOL = f"it closed the connection with code {CloseCode.PROTOCOL_ERROR.value}"
FLOODED = "it floods the connection: it sends more than may be read of it"

_HEAD_END = b"\r\n\r\n"
_WHOLE_TEXT = 0x80 | Opcode.TEXT
_FIN, _RESERVED, _OPCODE, _MASKED = 0x80, 0x70, 0x0F, 0x80
_SHORTEST_HEADER = 2
_LONGEST_CONTROL = 125
_KEY_BYTES = 4
# Lengths that stand for a longer one, and how many bytes that takes.
_LENGTH_BYTES = {126: 2, 127: 8}
_BROKEN = "it broke the WebSocket protocol"
_CUT = "the connection was cut"

# Most bytes of one read: with more, a node that sends empty frames would delay all others.
_buffer = memoryview(bytearray(8192))

# Most bytes that the peer has not taken yet; the offers of browsers have up to 32 kB.
_MAX_UNSENT = 1024 * 1024

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
        "_unread",
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
        self._unread: bytearray | None = None
        self._transport: asyncio.Transport | None = None
        self.socket_error: str | None = None
        self._library: ClientProtocol | None = ClientProtocol(uri, logger=_library_log)
        self.handshake: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._transport is not None and self._library is None

    def send(self, message: bytes) -> None:
        """Send a text message; a closed connection discards it."""
        if self.is_open:
            self._write(Opcode.TEXT, message)

    def close(self) -> None:
        """Close the connection with a close frame."""
        if self.is_open:
            self._write(Opcode.CLOSE, Close(CloseCode.NORMAL_CLOSURE, "").serialize())
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
        self._transport.set_write_buffer_limits(high=_MAX_UNSENT)
        if self._library is not None:
            self._library.send_request(self._library.connect())
            self._flush(self._library)

    @override
    def get_buffer(self, sizehint: int) -> memoryview:
        return _buffer

    @override
    def buffer_updated(self, nbytes: int) -> None:
        if self._transport is not None:
            self._has_replied = True
            self._frames = 0
            data = bytes(_buffer[:nbytes])
            if self._library is not None:
                data = self._shake_hands(self._library, data)
            self._read(data)
            self._charge(max(nbytes, self._frames * _FRAME_COST))

    @override
    def eof_received(self) -> None:
        if self._library is None:
            self.abort(_CUT)
        elif self._transport is not None:
            self._library.receive_eof()
            self._process_handshake(self._library)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None and exc is not None:
            self.socket_error = _error_text(exc)
        self.abort(_CUT)

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

    def _shake_hands(self, library: ClientProtocol, data: bytes) -> bytes:
        """Read the reply to the handshake; return the bytes after it."""
        before = self._unread or b""
        seen = before + data
        end = seen.find(_HEAD_END) + len(_HEAD_END)
        head = len(data) if end < len(_HEAD_END) else end - len(before)
        self._unread = bytearray(seen[1 - len(_HEAD_END) :])
        for part in (data[:head], data[head:]):
            if self._library is None or self._transport is None:
                return part
            library.receive_data(part)
            self._process_handshake(library)
        return b""

    def _process_handshake(self, library: ClientProtocol) -> None:
        """Handle the end of the handshake."""
        self._flush(library)
        if library.handshake_exc is not None:
            self._fail(library.handshake_exc if self._has_replied else ConnectionResetError())
            self.abort("the handshake failed")
        elif any(isinstance(event, Response) for event in library.events_received()):
            self._library = self._unread = None
            if not self.handshake.done():
                self.handshake.set_result(None)
            self._receiver.on_open(self)

    def _read(self, data: bytes | bytearray) -> None:
        """Handle the frames that are complete; keep the bytes of the next one."""
        if self._library is not None:
            return
        if self._unread is not None:
            self._unread += data
            data = self._unread
        begin = 0
        while frame := self._whole_frame(data, begin):
            payload, end = frame
            self._on_frame(data[begin], bytes(data[payload:end]))
            begin = end
        if begin == len(data) or self._transport is None:
            self._unread = None
        elif data is self._unread:
            del self._unread[:begin]
        else:
            self._unread = bytearray(data[begin:])

    def _whole_frame(self, data: bytes | bytearray, begin: int) -> tuple[int, int] | None:
        """Return where the payload of a frame begins and ends; ``None`` if it is not complete."""
        payload = begin + _SHORTEST_HEADER
        if payload > len(data) or self._transport is None:
            return None
        head, length = data[begin], data[begin + 1]
        if width := _LENGTH_BYTES.get(length):
            payload += width
            if payload > len(data):
                return None
            length = int.from_bytes(data[payload - width : payload])
        elif length > _LONGEST_CONTROL:  # its highest bit is set: it is masked
            self._refuse(CloseCode.PROTOCOL_ERROR, _BROKEN)
        end = payload + length
        return (payload, end) if self._accepts(head, length) and end <= len(data) else None

    def _accepts(self, head: int, length: int) -> bool:
        """Whether a frame is valid now; the connection is dropped if not."""
        opcode = head & _OPCODE
        parts = self._parts
        if opcode >= Opcode.CLOSE:
            is_valid = opcode <= Opcode.PONG and head & _FIN and length <= _LONGEST_CONTROL
        else:
            is_valid = opcode <= Opcode.BINARY and (opcode == Opcode.CONT) is (parts is not None)
        if not is_valid or head & _RESERVED:
            self._refuse(CloseCode.PROTOCOL_ERROR, _BROKEN)
        elif length + len(parts or b"") > self._max_message_size:
            reason = f"it sent a message of more than {self._max_message_size} bytes"
            self._refuse(CloseCode.MESSAGE_TOO_BIG, reason)
        return self._transport is not None

    def _refuse(self, code: CloseCode, reason: str) -> None:
        self._write(Opcode.CLOSE, Close(code, "").serialize())
        self.abort(reason)

    def _on_frame(self, head: int, data: bytes) -> None:
        self._frames += 1
        if head == _WHOLE_TEXT:
            self._receiver.on_message(data)
            return
        match head & _OPCODE:
            case Opcode.PING:
                self._write(Opcode.PONG, data)
            case Opcode.PONG:
                pass
            case Opcode.CLOSE:
                self._on_close(data)
            case _:
                self._on_data(data, is_last=bool(head & _FIN))

    def _on_data(self, data: bytes, *, is_last: bool) -> None:
        parts = bytearray() if self._parts is None else self._parts
        parts += data
        self._parts = None if is_last else parts
        if is_last:
            self._receiver.on_message(bytes(parts))

    def _on_close(self, data: bytes) -> None:
        try:
            Close.parse(data)
        except (ProtocolError, UnicodeDecodeError):
            self._refuse(CloseCode.PROTOCOL_ERROR, _BROKEN)
            return
        if self._parts is not None:
            self._refuse(CloseCode.PROTOCOL_ERROR, _BROKEN)
            return
        self._write(Opcode.CLOSE, data)
        code = f" with code {int.from_bytes(data[:2])}" if data else ""
        self.abort(f"it closed the connection{code}")

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

    def _write(self, opcode: Opcode, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_masked_frame(opcode, data))

    def _flush(self, library: ClientProtocol) -> None:
        for data in library.data_to_send():
            if data and self._transport is not None and not self._transport.is_closing():
                self._transport.write(data)


def _random_keys() -> Iterator[bytes]:
    """Keys of frames; a call of the system for each would cost more than the masking."""
    while True:
        random = os.urandom(_KEY_BYTES * 1024)
        for begin in range(0, len(random), _KEY_BYTES):
            yield random[begin : begin + _KEY_BYTES]


_keys = _random_keys()


def _masked_frame(opcode: Opcode, data: bytes) -> bytes:
    """Return a whole frame of a client; the library takes three times the CPU time."""
    length = len(data)
    if length <= _LONGEST_CONTROL:
        head = bytes((_FIN | opcode, _MASKED | length))
    elif length < 1 << 16:
        head = struct.pack("!BBH", _FIN | opcode, _MASKED | 126, length)
    else:
        head = struct.pack("!BBQ", _FIN | opcode, _MASKED | 127, length)
    key = next(_keys)
    mask = (key * (length // 4 + 1))[:length]
    masked = int.from_bytes(data, "big") ^ int.from_bytes(mask, "big")
    return b"".join((head, key, masked.to_bytes(length, "big")))


def _error_text(error: Exception) -> str:
    """Return the type of an error and the text of the system, never text of the peer."""
    name = type(error).__name__
    text = error.strerror if isinstance(error, OSError) else None
    return f"{name}: {text}" if text else name
