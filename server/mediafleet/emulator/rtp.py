"""RTP and RTCP packets: the few fields that a forwarder reads, writes and counts (RFC 3550)."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PACKET_BYTES: Final = 1350
"""Longest RTP or RTCP packet that is forwarded; browsers send at most 1200."""

HEADER: Final = struct.Struct("!BBHII")
_RTCP_HEADER: Final = struct.Struct("!BBH")
_VERSION: Final = 0x80
_VERSION_MASK: Final = 0xC0
_EXTENSION: Final = 0x10
_CSRC_COUNT: Final = 0x0F
_COUNT: Final = 0x1F
PADDING: Final = 0x20
MARKER: Final = 0x80
PAYLOAD_TYPE: Final = 0x7F

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
_SDES: Final = 202
TRANSPORT_FEEDBACK: Final = 205
PAYLOAD_FEEDBACK: Final = 206
_FIRST_RTCP_TYPE: Final = 192
_LAST_RTCP_TYPE: Final = 223
_PLI: Final = 1
_FIR: Final = 4
_NACK: Final = 1
_APPLICATION: Final = 15
_NACK_BITS: Final = 16
_REPORT_BLOCK: Final = struct.Struct("!IIIIII")
_SENDER_INFO: Final = struct.Struct("!IIIIII")
_SEQUENCE: Final = 0xFFFF
_TIMESTAMP: Final = 0xFFFFFFFF
_HALF: Final = 0x8000
_REMB_MANTISSA_BITS: Final = 18
_MAX_LOST: Final = 0x7FFFFF
_HISTORY: Final = 128


class RtpPacket(NamedTuple):
    """The fields of an RTP packet.

    Attributes:
        first: Its first byte: version, padding, extension and number of contributing sources.
        second: Its second byte: marker and payload type.
        sequence: Its sequence number.
        timestamp: Its timestamp.
        ssrc: Its source.
        payload: What follows the header, with padding.
    """

    first: int
    second: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def is_rtcp(data: bytes) -> bool:
    """Whether a packet on a shared port is RTCP (RFC 5761)."""
    return _FIRST_RTCP_TYPE <= data[1] <= _LAST_RTCP_TYPE


def parse_rtp(data: bytes) -> RtpPacket | None:
    """Parse a decrypted packet; None if it is malformed."""
    if len(data) < HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first & _VERSION_MASK != _VERSION:
        return None
    start = HEADER.size + 4 * (first & _CSRC_COUNT)
    if first & _EXTENSION:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if len(data) < start:
        return None
    return RtpPacket(first, second, sequence, timestamp, ssrc, data[start:])


class Report(NamedTuple):
    """A report block: what a receiver says about a source.

    Attributes:
        ssrc: The source.
        fraction: The part of the packets that was lost since the last report, of 256.
        lost: The packets that were lost, 24 bits with a sign.
        last: The middle 32 bits of the NTP time of the last sender report.
        delay: The time since that arrived, in units of 1/65536 s.
    """

    ssrc: int
    fraction: int
    lost: int
    last: int
    delay: int


class RtcpPacket(NamedTuple):
    """One packet of a compound RTCP packet.

    Attributes:
        kind: Its packet type.
        format: The five bits after the version: a number of reports or a feedback type.
        body: What follows the header.
    """

    kind: int
    format: int
    body: bytes

    @property
    def sender(self) -> int:
        """The source that sent it."""
        return int.from_bytes(self.body[:4], "big")

    @property
    def media(self) -> int:
        """The source that feedback is about."""
        return int.from_bytes(self.body[4:8], "big")

    @property
    def requests_key_frame(self) -> bool:
        """Whether it is a Picture Loss Indication or a Full Intra Request."""
        return self.kind == PAYLOAD_FEEDBACK and self.format in {_PLI, _FIR}

    def lost_sequences(self) -> list[int]:
        """The sequence numbers that a generic NACK asks for."""
        if self.kind != TRANSPORT_FEEDBACK or self.format != _NACK:
            return []
        lost = []
        for offset in range(8, len(self.body) - 3, 4):
            first, mask = struct.unpack_from("!HH", self.body, offset)
            lost.append(first)
            lost += [(first + bit + 1) & _SEQUENCE for bit in range(_NACK_BITS) if mask >> bit & 1]
        return lost

    def bitrate_limit(self) -> int | None:
        """The bits per second of a REMB; None if it is none."""
        body = self.body
        if self.kind != PAYLOAD_FEEDBACK or self.format != _APPLICATION or body[8:12] != b"REMB":
            return None
        if len(body) < 16:  # noqa: PLR2004  # sender, media, name and one word
            return None
        word = int.from_bytes(body[12:16], "big")
        exponent = word >> _REMB_MANTISSA_BITS & 0x3F
        return (word & (1 << _REMB_MANTISSA_BITS) - 1) << exponent

    def sender_info(self) -> tuple[int, int, int] | None:
        """The two halves of the NTP time and the RTP timestamp of a sender report."""
        if self.kind != SENDER_REPORT or len(self.body) < _SENDER_INFO.size:
            return None
        _, seconds, fraction, timestamp, _, _ = _SENDER_INFO.unpack_from(self.body)
        return seconds, fraction, timestamp

    def reports(self) -> Iterator[Report]:
        """The report blocks of a sender or receiver report."""
        start = {SENDER_REPORT: _SENDER_INFO.size, RECEIVER_REPORT: 4}.get(self.kind)
        if start is None:
            return
        for number in range(self.format):
            offset = start + number * _REPORT_BLOCK.size
            if offset + _REPORT_BLOCK.size > len(self.body):
                return
            ssrc, lost, _, _, last, delay = _REPORT_BLOCK.unpack_from(self.body, offset)
            yield Report(ssrc, lost >> 24, lost & 0xFFFFFF, last, delay)


def parse_rtcp(data: bytes) -> list[RtcpPacket]:
    """Parse a decrypted compound packet; empty if a part of it is malformed."""
    packets = []
    offset = 0
    while offset < len(data):
        if len(data) < offset + _RTCP_HEADER.size:
            return []
        first, kind, words = _RTCP_HEADER.unpack_from(data, offset)
        end = offset + 4 * (words + 1)
        if first & _VERSION_MASK != _VERSION or len(data) < end:
            return []
        packets.append(RtcpPacket(kind, first & _COUNT, data[offset + 4 : end]))
        offset = end
    return packets


def _rtcp(kind: int, count: int, body: bytes) -> bytes:
    return _RTCP_HEADER.pack(_VERSION | count, kind, len(body) // 4) + body


def picture_loss(sender: int, media: int) -> bytes:
    """A Picture Loss Indication: the source is asked for a key frame."""
    return _rtcp(PAYLOAD_FEEDBACK, _PLI, struct.pack("!II", sender, media))


def maximum_bitrate(sender: int, media: int, bits_per_second: int) -> bytes:
    """A REMB: the source is told the most that it may send."""
    exponent = max(0, bits_per_second.bit_length() - _REMB_MANTISSA_BITS)
    word = 1 << 24 | exponent << _REMB_MANTISSA_BITS | bits_per_second >> exponent
    body = struct.pack("!II4sII", sender, 0, b"REMB", word, media)
    return _rtcp(PAYLOAD_FEEDBACK, _APPLICATION, body)


def receiver_report(sender: int, blocks: list[bytes]) -> bytes:
    """A receiver report with the blocks of `IncomingTrack.report`."""
    body = struct.pack("!I", sender) + b"".join(blocks)
    return _rtcp(RECEIVER_REPORT, len(blocks), body)


def _description(ssrc: int, cname: bytes) -> bytes:
    item = bytes([1, len(cname)]) + cname
    item += b"\0" * (4 - len(item) % 4)
    return _rtcp(_SDES, 1, struct.pack("!I", ssrc) + item)


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
        ahead = (sequence - self._highest) & _SEQUENCE
        if ahead < _HALF:
            if sequence < self._highest:
                self._cycles += _SEQUENCE + 1
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
            delay = min(_TIMESTAMP, int((now - since) * 65536))
        return _REPORT_BLOCK.pack(
            self.ssrc,
            fraction << 24 | min(_MAX_LOST, max(0, self.lost)),
            (self._cycles + self._highest) & _TIMESTAMP,
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
        sequence = (packet.sequence + self._sequence_offset) & _SEQUENCE
        timestamp = (packet.timestamp + self._timestamp_offset) & _TIMESTAMP
        if (sequence - self._sequence) & _SEQUENCE < _HALF:
            self._sequence, self._timestamp, self._sent = sequence, timestamp, now
        self.packets += 1
        self.octets += len(packet.payload)
        head = HEADER.pack(
            _VERSION | packet.first & PADDING,
            packet.second & MARKER | payload_type,
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
        timestamp = (timestamp + self._timestamp_offset) & _TIMESTAMP
        counts = (self.packets & _TIMESTAMP, self.octets & _TIMESTAMP)
        body = _SENDER_INFO.pack(self.ssrc, seconds, fraction, timestamp, *counts)
        return _rtcp(SENDER_REPORT, 0, body) + _description(self.ssrc, self.cname.encode())

    def note_report(self, report: Report, now: float) -> None:
        """Take over what the receiver reports."""
        self.fraction_lost = report.fraction / 256
        self.lost = report.lost - (1 << 24) if report.lost > _MAX_LOST else report.lost
        for middle, since in self._reports:
            if middle == report.last:
                self.round_trip = max(0.0, now - since - report.delay / 65536)
