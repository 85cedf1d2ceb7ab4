"""One WebRTC session: the packets of a peer are decrypted, counted, and sent to linked sessions.

Nothing is decoded. Each receiver gets the packets under its own sources and payload types.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from mediafleet.emulator.media import rtp
from mediafleet.emulator.media.tracks import IncomingTrack, OutgoingTrack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from mediafleet.emulator.media.dtls import SecureTransport
    from mediafleet.emulator.media.port import MediaPort
    from mediafleet.emulator.media.rtp import RtcpPacket, RtpPacket
    from mediafleet.emulator.media.sdp import Codec, LocalParameters, Offer
    from mediafleet.scheduler import Timer

    Address: TypeAlias = tuple[str, int]

TICK_S: Final = 1.0
KEY_FRAME_INTERVAL_S: Final = 0.3
"""Shortest time between two requests for a key frame; browsers answer no more often."""

_HANDSHAKE_TICKS: Final = 30
_FLOW_TICKS: Final = 2
_RTCP_TICKS: Final = 25
_MAX_SOURCES: Final = 4
_MAX_RTCP_SENDERS: Final = 8
_MAX_CANDIDATES: Final = 64
_MAX_PACKETS_PER_TICK: Final = 5000
_MAX_HANDSHAKE_DATAGRAMS: Final = 200
_UNLIMITED_BPS: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class Route:
    """Where the packets of a kind go.

    Attributes:
        session: The receiving session.
        track: Its source of that kind.
        payload_types: Its payload types by those of the sender; packets of others are dropped.
    """

    session: WebRtcSession
    track: OutgoingTrack
    payload_types: Mapping[int, int]


class Observer(Protocol):
    """Is called with what happens to a session."""

    def on_check(self) -> None:
        """The first authentic binding request arrived."""

    def on_selected(self, candidate: str) -> None:
        """A pair with this candidate of the peer is used from now on."""

    def on_connected(self) -> None:
        """The DTLS handshake is complete."""

    def on_media(self, *, is_active: bool) -> None:
        """RTCP begins to arrive, or has not arrived for a long time."""

    def on_flow(self) -> None:
        """Packets of a kind begin to arrive, or have not arrived for some seconds."""


@dataclass(slots=True, eq=False)
class WebRtcSession:
    """The connection of one WebRtcEndpoint to its peer, from the offer to the end.

    Attributes:
        port: The port that it shares with others.
        offer: The offer of the peer.
        local: What the answer says about this side.
        answer: The answer.
        addresses: All addresses of the peer that were checked, oldest first (a dict for its order).
        is_connected: The DTLS handshake was completed; an end by the peer does not change it.
        address: Where the peer receives: the nominated address, before that the first one that was
            checked; None before.
        incoming: The tracks that the peer sends, by source.
        outgoing: The tracks that it receives, by kind.
        flowing: The kinds of which packets arrive.
        max_bitrate: The bits per second of video that the peer may send; 0 is no limit.
    """

    port: MediaPort
    offer: Offer
    local: LocalParameters
    answer: str
    _transport: SecureTransport
    _observer: Observer
    address: Address | None = None
    addresses: dict[Address, None] = field(default_factory=dict)
    is_connected: bool = False
    incoming: dict[int, IncomingTrack] = field(default_factory=dict)
    outgoing: dict[str, OutgoingTrack] = field(default_factory=dict)
    flowing: set[str] = field(default_factory=set)
    max_bitrate: int = 0
    _routes: dict[str, list[Route]] = field(default_factory=dict)
    _upstream: dict[str, WebRtcSession] = field(default_factory=dict)
    _kinds: dict[int, tuple[str, int]] = field(default_factory=dict)
    _candidates: deque[str] = field(default_factory=lambda: deque(maxlen=_MAX_CANDIDATES))
    _is_closed: bool = False
    _has_rtcp: bool = False
    _rtcp_senders: set[bytes] = field(default_factory=set)
    _ticks: int = 0
    _rtcp_tick: int = 0
    _packets: int = 0
    _handshake_datagrams: int = 0
    _key_frame_at: float = float("-inf")
    _key_frame_timer: Timer | None = None

    def __post_init__(self) -> None:
        for kind in self.offer.accepted:
            section = self.offer.section(kind)
            if section is None:
                continue
            clock_rate = section.codecs[0].clock_rate
            if section.direction in {"sendrecv", "sendonly"}:
                for codec in section.codecs:
                    self._kinds[codec.payload_type] = (kind, codec.clock_rate)
            if section.direction in {"sendrecv", "recvonly"}:
                ssrc = self.local.ssrcs[kind]
                self.outgoing[kind] = OutgoingTrack(kind, ssrc, clock_rate, self.local.cname)

    @property
    def username(self) -> str:
        """The user name of authentic binding requests."""
        return f"{self.local.ufrag}:{self.offer.ufrag}"

    def candidate(self) -> str:
        """The only local candidate."""
        host, port = self.port.address
        return f"candidate:1 1 UDP 2015363327 {host} {port} typ host"

    def add_candidate(self, candidate: str) -> None:
        """Remember a candidate of the peer; a lite agent only shows it."""
        self._candidates.append(candidate[:512])

    def takes_packet(self) -> bool:
        """Count a packet; False if the peer sends too many in a second."""
        self._packets += 1
        return self._packets <= _MAX_PACKETS_PER_TICK

    def close(self) -> None:
        """End the session; nothing is sent or received any more."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._key_frame_timer is not None:
            self._key_frame_timer.cancel()
        self._routes.clear()
        self._upstream.clear()
        self.port.forget(self)

    # ICE and DTLS.

    def check(self, address: Address, *, nominates: bool) -> None:
        """Process an authentic binding request: the first one and each nomination select a pair."""
        is_first = self.address is None
        if is_first:
            self._observer.on_check()
        if is_first or (nominates and address != self.address):
            self.address = address
            self._observer.on_selected(self._remote_candidate(address))

    def _remote_candidate(self, address: Address) -> str:
        host, port = address
        ending = f" {host} {port} typ "
        for candidate in self._candidates:
            if ending in candidate:
                return candidate.partition(" generation ")[0]
        return f"candidate:remote1 1 UDP 1853628159 {host} {port} typ prflx"

    def receive_dtls(self, data: bytes, address: Address) -> None:
        """Process a DTLS datagram of the peer."""
        if not self.is_connected:
            self._handshake_datagrams += 1
            if self._handshake_datagrams > _MAX_HANDSHAKE_DATAGRAMS:
                return
        for datagram in self._transport.receive(data):
            self.port.send(datagram, address)
        if self._transport.is_open and not self.is_connected:
            self.is_connected = True
            self._observer.on_connected()
            # A key frame that comes before the receiver can decrypt it is lost, and browsers make
            # the next one only after some time: so it is asked for now, not earlier.
            for source in set(self._upstream.values()):
                source.request_key_frame()
            self.request_key_frame()

    # Packets of the peer.

    def receive_media(self, data: bytes) -> None:
        """Process an encrypted RTP or RTCP packet of the peer."""
        if not rtp.HEADER.size <= len(data) <= rtp.MAX_PACKET_BYTES:
            return
        # Sources are not encrypted. libsrtp remembers each, so it gets the packets of a few only.
        if rtp.is_rtcp(data):
            self._receive_encrypted_rtcp(data)
            return
        ssrc = int.from_bytes(data[8:12], "big")
        if ssrc not in self.incoming and not self._expects(data[1] & rtp.PAYLOAD_TYPE):
            return
        plain = self._transport.decrypt(data, rtcp=False)
        packet = None if plain is None else rtp.parse_rtp(plain)
        if packet is not None:
            self._receive_rtp(packet)

    def _expects(self, payload_type: int) -> bool:
        return payload_type in self._kinds and len(self.incoming) < _MAX_SOURCES

    def _receive_rtp(self, packet: RtpPacket) -> None:
        payload_type = packet.second & rtp.PAYLOAD_TYPE
        expected = self._kinds.get(payload_type)
        if expected is None:
            return
        kind, clock_rate = expected
        track = self.incoming.get(packet.ssrc)
        if track is None:
            track = self.incoming[packet.ssrc] = IncomingTrack(kind, packet.ssrc, clock_rate)
        now = self.port.now
        track.count(packet, now)
        if kind not in self.flowing:
            self.flowing.add(kind)
            self._observer.on_flow()
        for route in self._routes.get(kind, ()):
            number = route.payload_types.get(payload_type)
            if number is not None:
                route.session.forward(packet, track, route.track, number, now)

    def forward(
        self,
        packet: RtpPacket,
        source: IncomingTrack,
        track: OutgoingTrack,
        payload_type: int,
        now: float,
    ) -> None:
        """Send a packet of another session to the peer, once it is connected."""
        if self.address is None or not self._transport.is_open:
            return
        plain = track.rewrite(packet, source, payload_type, now)
        encrypted = self._transport.encrypt(plain, rtcp=False)
        if encrypted is None:
            return
        if track.kind == "video":
            track.keep(plain, encrypted)
        self.port.send(encrypted, self.address)

    def _receive_encrypted_rtcp(self, data: bytes) -> None:
        sender = data[4:8]
        if sender not in self._rtcp_senders and len(self._rtcp_senders) >= _MAX_RTCP_SENDERS:
            return
        plain = self._transport.decrypt(data, rtcp=True)
        if plain is not None:
            self._rtcp_senders.add(sender)
            self._receive_rtcp(rtp.parse_rtcp(plain))

    def _receive_rtcp(self, packets: list[RtcpPacket]) -> None:
        now = self.port.now
        self._rtcp_tick = self._ticks
        if packets and not self._has_rtcp:
            self._has_rtcp = True
            self._observer.on_media(is_active=True)
        for packet in packets:
            if packet.kind == rtp.SENDER_REPORT:
                self._receive_sender_report(packet, now)
            for report in packet.reports():
                for track in self.outgoing.values():
                    if track.ssrc == report.ssrc:
                        track.note_report(report, now)
            if packet.kind in {rtp.PAYLOAD_FEEDBACK, rtp.TRANSPORT_FEEDBACK}:
                self._receive_feedback(packet)

    def _receive_sender_report(self, packet: RtcpPacket, now: float) -> None:
        source, info = self.incoming.get(packet.sender), packet.sender_info()
        if source is None or info is None:
            return
        source.note_sender_report(info[0], info[1], now)
        for route in self._routes.get(source.kind, ()):
            if route.track.source is source:
                route.session.send_rtcp(route.track.sender_report(*info, now))

    def _receive_feedback(self, packet: RtcpPacket) -> None:
        video = self.outgoing.get("video")
        if video is None:
            return
        limit = packet.bitrate_limit()
        if limit is not None:
            video.bitrate_limit = limit
        if packet.requests_key_frame:
            video.key_frame_requests += 1
            source = self._upstream.get("video")
            if source is not None:
                source.request_key_frame()
        for sequence in packet.lost_sequences():
            video.nacks += 1
            kept = video.sent_before(sequence)
            if kept is not None and self.address is not None:
                self.port.send(kept, self.address)

    # Feedback to the peer.

    def send_rtcp(self, packet: bytes) -> None:
        """Send an RTCP packet to the peer, once it is connected."""
        if self.address is None:
            return
        encrypted = self._transport.encrypt(packet, rtcp=True)
        if encrypted is not None:
            self.port.send(encrypted, self.address)

    def request_key_frame(self) -> None:
        """Ask the peer for a key frame: at once, or when the last request is old enough."""
        sends = any(track.kind == "video" for track in self.incoming.values())
        if not sends or self._key_frame_timer is not None or not self._transport.is_open:
            return
        wait = self._key_frame_at + KEY_FRAME_INTERVAL_S - self.port.now
        if wait > 0:
            self._key_frame_timer = self.port.after(wait, self._send_key_frame_request)
        else:
            self._send_key_frame_request()

    def _send_key_frame_request(self) -> None:
        self._key_frame_timer = None
        self._key_frame_at = self.port.now
        for track in self.incoming.values():
            if track.kind == "video":
                track.key_frame_requests += 1
                self.send_rtcp(rtp.picture_loss(self.local.ssrcs["video"], track.ssrc))

    def tick(self) -> None:
        """Do what is due each second: reports, retransmissions and the ends of flows."""
        self._ticks += 1
        self._packets = 0
        if not self.is_connected:
            self._tick_handshake()
            return
        now = self.port.now
        if self.incoming:
            self._report(now)
        stopped = {
            kind
            for kind in self.flowing
            if all(
                now - track.arrived >= _FLOW_TICKS * TICK_S
                for track in self.incoming.values()
                if track.kind == kind
            )
        }
        if stopped:
            self.flowing -= stopped
            self._observer.on_flow()
        if self._has_rtcp and self._ticks - self._rtcp_tick > _RTCP_TICKS:
            self._has_rtcp = False
            self._observer.on_media(is_active=False)

    def _tick_handshake(self) -> None:
        if self.address is not None and self._ticks <= _HANDSHAKE_TICKS:
            for datagram in self._transport.retransmit():
                self.port.send(datagram, self.address)

    def _report(self, now: float) -> None:
        ssrcs = self.local.ssrcs
        blocks = [track.report(now) for track in self.incoming.values()]
        packet = rtp.receiver_report(ssrcs["video"], blocks)
        limit = self.max_bitrate or _UNLIMITED_BPS
        for track in self.incoming.values():
            if track.kind == "video":
                packet += rtp.maximum_bitrate(ssrcs["video"], track.ssrc, limit)
        self.send_rtcp(packet)

    # Links to other sessions.

    def set_routes(self, kind: str, sinks: list[WebRtcSession]) -> None:
        """Replace the sessions to which the packets of a kind go."""
        section = self.offer.section(kind)
        if self._is_closed or section is None:
            return
        self._routes[kind] = [
            Route(sink, sink.outgoing[kind], sink.payload_types(kind, section.codecs))
            for sink in sinks
            if kind in sink.outgoing
        ]

    def payload_types(self, kind: str, codecs: tuple[Codec, ...]) -> dict[int, int]:
        """Its payload type for each of another session's codecs that its peer knows too."""
        section = self.offer.section(kind)
        own = {} if section is None else {codec.identity: codec for codec in section.codecs}
        return {
            codec.payload_type: own[codec.identity].payload_type
            for codec in codecs
            if codec.identity in own
        }

    def set_upstream(self, kind: str, source: WebRtcSession | None) -> None:
        """Replace the session from which the packets of a kind come."""
        if source is None or self._is_closed:
            self._upstream.pop(kind, None)
        elif self._upstream.get(kind) is not source:
            self._upstream[kind] = source
            if kind == "video" and self._transport.is_open:
                source.request_key_frame()
