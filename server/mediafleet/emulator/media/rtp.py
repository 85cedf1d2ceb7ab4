"""RTP and RTCP packets: the few fields that a forwarder reads, writes and counts (RFC 3550)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PACKET_BYTES: Final = 1350
"""Longest RTP or RTCP packet that is forwarded; browsers send at most 1200."""

HEADER: Final = struct.Struct("!BBHII")
_RTCP_HEADER: Final = struct.Struct("!BBH")
VERSION: Final = 0x80
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
REPORT_BLOCK: Final = struct.Struct("!IIIIII")
SENDER_INFO: Final = struct.Struct("!IIIIII")
SEQUENCE_MASK: Final = 0xFFFF
TIMESTAMP_MASK: Final = 0xFFFFFFFF
_REMB_MANTISSA_BITS: Final = 18
MAX_LOST: Final = 0x7FFFFF


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
    if first & _VERSION_MASK != VERSION:
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
            lost += [
                (first + bit + 1) & SEQUENCE_MASK for bit in range(_NACK_BITS) if mask >> bit & 1
            ]
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
        if self.kind != SENDER_REPORT or len(self.body) < SENDER_INFO.size:
            return None
        _, seconds, fraction, timestamp, _, _ = SENDER_INFO.unpack_from(self.body)
        return seconds, fraction, timestamp

    def reports(self) -> Iterator[Report]:
        """The report blocks of a sender or receiver report."""
        start = {SENDER_REPORT: SENDER_INFO.size, RECEIVER_REPORT: 4}.get(self.kind)
        if start is None:
            return
        for number in range(self.format):
            offset = start + number * REPORT_BLOCK.size
            if offset + REPORT_BLOCK.size > len(self.body):
                return
            ssrc, lost, _, _, last, delay = REPORT_BLOCK.unpack_from(self.body, offset)
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
        if first & _VERSION_MASK != VERSION or len(data) < end:
            return []
        packets.append(RtcpPacket(kind, first & _COUNT, data[offset + 4 : end]))
        offset = end
    return packets


def write_rtcp(kind: int, count: int, body: bytes) -> bytes:
    """A packet with a type, a number of reports or a format, and a body of whole words."""
    return _RTCP_HEADER.pack(VERSION | count, kind, len(body) // 4) + body


def picture_loss(sender: int, media: int) -> bytes:
    """A Picture Loss Indication: the source is asked for a key frame."""
    return write_rtcp(PAYLOAD_FEEDBACK, _PLI, struct.pack("!II", sender, media))


def maximum_bitrate(sender: int, media: int, bits_per_second: int) -> bytes:
    """A REMB: the most that the source may send."""
    exponent = max(0, bits_per_second.bit_length() - _REMB_MANTISSA_BITS)
    word = 1 << 24 | exponent << _REMB_MANTISSA_BITS | bits_per_second >> exponent
    body = struct.pack("!II4sII", sender, 0, b"REMB", word, media)
    return write_rtcp(PAYLOAD_FEEDBACK, _APPLICATION, body)


def receiver_report(sender: int, blocks: list[bytes]) -> bytes:
    """A receiver report with the blocks of `IncomingTrack.report`."""
    body = struct.pack("!I", sender) + b"".join(blocks)
    return write_rtcp(RECEIVER_REPORT, len(blocks), body)


def source_description(ssrc: int, cname: bytes) -> bytes:
    """A source description with a canonical name."""
    item = bytes([1, len(cname)]) + cname
    item += b"\0" * (4 - len(item) % 4)
    return write_rtcp(_SDES, 1, struct.pack("!I", ssrc) + item)
