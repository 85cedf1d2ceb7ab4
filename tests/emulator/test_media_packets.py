"""Session descriptions, STUN and RTP as text and bytes, without sockets."""

import re
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.emulator.media import rtp
from mediafleet.emulator.media.rtp import RtpPacket
from mediafleet.emulator.media.sdp import (
    MAX_OFFER_CHARACTERS,
    InvalidSdpError,
    LocalParameters,
    Offer,
    parse_offer,
    write_answer,
)
from mediafleet.emulator.media.stun import MAX_BYTES, binding_response, parse_binding_request
from mediafleet.emulator.media.tracks import IncomingTrack, OutgoingTrack
from support.media_peer import binding_request

OFFERS = Path(__file__).parent / "offers"
SENDONLY = (OFFERS / "chromium-156-sendonly.sdp").read_text("utf-8")
RECVONLY = (OFFERS / "chromium-156-recvonly.sdp").read_text("utf-8")
# What openvidu-browser 2.15 offers where it takes the browser for Safari.
FOUR_LINES = SENDONLY.replace("a=sendonly", "a=sendrecv").replace(
    "BUNDLE 0 1", "BUNDLE 0 1 2 3"
) + SENDONLY[SENDONLY.index("m=audio") :].replace("a=mid:0", "a=mid:2").replace(
    "a=mid:1", "a=mid:3"
)
LOCAL = LocalParameters(
    session_id=1,
    cname="user1@host-1",
    ufrag="ours",
    password="secret",
    fingerprint="AA:BB",
    ssrcs={"audio": 11, "video": 22},
)


def answer(text: str) -> tuple[Offer, str]:
    offer = parse_offer(text)
    return offer, write_answer(offer, LOCAL)


def media_lines(text: str) -> list[str]:
    return [line for line in text.split("\r\n") if line.startswith("m=")]


def directions(text: str) -> list[str]:
    return re.findall(r"^a=(sendrecv|sendonly|recvonly|inactive)\r$", text, re.MULTILINE)


@pytest.mark.parametrize(("text", "expected"), [(SENDONLY, "recvonly"), (RECVONLY, "sendonly")])
def test_the_offer_of_a_browser_is_answered(text: str, expected: str) -> None:
    offer, answered = answer(text)

    assert media_lines(answered)[0] == "m=audio 1 UDP/TLS/RTP/SAVPF 111"
    assert media_lines(answered)[1].startswith("m=video 1 UDP/TLS/RTP/SAVPF 96 ")
    assert directions(answered) == [expected, expected]
    assert "a=group:BUNDLE 0 1\r\n" in answered
    assert "a=ice-lite\r\n" in answered
    assert answered.count("a=setup:passive\r\n") == 2
    assert "a=extmap" not in answered
    assert {name for name, _ in offer.fingerprints} == {"sha-256"}


def test_only_feedback_that_was_offered_is_answered() -> None:
    _, answered = answer(SENDONLY.replace("a=rtcp-fb:96 goog-remb\n", ""))

    assert "a=rtcp-fb:96 nack pli\r\n" in answered
    assert "a=rtcp-fb:96 goog-remb" not in answered
    assert "a=rtcp-fb:102 goog-remb\r\n" in answered
    assert "transport-cc" not in answered


def test_further_lines_are_rejected_and_not_bundled() -> None:
    _, answered = answer(FOUR_LINES)

    assert [line.split()[1] for line in media_lines(answered)] == ["1", "1", "0", "0"]
    assert directions(answered) == ["sendrecv", "sendrecv", "inactive", "inactive"]
    assert re.findall(r"a=mid:(\d)", answered) == ["0", "1", "2", "3"]
    assert "a=group:BUNDLE 0 1\r\n" in answered


def test_data_channels_are_rejected() -> None:
    line = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"
    _, answered = answer(f"{SENDONLY}{line}\na=mid:2\n")

    assert answered.endswith(
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=inactive\r\na=mid:2\r\n"
    )


def test_a_line_without_a_known_codec_is_rejected() -> None:
    _, answered = answer(re.sub("VP8|VP9|H264", "XYZ", SENDONLY))

    assert [line.split()[1] for line in media_lines(answered)] == ["1", "0"]
    assert "a=group:BUNDLE 0\r\n" in answered


