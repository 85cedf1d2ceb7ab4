"""The tracks of a session: counters, reports and the numbers of forwarded packets (RFC 3550)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mediafleet.emulator.media import rtp

if TYPE_CHECKING:
    from mediafleet.emulator.media.rtp import Report, RtpPacket

_HALF: Final = 0x8000
_HISTORY: Final = 128


@dataclass(slots=True, eq=False)
class IncomingTrack:
    """One source that a peer sends: its counters, as RFC 3550 defines them.

    Attributes:
        kind: audio or video.
        ssrc: Its number.
        clock_rate: Ticks of its timestamps per second.
        packets: Packets received.
        octets: Bytes of payload received.
        jitter: Variation of the transit time, in ticks.
        key_frame_requests: Key frames that it was asked for.
        fraction_lost: The part of the packets that was lost before the last report, of 1.
        arrived: The monotonic time of its last packet.
    """

    kind: str
    ssrc: int
    clock_rate: int
    packets: int = 0
    octets: int = 0
    jitter: float = 0.0
    key_frame_requests: int = 0
    fraction_lost: float = 0.0
    arrived: float = 0.0
    _first: int = 0
    _highest: int = 0
    _cycles: int = 0
    _transit: float | None = None
    _expected_before: int = 0
    _packets_before: int = 0
    _last_report: tuple[int, float] | None = None

    def count(self, packet: RtpPacket, now: float) -> None:
        """Count a packet."""
        sequence = packet.sequence
        if self.packets == 0:
            self._first = self._highest = sequence
        ahead = (sequence - self._highest) & rtp.SEQUENCE_MASK
        if ahead < _HALF:
            if sequence < self._highest:
                self._cycles += rtp.SEQUENCE_MASK + 1
            self._highest = sequence
        self.packets += 1
        self.octets += len(packet.payload)
        self.arrived = now
        transit = now * self.clock_rate - packet.timestamp
        if self._transit is not None:
            # The difference is small; a timestamp that wraps or restarts is left out.
            change = abs(transit - self._transit)
            if change < self.clock_rate:
                self.jitter += (change - self.jitter) / 16
        self._transit = transit

    @property
    def expected(self) -> int:
        """How many packets were sent, by their numbers."""
        return self._cycles + self._highest - self._first + 1 if self.packets else 0

    @property
    def lost(self) -> int:
        """Packets that were sent and did not arrive; duplicates make it negative."""
        return self.expected - self.packets

    def note_sender_report(self, seconds: int, fraction: int, now: float) -> None:
        """Remember a sender report for the next receiver report."""
        self._last_report = ((seconds & 0xFFFF) << 16 | fraction >> 16, now)

    def report(self, now: float) -> bytes:
        """The block of a receiver report about it, since the last one."""
        expected = self.expected - self._expected_before
        lost = max(0, expected - (self.packets - self._packets_before))
        self._expected_before, self._packets_before = self.expected, self.packets
        fraction = min(255, 256 * lost // expected) if expected > 0 else 0
        self.fraction_lost = fraction / 256
        last, delay = 0, 0
        if self._last_report is not None:
            last, since = self._last_report
            delay = min(rtp.TIMESTAMP_MASK, int((now - since) * 65536))
        return rtp.REPORT_BLOCK.pack(
            self.ssrc,
            fraction << 24 | min(rtp.MAX_LOST, max(0, self.lost)),
            (self._cycles + self._highest) & rtp.TIMESTAMP_MASK,
            int(self.jitter),
            last,
            delay,
        )


@dataclass(slots=True, eq=False)
class OutgoingTrack:
    """One source that a peer receives: forwarded packets under a source and numbers of its own.

    The sequence numbers and timestamps continue when another track is forwarded, so that the
    encryption and the decoder of the receiver do not lose their place.

    Attributes:
        kind: audio or video.
        ssrc: Its number.
        clock_rate: Ticks of its timestamps per second.
        source: The track that is forwarded; None before the first packet.
        packets: Packets sent.
        octets: Bytes of payload sent.
        nacks: Packets that the receiver asked for again.
        key_frame_requests: Key frames that the receiver asked for.
        fraction_lost: The part of the packets that the receiver lost lately, of 1.
        lost: The packets that the receiver lost.
        round_trip: Seconds from here to the receiver and back.
        bitrate_limit: The bits per second that the receiver can take, by its REMB.
    """

    kind: str
    ssrc: int
    clock_rate: int
    cname: str
    source: IncomingTrack | None = None
    packets: int = 0
    octets: int = 0
    nacks: int = 0
    key_frame_requests: int = 0
    fraction_lost: float = 0.0
    lost: int = 0
    round_trip: float = 0.0
    bitrate_limit: int = 0
    _sequence_offset: int = 0
    _timestamp_offset: int = 0
    _sequence: int = 0
    _timestamp: int = 0
    _sent: float = 0.0
    _reports: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=8))
    _history: dict[int, tuple[int, bytes]] = field(default_factory=dict)

    def rewrite(
        self, packet: RtpPacket, source: IncomingTrack, payload_type: int, now: float
    ) -> bytes:
        """The packet to send for a received one: without extensions and contributing sources."""
        if source is not self.source:
            self._switch(packet, source, now)
        sequence = (packet.sequence + self._sequence_offset) & rtp.SEQUENCE_MASK
        timestamp = (packet.timestamp + self._timestamp_offset) & rtp.TIMESTAMP_MASK
        if (sequence - self._sequence) & rtp.SEQUENCE_MASK < _HALF:
            self._sequence, self._timestamp, self._sent = sequence, timestamp, now
        self.packets += 1
        self.octets += len(packet.payload)
        head = rtp.HEADER.pack(
            rtp.VERSION | packet.first & rtp.PADDING,
            packet.second & rtp.MARKER | payload_type,
            sequence,
            timestamp,
            self.ssrc,
        )
        return head + packet.payload

    def _switch(self, packet: RtpPacket, source: IncomingTrack, now: float) -> None:
        self.source = source
        if self.packets == 0:
            self._sequence, self._timestamp, self._sent = packet.sequence, packet.timestamp, now
            return
        ticks = max(1, int((now - self._sent) * self.clock_rate))
        self._sequence_offset = self._sequence + 1 - packet.sequence
        self._timestamp_offset = self._timestamp + ticks - packet.timestamp

    def keep(self, packet: bytes, encrypted: bytes) -> None:
        """Keep a packet that was sent, for a receiver that loses it."""
        sequence = int.from_bytes(packet[2:4], "big")
        self._history[sequence % _HISTORY] = (sequence, encrypted)

    def sent_before(self, sequence: int) -> bytes | None:
        """A packet that was sent, encrypted, if it is still kept."""
        kept, encrypted = self._history.get(sequence % _HISTORY, (None, None))
        return encrypted if kept == sequence else None

    def sender_report(self, seconds: int, fraction: int, timestamp: int, now: float) -> bytes:
        """The report of the forwarded source, for the receiver of this one."""
        self._reports.append(((seconds & 0xFFFF) << 16 | fraction >> 16, now))
        timestamp = (timestamp + self._timestamp_offset) & rtp.TIMESTAMP_MASK
        counts = (self.packets & rtp.TIMESTAMP_MASK, self.octets & rtp.TIMESTAMP_MASK)
        body = rtp.SENDER_INFO.pack(self.ssrc, seconds, fraction, timestamp, *counts)
        return rtp.write_rtcp(rtp.SENDER_REPORT, 0, body) + rtp.source_description(
            self.ssrc, self.cname.encode()
        )

    def note_report(self, report: Report, now: float) -> None:
        """Take over what the receiver reports."""
        self.fraction_lost = report.fraction / 256
        self.lost = report.lost - (1 << 24) if report.lost > rtp.MAX_LOST else report.lost
        for middle, since in self._reports:
            if middle == report.last:
                self.round_trip = max(0.0, now - since - report.delay / 65536)
