"""One TCP connection to an emulated node: it reads when the node is ready, and writes replies."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override
from websockets.frames import CloseCode

from mediafleet.emulator.websocket import (
    END_OF_HEAD,
    MAX_HEAD_BYTES,
    Framing,
    HandshakeResponse,
    respond,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.emulator.node import EmulatedNode
    from mediafleet.scheduler import Scheduler, Timer

_HANDSHAKE_TIMEOUT_S: Final = 5.0
_MAX_MESSAGE_BYTES: Final = 32_000_000
# How long a client may take to close a connection that this side has ended.
_LINGER_S: Final = 5.0
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """An accepted connection; it belongs to its node.

    Attributes:
        is_busy: Later input waits until a delayed reply was sent.
        is_cut: It stays open but neither reads nor writes, as if the cable were cut.
    """

    def __init__(
        self, find: Callable[[str, str], EmulatedNode | None], scheduler: Scheduler
    ) -> None:
        """Prepare for a client.

        Args:
            find: Returns the node for a local and a peer address; None refuses the connection.
            scheduler: Runs the timeouts.
        """
        self._find = find
        self._scheduler = scheduler
        self._transport: asyncio.Transport | None = None
        self._node: EmulatedNode | None = None
        self._framing: Framing | None = None
        self._timer: Timer | None = None
        self._inbox = b""
        self._response: HandshakeResponse | None = None
        self._messages: deque[str] = deque()
        self._is_ended = False
        self.is_busy = False
        self.is_cut = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        local, peer = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        node = self._find(local[0], peer[0]) if local and peer else None
        if node is None or not node.accepts_connections:
            self._refuse(self._transport)
            return
        self._node = node
        self._timer = self._scheduler.after(_HANDSHAKE_TIMEOUT_S, self._time_out)
        node.attach(self)

    @staticmethod
    def _refuse(transport: asyncio.Transport) -> None:
        """Reset the connection: a shared listener cannot refuse it."""
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        node, self._node = self._node, None
        self._transport = None
        if node is not None:
            node.detach(self)

    def _time_out(self) -> None:
        """End a connection without a complete request, once the node is ready."""
        node = self._node
        if node is None or self.is_cut:
            return
        if node.is_ready:
            self.end()
        else:
            self._timer = self._scheduler.after(_HANDSHAKE_TIMEOUT_S, self._time_out)

    @override
    def data_received(self, data: bytes) -> None:
        if not (self.is_cut or self._is_ended):
            self._inbox = self._inbox + data if self._inbox else data
            self.process_input()

    def process_input(self) -> None:
        """Process the received input while the node is ready; then wait for it."""
        node, transport = self._node, self._transport
        if node is None or transport is None or self._is_ended:
            return
        while self._has_input:
            if self.is_busy or not node.is_ready:
                transport.pause_reading()
                node.call_when_ready(self)
                return
            if not self._step(node):
                break
        self._flush()
        transport.resume_reading()

    @property
    def _has_input(self) -> bool:
        pending = self._response or self._messages or self._inbox
        return bool(pending) and not (self.is_cut or self._is_ended)

    def _step(self, node: EmulatedNode) -> bool:
        """Process one message or the received bytes; False if more bytes are needed."""
        if self._response is not None:
            response, self._response = self._response, None
            self._open(response)
            return True
        if self._messages:
            node.receive(self, self._messages.popleft())
            return True
        if self._framing is None:
            return self._read_request(node)
        data, self._inbox = self._inbox, b""
        self._messages.extend(self._framing.receive(data))
        return bool(self._messages)

    def _read_request(self, node: EmulatedNode) -> bool:
        head, end, rest = self._inbox.partition(END_OF_HEAD)
        if not end and len(head) <= MAX_HEAD_BYTES:
            return False
        if self._timer is not None:
            self._timer.cancel()
        self._response = respond(head[:MAX_HEAD_BYTES])
        self._inbox = rest
        if node.handshake_delay > 0:
            self.is_busy = True
            self._timer = self._scheduler.after(node.handshake_delay, self._end_delay)
        return True

    def _end_delay(self) -> None:
        self.is_busy = False
        self.process_input()

    def _open(self, response: HandshakeResponse) -> None:
        if self._node is None or self._transport is None:
            return
        self._transport.write(response.head)
        if response.path is None:
            self.end()
            return
        self._framing = Framing(_MAX_MESSAGE_BYTES)
        if response.path != self._node.settings.path:
            self._framing.fail(CloseCode.PROTOCOL_ERROR, "Invalid path")
            self._flush()

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._framing is not None and not (self.is_cut or self._is_ended)

    def send(self, text: str) -> None:
        """Send a message, if the connection is open."""
        if self._framing is not None and not self.is_cut:
            self._framing.send(text)
            self._flush()

    def write(self, frame: str | bytes) -> None:
        """Send text as a message, and bytes unchanged, without a frame around them."""
        if isinstance(frame, str):
            self.send(frame)
        elif self._transport is not None and not (self.is_cut or self._is_ended):
            self._transport.write(frame)

    def _flush(self) -> None:
        transport, node = self._transport, self._node
        if self._framing is None or transport is None or node is None or self._is_ended:
            return
        if self._messages and self._framing.is_closing:
            return  # the messages before a Close frame are processed first
        data, must_end = self._framing.take_bytes()
        if data:
            transport.write(data)
        if must_end:
            self.end()
        elif transport.get_write_buffer_size() > node.settings.max_unsent_bytes:
            transport.abort()

    def pause(self) -> None:
        """Stop reading until `process_input()` is called."""
        if self._transport is not None and not self._is_ended:
            self._transport.pause_reading()

    def end(self) -> None:
        """Send what is queued and the end of the stream, without a Close frame.

        Further input is read and discarded: closing a socket with unread input resets the
        connection, and the client could lose the last bytes sent to it.
        """
        transport = self._transport
        if transport is None or self._is_ended:
            return
        self._is_ended = True
        if not transport.can_write_eof():
            transport.close()
            return
        transport.write_eof()
        transport.resume_reading()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._scheduler.after(_LINGER_S, self.abort)

    def abort(self) -> None:
        """Close the connection at once; unsent bytes are lost."""
        if self._transport is not None:
            self._transport.abort()