def test_the_answer_takes_no_line_breaks_or_long_texts_from_the_offer() -> None:
    _, answered = answer(SENDONLY.replace("a=mid:0", "a=mid:" + "x" * 300))
    assert "xxx" not in answered


@pytest.mark.parametrize(
    "text",
    [
        "rubbish",
        "5",
        "v=0\r\nm=audio\r\n",
        "v=0\r\nm=audio x UDP/TLS/RTP/SAVPF 1\r\n",
        "v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" * 33,
        SENDONLY + "a" * MAX_OFFER_CHARACTERS,
    ],
)
def test_what_is_no_offer_is_refused(text: str) -> None:
    with pytest.raises(InvalidSdpError):
        parse_offer(text)


def test_an_offerer_that_must_be_the_dtls_server_is_refused() -> None:
    offer = parse_offer(SENDONLY.replace("setup:actpass", "setup:passive"))
    with pytest.raises(InvalidSdpError, match="setup:actpass"):
        write_answer(offer, LOCAL)


@given(st.data())
def test_any_text_is_answered_line_by_line_or_refused(data: st.DataObject) -> None:
    lines = SENDONLY.splitlines()
    changed = data.draw(st.lists(st.tuples(st.integers(0, len(lines) - 1), st.text(max_size=30))))
    for number, text in changed:
        lines[number] = data.draw(st.sampled_from([text, lines[number] + text, "m=" + text]))
    try:
        offer, answered = answer("\n".join(lines))
    except InvalidSdpError:
        return
    assert len(media_lines(answered)) == len(offer.sections)
    assert all(line == "" or line[1] == "=" for line in answered.split("\r\n"))


def test_h264_is_mapped_by_profile_and_packetization_mode() -> None:
    def video(numbers: dict[int, str]) -> Offer:
        lines = ["v=0", f"m=video 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, numbers))}", "a=mid:0"]
        for number, fmtp in numbers.items():
            lines += [f"a=rtpmap:{number} H264/90000", f"a=fmtp:{number} {fmtp}"]
        return parse_offer("\r\n".join(lines))

    one = video(
        {
            102: "packetization-mode=1;profile-level-id=42e01f",
            104: "packetization-mode=0;profile-level-id=42e01f",
        }
    )
    other = video({125: "level-asymmetry-allowed=1;profile-level-id=42e034;packetization-mode=1"})
    (codec,) = other.sections[0].codecs
    assert [known.identity == codec.identity for known in one.sections[0].codecs] == [True, False]


# STUN.


def test_a_binding_request_is_authentic_with_the_password_only() -> None:
    request = parse_binding_request(binding_request("ours:theirs", "secret"))
    assert request is not None
    assert (request.username, request.nominates) == ("ours:theirs", True)
    assert request.is_authentic(b"secret")
    assert not request.is_authentic(b"other")


def test_a_changed_request_is_not_authentic() -> None:
    data = bytearray(binding_request("ours:theirs", "secret"))
    data[26] ^= 1  # in the user name; the checksum no longer fits
    assert parse_binding_request(bytes(data)) is None


def test_a_request_without_checksum_is_none() -> None:
    assert parse_binding_request(binding_request("a:b", "secret", checksum=False)) is None


@given(st.data())
def test_any_datagram_is_parsed_or_dropped(data: st.DataObject) -> None:
    whole = binding_request("ours:theirs", "secret", transaction=b"x" * 12)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    noise = data.draw(st.binary(max_size=MAX_BYTES))
    changed = whole[:start] + noise + whole[end:]
    request = parse_binding_request(changed)
    assert request is None or changed == whole or request.transaction == changed[8:20]


def test_the_response_has_the_address_integrity_and_checksum() -> None:
    response = binding_response(b"t" * 12, ("192.0.2.1", 32853), b"VOkJxbRl1RmTxUk/WvJxBt")
    assert struct.unpack("!HHI", response[:8]) == (0x0101, len(response) - 20, 0x2112A442)
    assert response[20:32] == bytes.fromhex("0020 0008 0001 a147 e112a643")  # RFC 5769, 2.2
    assert struct.unpack("!HH", response[32:36]) == (0x0008, 20)
    assert struct.unpack("!HH", response[56:60]) == (0x8028, 4)


# RTP and RTCP.


