"""Session descriptions: what an offer of a browser says, and the answer of a WebRtcEndpoint."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_OFFER_CHARACTERS: Final = 64_000
"""Longest offer that is read; those of browsers have 5,000 to 20,000."""

_MAX_SECTIONS: Final = 32
_MAX_PAYLOAD_TYPE: Final = 127
_MAX_SSRC: Final = 2**32 - 1

# What is forwarded; nothing is decoded, so a codec costs nothing but its name here.
_CODECS: Final[Mapping[str, tuple[str, ...]]] = {
    "audio": ("opus/48000/2",),
    "video": ("vp8/90000", "vp9/90000", "h264/90000"),
}
_FEEDBACK: Final = ("goog-remb", "ccm fir", "nack", "nack pli")
_ANSWERED_DIRECTIONS: Final[Mapping[str, str]] = {
    "inactive": "inactive",
    "recvonly": "sendonly",
    "sendonly": "recvonly",
    "sendrecv": "sendrecv",
}
_MEDIA_LINE: Final = re.compile(r"m=(\S+) (\d+)(?:/\d+)? (\S+)((?: \S+)+)")
_RTPMAP: Final = re.compile(r"(\d{1,3}) (\S+)")
_SAFE_TOKEN: Final = re.compile(r"[!-~]{1,256}")
_DIGESTS: Final = frozenset({"sha-256", "sha-384", "sha-512"})


class InvalidSdpError(ValueError):
    """An offer that cannot be parsed or answered; the text is the reason."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(f"Invalid SDP: {reason}" if reason else "Invalid SDP")


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec and its payload type.

    Attributes:
        payload_type: Its number in RTP packets.
        rtpmap: Name, clock rate and channels as offered, such as VP8/90000.
        fmtp: Its format parameters; "" if there are none.
        feedback: The kinds of feedback that both sides use.
    """

    payload_type: int
    rtpmap: str
    fmtp: str
    feedback: tuple[str, ...]

    @property
    def clock_rate(self) -> int:
        """Ticks of the RTP timestamp per second."""
        return 48_000 if self.rtpmap.lower().startswith("opus") else 90_000

    @property
    def identity(self) -> tuple[str, str, str]:
        """Name, packetization mode and profile: packets may be forwarded between equal ones."""
        parameters = dict(part.strip().lower().partition("=")[::2] for part in self.fmtp.split(";"))
        # The first two bytes of a H.264 level id are the profile; the third is the level.
        profile = parameters.get("profile-level-id", "")[:4] or parameters.get("profile-id", "0")
        mode = parameters.get("packetization-mode", "0")
        return (self.rtpmap.lower(), mode, profile if ("/90000" in self.rtpmap) else "")


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line of an offer with its attributes.

    Attributes:
        kind: audio, video or application.
        protocol: Its transport protocol.
        formats: Its payload types as offered.
        mid: Its identification; "" if there is none.
        direction: The direction as offered.
        codecs: The codecs that can be forwarded, as offered.
        ssrc: The first synchronization source of the offerer; None if none is named.
        is_offered: Its port is not 0.
    """

    kind: str
    protocol: str
    formats: str
    mid: str
    direction: str
    codecs: tuple[Codec, ...]
    ssrc: int | None
    is_offered: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer.

    Attributes:
        sections: Its m-lines.
        accepted: The number of the m-line that is answered, by kind: the first of each.
        semantic: The value of its msid-semantic; "" if there is none.
        ufrag: The user fragment of the offerer; "" if there is none.
        setup: Its role in DTLS: actpass, active or passive.
        fingerprints: Digests of its certificate, as (algorithm, hexadecimal bytes with colons).
    """

    sections: tuple[Section, ...]
    accepted: Mapping[str, int]
    semantic: str
    ufrag: str
    setup: str
    fingerprints: frozenset[tuple[str, str]]

    def section(self, kind: str) -> Section | None:
        """The m-line of a kind that is answered."""
        number = self.accepted.get(kind)
        return None if number is None else self.sections[number]


@dataclass(frozen=True, slots=True)
class LocalParameters:
    """What the answer says about this side.

    Attributes:
        session_id: The number of the session.
        cname: The canonical name of its sources.
        ufrag: Its ICE user fragment.
        password: Its ICE password.
        fingerprint: The SHA-256 digest of its certificate.
        ssrcs: Its synchronization source of each kind.
    """

    session_id: int
    cname: str
    ufrag: str
    password: str
    fingerprint: str
    ssrcs: Mapping[str, int]


def parse_offer(text: str) -> Offer:
    """Parse an offer.

    Raises:
        InvalidSdpError: It is none, it is too long, or an m-line of it is malformed.
    """
    if len(text) > MAX_OFFER_CHARACTERS:
        raise InvalidSdpError(f"longer than {MAX_OFFER_CHARACTERS} characters")
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("m="):
            blocks.append([])
        blocks[-1].append(line.strip())
    if not blocks[0] or blocks[0][0] != "v=0":
        raise InvalidSdpError
    if len(blocks) - 1 > _MAX_SECTIONS:
        raise InvalidSdpError(f"more than {_MAX_SECTIONS} m-lines")
    common = _attributes(blocks[0])
    sections = tuple(_section(block) for block in blocks[1:])
    accepted: dict[str, int] = {}
    for number, section in enumerate(sections):
        if section.kind in _CODECS and section.kind not in accepted:
            accepted[section.kind] = number
    usable = {
        kind: number
        for kind, number in accepted.items()
        if sections[number].is_offered and sections[number].codecs
    }
    everything = [common, *(_attributes(block) for block in blocks[1:])]
    return Offer(
        sections=sections,
        accepted=usable,
        semantic=_safe(_first(everything, "msid-semantic")),
        ufrag=_first(everything, "ice-ufrag"),
        setup=_first(everything, "setup") or "actpass",
        fingerprints=frozenset(_fingerprints(everything)),
    )


def _attributes(lines: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            found.setdefault(name, []).append(value)
    return found


def _first(blocks: Iterable[Mapping[str, list[str]]], name: str) -> str:
    return next((values[0].strip() for block in blocks if (values := block.get(name))), "")


def _safe(text: str) -> str:
    """Text that may be repeated in an answer."""
    return text if all(_SAFE_TOKEN.fullmatch(part) for part in text.split(" ")) else ""


def _fingerprints(blocks: Iterable[Mapping[str, list[str]]]) -> Iterable[tuple[str, str]]:
    for block in blocks:
        for value in block.get("fingerprint", ()):
            algorithm, _, digest = value.partition(" ")
            if algorithm.lower() in _DIGESTS:
                yield algorithm.lower(), digest.strip().upper()


def _section(lines: list[str]) -> Section:
    match = _MEDIA_LINE.fullmatch(lines[0])
    if match is None:
        raise InvalidSdpError(f"malformed: {lines[0][:80]}")
    kind, port, protocol, formats = match.groups()
    attributes = _attributes(lines[1:])
    mid = _safe(_first([attributes], "mid"))
    direction = next((name for name in _ANSWERED_DIRECTIONS if name in attributes), "sendrecv")
    return Section(
        kind=kind,
        protocol=protocol,
        formats=formats.strip(),
        mid=mid,
        direction=direction,
        codecs=tuple(_codecs(kind, formats.split(), attributes)),
        ssrc=_ssrc(attributes),
        is_offered=port != "0" and "SAVPF" in protocol,
    )


def _codecs(kind: str, formats: list[str], attributes: Mapping[str, list[str]]) -> Iterable[Codec]:
    parameters = dict(value.partition(" ")[::2] for value in attributes.get("fmtp", ()))
    names = {}
    for value in attributes.get("rtpmap", ()):
        match = _RTPMAP.fullmatch(value)
        if match is not None:
            names[match.group(1)] = match.group(2)
    feedback = {tuple(value.split(" ", 1)) for value in attributes.get("rtcp-fb", ())}
    for number in dict.fromkeys(formats):
        name = names.get(number, "")
        if name.lower() in _CODECS.get(kind, ()) and int(number) <= _MAX_PAYLOAD_TYPE:
            used = (kind for kind in _FEEDBACK if {(number, kind), ("*", kind)} & feedback)
            yield Codec(int(number), name, _safe(parameters.get(number, "")), tuple(used))


def _ssrc(attributes: Mapping[str, list[str]]) -> int | None:
    for value in attributes.get("ssrc", ()):
        number = value.partition(" ")[0]
        if number.isdecimal() and int(number) <= _MAX_SSRC:
            return int(number)
    return None


def write_answer(offer: Offer, local: LocalParameters) -> str:
    """The answer to an offer: every m-line, those that are not accepted with port 0 and inactive.

    Raises:
        InvalidSdpError: The offerer wants to be the DTLS server, which this side always is.
    """
    if offer.setup not in {"actpass", "active"}:
        raise InvalidSdpError("the offerer must accept to be the DTLS client (setup:actpass)")
    accepted = set(offer.accepted.values())
    bundled = [mid for number in sorted(accepted) if (mid := offer.sections[number].mid)]
    lines = [
        "v=0",
        f"o=- {local.session_id} {local.session_id} IN IP4 0.0.0.0",
        "s=Kurento Media Server",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=ice-lite",
        f"a=msid-semantic: {offer.semantic}".rstrip(),
        " ".join(["a=group:BUNDLE", *bundled]),
    ]
    for number, section in enumerate(offer.sections):
        lines += _answered(section, local) if number in accepted else _rejected(section)
    return "\r\n".join([*lines, ""])


def _rejected(section: Section) -> list[str]:
    lines = [f"m={section.kind} 0 {section.protocol} {section.formats}", "a=inactive"]
    return [*lines, f"a=mid:{section.mid}"] if section.mid else lines


def _answered(section: Section, local: LocalParameters) -> list[str]:
    numbers = " ".join(str(codec.payload_type) for codec in section.codecs)
    lines = [
        f"m={section.kind} 1 {section.protocol} {numbers}",
        f"a={_ANSWERED_DIRECTIONS[section.direction]}",
        *([f"a=mid:{section.mid}"] if section.mid else []),
        "a=rtcp:9 IN IP4 0.0.0.0",
        *(f"a=rtpmap:{codec.payload_type} {codec.rtpmap}" for codec in section.codecs),
    ]
    lines += [
        f"a=rtcp-fb:{codec.payload_type} {kind}"
        for codec in section.codecs
        for kind in codec.feedback
    ]
    lines += ["a=setup:passive", "a=rtcp-mux"]
    lines += [f"a=fmtp:{codec.payload_type} {codec.fmtp}" for codec in section.codecs if codec.fmtp]
    return [
        *lines,
        f"a=ssrc:{local.ssrcs[section.kind]} cname:{local.cname}",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
    ]
