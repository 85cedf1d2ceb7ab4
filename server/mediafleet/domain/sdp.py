"""Rewrites the offers of browsers (SDP, RFC 8866); pure."""

from __future__ import annotations

import re

from mediafleet.domain.call_errors import CodecError

PREFERRED = "MEDIA_SERVER_PREFERRED"
"""The codec that the media server prefers: Kurento's is VP8."""

_PREFERRED_CODEC = "VP8"
_OF_MEDIA_SERVER = frozenset({"VP8", "H264"})
"""What Kurento sends and receives; VP9 is none of them."""
_M_LINE = re.compile(r"^(?=m=)", re.MULTILINE)
_VIDEO = re.compile(r"(m=video (\S+) \S+)((?: \S+)+)")
_NAME = re.compile(r"a=rtpmap:(\S+) ([^/\s]+)/")
_REPAIRED = re.compile(r"a=fmtp:(\S+) (?:.*;)?\s*apt=(\d+)")
_ABOUT_FORMAT = re.compile(r"a=(?:rtpmap|fmtp|rtcp-fb):(\S+) ")
_REJECTED_PORT = "0"


def force_codec(offer: str, codec: str, *, allows_others: bool) -> str:
    """Leave only one codec in the video of an offer, with all its profiles and retransmission.

    Args:
        offer: Of a browser; everything but the formats of its video stays as it is.
        codec: Such as ``VP8``, or :data:`PREFERRED`.
        allows_others: Video without that codec stays as it is, and is transcoded.

    Raises:
        CodecError: Video without that codec, or one that the media server does not have.
    """
    wanted = _PREFERRED_CODEC if codec == PREFERRED else codec
    return "".join(
        _forced(section, wanted, allows_others=allows_others) for section in _M_LINE.split(offer)
    )


def _forced(section: str, codec: str, *, allows_others: bool) -> str:
    """Return a media section, or what comes before the first one, with only that codec."""
    lines = section.splitlines(keepends=True)
    video = _VIDEO.match(section)
    if video is None or video[2] == _REJECTED_PORT:
        return section
    kept = _formats_of(lines, codec) if codec in _OF_MEDIA_SERVER else set()
    formats = [each for each in video[3].split() if each in kept]
    if not formats:
        if allows_others:
            return section
        raise CodecError(codec)
    first = section[: video.start(3)] + "".join(f" {each}" for each in formats)
    rest = section[video.end() : len(lines[0])] + "".join(
        line for line in lines[1:] if _is_about(line, formats)
    )
    return first + rest


def _formats_of(lines: list[str], codec: str) -> set[str]:
    """Numbers of the formats of a codec, and of those that repair them (RTX)."""
    names = {found[1]: found[2].upper() for line in lines if (found := _NAME.match(line))}
    own = {number for number, name in names.items() if name == codec.upper()}
    repairs = {found[1]: found[2] for line in lines if (found := _REPAIRED.match(line))}
    rtx = {
        number
        for number, repaired in repairs.items()
        if names.get(number) == "RTX" and repaired in own
    }
    return own | rtx


def _is_about(line: str, formats: list[str]) -> bool:
    """Whether a line is about none of the formats, or about one that stays."""
    found = _ABOUT_FORMAT.match(line)
    return found is None or found[1] in {"*", *formats}