def packet(sequence: int, timestamp: int = 0, payload: bytes = b"x") -> RtpPacket:
    return RtpPacket(0x80, 96, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 1, payload)


def test_extensions_and_contributing_sources_are_dropped() -> None:
    head = struct.pack("!BBHII", 0x91, 0xE0, 7, 8, 9)
    parsed = rtp.parse_rtp(head + b"csrc" + struct.pack("!HHI", 0xBEDE, 1, 5) + b"payload")
    assert parsed == (0x91, 0xE0, 7, 8, 9, b"payload")


@given(st.binary(max_size=64))
def test_any_bytes_are_parsed_or_dropped(data: bytes) -> None:
    rtp.parse_rtp(data)
    for found in rtp.parse_rtcp(data):
        _ = (found.lost_sequences(), found.bitrate_limit(), found.sender_info())
        _ = (list(found.reports()), found.requests_key_frame, found.sender, found.media)


@given(st.integers(1, 2**31))
def test_a_bitrate_limit_is_read_as_it_is_written(limit: int) -> None:
    (found,) = rtp.parse_rtcp(rtp.maximum_bitrate(1, 2, limit))
    read = found.bitrate_limit()
    assert read is not None
    assert read <= limit < read + (1 << max(0, limit.bit_length() - 18))


def test_a_nack_names_each_lost_packet() -> None:
    body = struct.pack("!IIHH", 1, 2, 65535, 0b101)
    (found,) = rtp.parse_rtcp(struct.pack("!BBH", 0x81, 205, 3) + body)
    assert found.lost_sequences() == [65535, 0, 2]


def test_losses_are_counted_over_the_wrap_of_the_numbers() -> None:
    track = IncomingTrack("video", 1, 90_000)
    for number, sequence in enumerate([65533, 65534, 0, 1, 65535]):
        track.count(packet(sequence, 90 * number), now=number / 1000)
    assert (track.packets, track.expected, track.lost) == (5, 5, 0)
    track.count(packet(6), now=1.0)
    assert track.lost == 4
    ssrc, lost, highest, *_ = struct.unpack("!IIIIII", track.report(now=1.0))
    assert (ssrc, lost & 0xFFFFFF, highest) == (1, 4, 0x10006)
    assert lost >> 24 == 256 * 4 // 10


@given(st.lists(st.tuples(st.integers(0, 2**16), st.integers(1, 20)), min_size=1, max_size=6))
def test_numbers_continue_when_the_source_is_replaced(sources: list[tuple[int, int]]) -> None:
    track = OutgoingTrack("video", 5, 90_000, "cname")
    sent: list[tuple[Any, ...]] = []
    now = 0.0
    for first, count in sources:
        source = IncomingTrack("video", first, 90_000)
        for number in range(count):
            now += 0.02
            timestamp = first * 7919 + number * 1800
            data = track.rewrite(packet(first + number, timestamp), source, 100, now)
            sent.append(struct.unpack("!BBHII", data[:12]))
    assert {(head[0], head[1], head[4]) for head in sent} == {(0x80, 100, 5)}
    for before, after in pairwise(sent):
        assert (after[2] - before[2]) & 0xFFFF == 1
        assert abs(((after[3] - before[3]) & 0xFFFFFFFF) - 1800) <= 1


def test_only_the_last_packets_are_kept() -> None:
    track = OutgoingTrack("video", 5, 90_000, "cname")
    for sequence in range(200):
        track.keep(struct.pack("!BBH", 0x80, 96, sequence), b"%d" % sequence)
    assert track.sent_before(199) == b"199"
    assert track.sent_before(72) == b"72"
    assert track.sent_before(71) is None
    assert track.sent_before(200) is None


def test_a_report_gives_losses_and_the_round_trip() -> None:
    track = OutgoingTrack("audio", 5, 48_000, "cname")
    track.sender_report(0x12345678, 0x9ABCDEF0, 0, now=10.0)
    body = struct.pack("!IIIIIII", 9, 5, 64 << 24 | 0xFFFFFF, 0, 0, 0x56789ABC, 65536 // 4)
    (found,) = rtp.parse_rtcp(struct.pack("!BBH", 0x81, 201, 7) + body)
    (report,) = found.reports()
    track.note_report(report, now=10.35)
    assert (track.fraction_lost, track.lost) == (0.25, -1)
    assert track.round_trip == pytest.approx(0.1)
