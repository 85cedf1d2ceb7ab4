"""The UDP port of one node: datagrams from the peers of its WebRTC sessions, and to them."""

from __future__ import annotations

import asyncio
import secrets
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mediafleet.emulator.media.sdp import LocalParameters, write_answer
from mediafleet.emulator.media.session import TICK_S, WebRtcSession
from mediafleet.emulator.media.stun import binding_response, parse_binding_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.clock import Clock
    from mediafleet.emulator.media.dtls import Certificate
    from mediafleet.emulator.media.sdp import Offer
    from mediafleet.emulator.media.session import Address, Observer
    from mediafleet.scheduler import Scheduler, Timer

_MAX_DATAGRAM_BYTES: Final = 2048
_DATAGRAMS_AT_ONCE: Final = 64
_RECEIVE_BUFFER_BYTES: Final = 1 << 20
_FIRST_DTLS, _FIRST_RTP, _END_OF_RTP = 20, 128, 192
_MAX_ADDRESSES: Final = 16
_MAX_UNKNOWN_PER_TICK: Final = 2000
_NTP_UNIX_S: Final = 2_208_988_800


class SocketError(Exception):
    """The UDP port of a node cannot be opened; the text is the reason."""


class MediaPort:
    """The UDP socket of one node, open while there are sessions.

    It uses callbacks of the event loop and no tasks. Datagrams reach a session only from addresses
    that have proved to know the password of its answer; all others are dropped.

    Attributes:
        sessions: The sessions by user fragment.
        is_paused: The node hangs: nothing is received or sent, and the kernel drops what is too
            much.
    """

    def __init__(
        self,
        address: str,
        *,
        clock: Clock,
        scheduler: Scheduler,
        on_events: Callable[[], None],
    ) -> None:
        """Prepare the port of a node.

        Args:
            address: The IPv4 address of the node.
            clock: Source of time.
            scheduler: Runs the tick of each second.
            on_events: Called after the network caused events of media objects.
        """
        self.sessions: dict[str, WebRtcSession] = {}
        self.is_paused = False
        self._address = address
        self._clock = clock
        self._scheduler = scheduler
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_events = on_events
        self._socket: socket.socket | None = None
        self._certificate: Certificate | None = None
        self._by_address: dict[Address, WebRtcSession] = {}
        self._tick: Timer | None = None
        self._unknown = 0

    @property
    def address(self) -> Address:
        """Where it listens."""
        if self._socket is None:
            return (self._address, 0)
        host, port = self._socket.getsockname()
        return (str(host), int(port))

    @property
    def now(self) -> float:
        """The monotonic time."""
        return self._clock.monotonic()

    def open(self, offer: Offer, observer: Observer) -> WebRtcSession:
        """Start a session for an offer.

        Raises:
            SocketError: The port cannot be opened.
            InvalidSdpError: The offer cannot be answered.
        """
        from mediafleet.emulator.media.dtls import Certificate, SecureTransport  # noqa: PLC0415  # extra

        if self._certificate is None:
            self._certificate = Certificate(self._clock.now())
        local = LocalParameters(
            session_id=int(self._clock.now().timestamp()) + _NTP_UNIX_S,
            cname=f"user{secrets.randbelow(2**31)}@host-{secrets.token_hex(4)}",
            ufrag=secrets.token_hex(4),
            password=secrets.token_hex(12),
            fingerprint=self._certificate.fingerprint,
            ssrcs={kind: secrets.randbelow(2**32 - 1) + 1 for kind in ("audio", "video")},
        )
        answer = write_answer(offer, local)
        self._listen()
        transport = SecureTransport(self._certificate, offer.fingerprints)
        session = WebRtcSession(self, offer, local, answer, transport, observer)
        self.sessions[local.ufrag] = session
        return session

    def _listen(self) -> None:
        if self._socket is not None:
            return
        try:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        except OSError as error:
            raise SocketError(f"no UDP socket: {error.strerror}") from error
        try:
            opened.setblocking(False)  # noqa: FBT003  # the only way
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
            opened.bind((self._address, 0))
        except OSError as error:
            opened.close()
            raise SocketError(f"no UDP port on {self._address}: {error.strerror}") from error
        self._socket = opened
        self._loop = asyncio.get_running_loop()
        if not self.is_paused:
            self._loop.add_reader(opened, self._receive)
        self._tick = self._scheduler.after(TICK_S, self._run_tick)

    def pause(self) -> None:
        """Neither receive nor send until `resume`."""
        self.is_paused = True
        if self._socket is not None and self._loop is not None:
            self._loop.remove_reader(self._socket)

    def resume(self) -> None:
        """Receive again, what the kernel has kept first."""
        self.is_paused = False
        if self._socket is not None and self._loop is not None:
            self._loop.add_reader(self._socket, self._receive)

    def close(self) -> None:
        """End all sessions and close the socket."""
        for session in list(self.sessions.values()):
            session.close()
        self._close_socket()

    def _close_socket(self) -> None:
        opened, self._socket = self._socket, None
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        if opened is not None and self._loop is not None:
            self._loop.remove_reader(opened)
            opened.close()

    def forget(self, session: WebRtcSession) -> None:
        """Remove a session; without any the socket is closed."""
        self.sessions.pop(session.local.ufrag, None)
        for address in session.addresses:
            if self._by_address.get(address) is session:
                del self._by_address[address]
        if not self.sessions:
            self._close_socket()

    def send(self, data: bytes, address: Address) -> None:
        """Send a datagram; it is lost if the kernel cannot take it."""
        if self._socket is not None and not self.is_paused:
            with suppress(OSError):
                self._socket.sendto(data, address)

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run a callback later; if the node hangs then, what it sends is lost."""
        return self._scheduler.after(seconds, callback)

    def _receive(self) -> None:
        for _ in range(_DATAGRAMS_AT_ONCE):
            if self._socket is None or self.is_paused:
                break
            try:
                data, address = self._socket.recvfrom(_MAX_DATAGRAM_BYTES)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:  # a peer's port is closed; the error of an earlier datagram
                continue
            if data:
                self._dispatch(data, address)
        self._on_events()

    def _dispatch(self, data: bytes, address: Address) -> None:
        first = data[0]
        if first < _FIRST_DTLS:
            self._receive_stun(data, address)
            return
        session = self._by_address.get(address)
        if session is None or not session.takes_packet():
            return
        if _FIRST_RTP <= first < _END_OF_RTP:
            session.receive_media(data)
        elif first < _FIRST_RTP:
            session.receive_dtls(data, address)

    def _receive_stun(self, data: bytes, address: Address) -> None:
        self._unknown += 1
        if self._unknown > _MAX_UNKNOWN_PER_TICK:
            return
        request = parse_binding_request(data)
        if request is None:
            return
        session = self.sessions.get(request.username.partition(":")[0])
        if session is None or request.username != session.username:
            return
        password = session.local.password.encode()
        if not request.is_authentic(password):
            return
        self._unknown -= 1
        if self._by_address.get(address) is not session:
            self._add_address(session, address)
        session.check(address, nominates=request.nominates)
        self.send(binding_response(request.transaction, address, password), address)

    def _add_address(self, session: WebRtcSession, address: Address) -> None:
        if len(session.addresses) >= _MAX_ADDRESSES:
            oldest = next(other for other in session.addresses if other != session.address)
            del session.addresses[oldest]
            self._by_address.pop(oldest, None)
        session.addresses[address] = None
        self._by_address[address] = session

    def _run_tick(self) -> None:
        self._tick = self._scheduler.after(TICK_S, self._run_tick)
        if self.is_paused:
            return
        self._unknown = 0
        for session in list(self.sessions.values()):
            session.tick()
        self._on_events()
