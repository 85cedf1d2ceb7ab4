"""One TCP connection of an emulated node: reads when the node can work, writes what it is told."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, Protocol, cast

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

    from mediafleet.emulator.settings import EmulatorSettings
    from mediafleet.emulator.timetable import Timer, Timetable

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Endpoint(Protocol):
    """What answers at one local address: a node, or the steering desk."""

    @property
    def settings(self) -> EmulatorSettings:
        """Limits of its connections."""

    @property
    def path(self) -> str:
        """The one path of usable connections."""

    @property
    def handshake_delay(self) -> float:
        """Seconds between a complete request and its answer."""

    @property
    def admits(self) -> bool:
        """Whether a new connection is taken at all."""

    @property
    def works(self) -> bool:
        """Whether it can handle input now; if not, `wait` says who is to be called later."""

    def wait(self, connection: Connection) -> None:
        """Have `work()` of a connection called once it works again."""

    def attach(self, connection: Connection) -> None:
        """A connection was taken."""

    def detach(self, connection: Connection) -> None:
        """A connection has ended."""

    def receive(self, connection: Connection, message: str) -> None:
        """Handle a message of a client."""


class Connection(asyncio.Protocol):
    """From accept to close; owned by the event loop and by its endpoint.

    Attributes:
        busy: A reply is on its way that later input has to wait for.
        dead: It takes and gives nothing any more, but stays open, like a peer behind a cut cable.
    """

    __slots__ = (
        "_endpoint",
        "_find",
        "_framing",
        "_inbox",
        "_messages",
        "_timer",
        "_timetable",
        "_transport",
        "busy",
        "dead",
    )

    def __init__(
        self, find: Callable[[str, str], Endpoint | None], timetable: Timetable
    ) -> None:
        """Wait for a client.

        Args:
            find: The endpoint for a local and a peer address; None refuses the connection.
            timetable: When something is due.
        """
        self._find = find
        self._timetable = timetable
        self._transport: asyncio.Transport | None = None
        self._endpoint: Endpoint | None = None
        self._framing: Framing | None = None
        self._timer: Timer | None = None
        self._inbox = b""
        self._messages: deque[str] = deque()
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
        self._timer = self._timetable.after(endpoint.settings.handshake_timeout, self._give_up)
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
            self._timer = self._timetable.after(endpoint.settings.handshake_timeout, self._give_up)

    @override
    def data_received(self, data: bytes) -> None:
        if not self.dead:
            self._inbox = self._inbox + data if self._inbox else data
            self.work()

    def work(self) -> None:
        """Handle what has come in, as far as the endpoint can work; called again when it can."""
        endpoint, transport = self._endpoint, self._transport
        if endpoint is None or transport is None or transport.is_closing():
            return
        while (self._messages or self._inbox) and not self.dead:
            if self.busy or not endpoint.works:
                transport.pause_reading()
                endpoint.wait(self)
                return
            if not self._step(endpoint):
                break
        if not transport.is_closing():
            transport.resume_reading()

    def _step(self, endpoint: Endpoint) -> bool:
        """Handle one message, or the bytes that are there; False if more bytes are needed."""
        if self._messages:
            endpoint.receive(self, self._messages.popleft())
            return True
        if self._framing is None:
            return self._shake_hands(endpoint)
        data, self._inbox = self._inbox, b""
        self._messages.extend(self._framing.receive(data))
        self._flush()
        return bool(self._messages)

    def _shake_hands(self, endpoint: Endpoint) -> bool:
        head, end, rest = self._inbox.partition(END_OF_HEAD)
        if not end and len(head) <= MAX_HEAD_BYTES:
            return False
        if self._timer is not None:
            self._timer.cancel()
        answer = answer_request(head[:MAX_HEAD_BYTES])
        self._inbox = rest
        if endpoint.handshake_delay > 0:
            self.busy = True
            self._timer = self._timetable.after(
                endpoint.handshake_delay, lambda: self._shaken(answer)
            )
        else:
            self._open(answer)
        return True

    def _shaken(self, answer: HandshakeAnswer) -> None:
        self.busy = False
        self._open(answer)
        self.work()

    def _open(self, answer: HandshakeAnswer) -> None:
        if self._endpoint is None or self._transport is None or self.dead:
            return
        self._transport.write(answer.head)
        if answer.path is None:
            self._transport.close()
            return
        self._framing = Framing(self._endpoint.settings.max_message_bytes)
        if answer.path != self._endpoint.path:
            self._framing.fail(CloseCode.PROTOCOL_ERROR, "Invalid path")
            self._flush()

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent on it."""
        return self._framing is not None and not self.dead

    def send(self, text: str) -> None:
        """Send a message, if the connection is open."""
        if self._framing is not None and not self.dead:
            self._framing.send(text)
            self._flush()

    def send_raw(self, data: bytes) -> None:
        """Write bytes as they are, framed or not."""
        if self._transport is not None and not self.dead and not self._transport.is_closing():
            self._transport.write(data)

    def _flush(self) -> None:
        transport, endpoint = self._transport, self._endpoint
        if self._framing is None or transport is None or endpoint is None:
            return
        data, ends = self._framing.take_bytes()
        if data and not transport.is_closing():
            transport.write(data)
        if ends:
            transport.close()
        elif transport.get_write_buffer_size() > endpoint.settings.max_unsent_bytes:
            transport.abort()

    def freeze(self) -> None:
        """Stop reading, as a stopped process does; `work()` goes on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def drop(self) -> None:
        """End the connection without a Close frame, after what was already sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection at once; what is still unsent is lost."""
        if self._transport is not None:
            self._transport.abort()
