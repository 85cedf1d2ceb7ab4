"""One TCP connection of an emulated node: reads when the node can work, writes what it is told."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, cast

from typing_extensions import override
from websockets.frames import CloseCode

from mediafleet.emulator.framing import Framing
from mediafleet.emulator.handshake import (
    END_OF_HEAD,
    MAX_HEAD_BYTES,
    HandshakeAnswer,
    answer_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.emulator.endpoint import Endpoint
    from mediafleet.scheduler import Scheduler, Timer

# How long a client may take to notice that the connection was ended.
_LINGER = 5.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """From accept to close; owned by the event loop and by its endpoint.

    Attributes:
        busy: A reply is on its way that later input has to wait for.
        dead: It takes and gives nothing any more, but stays open, like a peer behind a cut cable.
    """

    __slots__ = (
        "_answer",
        "_ended",
        "_endpoint",
        "_find",
        "_framing",
        "_inbox",
        "_messages",
        "_scheduler",
        "_timer",
        "_transport",
        "busy",
        "dead",
    )

    def __init__(self, find: Callable[[str, str], Endpoint | None], scheduler: Scheduler) -> None:
        """Wait for a client.

        Args:
            find: The endpoint for a local and a peer address; None refuses the connection.
            scheduler: When something is due.
        """
        self._find = find
        self._scheduler = scheduler
        self._transport: asyncio.Transport | None = None
        self._endpoint: Endpoint | None = None
        self._framing: Framing | None = None
        self._timer: Timer | None = None
        self._inbox = b""
        self._answer: HandshakeAnswer | None = None
        self._messages: deque[str] = deque()
        self._ended = False
        self.busy = False
        self.dead = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        local, peer = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        endpoint = self._find(local[0], peer[0]) if local and peer else None
        if endpoint is None or not endpoint.admits:
            self._refuse(self._transport)
            return
        self._endpoint = endpoint
        self._timer = self._scheduler.after(endpoint.settings.handshake_timeout, self._give_up)
        endpoint.attach(self)

    @staticmethod
    def _refuse(transport: asyncio.Transport) -> None:
        """End it by a reset: the nearest to a refused connection a shared listener can do."""
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        endpoint, self._endpoint = self._endpoint, None
        self._transport = None
        if endpoint is not None:
            endpoint.detach(self)

    def _give_up(self) -> None:
        """No complete request came in time; a stopped process does not notice."""
        endpoint = self._endpoint
        if endpoint is None or self.dead:
            return
        if endpoint.works:
            self.drop()
        else:
            self._timer = self._scheduler.after(endpoint.settings.handshake_timeout, self._give_up)

    @override
    def data_received(self, data: bytes) -> None:
        if not (self.dead or self._ended):
            self._inbox = self._inbox + data if self._inbox else data
            self.work()

    def work(self) -> None:
        """Handle what has come in, as far as the endpoint can work; called again when it can."""
        endpoint, transport = self._endpoint, self._transport
        if endpoint is None or transport is None or self._ended:
            return
        while self._has_input:
            if self.busy or not endpoint.works:
                transport.pause_reading()
                endpoint.wait(self)
                return
            if not self._step(endpoint):
                break
        self._flush()
        transport.resume_reading()

    @property
    def _has_input(self) -> bool:
        waiting = self._answer or self._messages or self._inbox
        return bool(waiting) and not (self.dead or self._ended)

    def _step(self, endpoint: Endpoint) -> bool:
        """Handle one message, or the bytes that are there; False if more bytes are needed."""
        if self._answer is not None:
            answer, self._answer = self._answer, None
            self._open(answer)
            return True
        if self._messages:
            endpoint.receive(self, self._messages.popleft())
            return True
        if self._framing is None:
            return self._shake_hands(endpoint)
        data, self._inbox = self._inbox, b""
        self._messages.extend(self._framing.receive(data))
        return bool(self._messages)

    def _shake_hands(self, endpoint: Endpoint) -> bool:
        head, end, rest = self._inbox.partition(END_OF_HEAD)
        if not end and len(head) <= MAX_HEAD_BYTES:
            return False
        if self._timer is not None:
            self._timer.cancel()
        answer = answer_request(head[:MAX_HEAD_BYTES])
        self._inbox = rest
        self._answer = answer
        if endpoint.handshake_delay > 0:
            self.busy = True
            self._timer = self._scheduler.after(endpoint.handshake_delay, self._go_on)
        return True

    def _go_on(self) -> None:
        self.busy = False
        self.work()

    def _open(self, answer: HandshakeAnswer) -> None:
        if self._endpoint is None or self._transport is None:
            return
        self._transport.write(answer.head)
        if answer.path is None:
            self.drop()
            return
        self._framing = Framing(self._endpoint.settings.max_message_bytes)
        if answer.path != self._endpoint.path:
            self._framing.fail(CloseCode.PROTOCOL_ERROR, "Invalid path")
            self._flush()

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent on it."""
        return self._framing is not None and not (self.dead or self._ended)

    def send(self, text: str) -> None:
        """Send a message, if the connection is open."""
        if self._framing is not None and not self.dead:
            self._framing.send(text)
            self._flush()

    def write(self, frame: str | bytes) -> None:
        """Send text as a message, or bytes as they are, without a frame around them."""
        if isinstance(frame, str):
            self.send(frame)
        elif self._transport is not None and not (self.dead or self._ended):
            self._transport.write(frame)

    def _flush(self) -> None:
        transport, endpoint = self._transport, self._endpoint
        if self._framing is None or transport is None or endpoint is None or self._ended:
            return
        if self._messages and self._framing.closing:
            return  # the messages before a Close frame are executed first
        data, ends = self._framing.take_bytes()
        if data:
            transport.write(data)
        if ends:
            self.drop()
        elif transport.get_write_buffer_size() > endpoint.settings.max_unsent_bytes:
            transport.abort()

    def freeze(self) -> None:
        """Stop reading, as a stopped process does; `work()` goes on."""
        if self._transport is not None and not self._ended:
            self._transport.pause_reading()

    def drop(self) -> None:
        """End the connection after what was already sent, without a Close frame of its own.

        What the client still sends is read and thrown away: closing the socket over it would
        reset the connection, and the client might lose what it was sent last.
        """
        transport = self._transport
        if transport is None or self._ended:
            return
        self._ended = True
        if not transport.can_write_eof():
            transport.close()
            return
        transport.write_eof()
        transport.resume_reading()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._scheduler.after(_LINGER, self.abort)

    def abort(self) -> None:
        """End the connection at once; what is still unsent is lost."""
        if self._transport is not None:
            self._transport.abort()
