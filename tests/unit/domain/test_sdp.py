"""Offers of which only one codec is left; the offers are those of Chromium 156."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.domain.call_errors import CodecError
from mediafleet.domain.sdp import PREFERRED, force_codec
from support.media import offer

KINDS = ["publish", "subscribe", "four-lines", "video-only"]


def videos(text):
    """The video sections."""
    return [each for each in re.split(r"^(?=m=)", text, flags=re.M) if each.startswith("m=video")]


def formats(section):
    return section.splitlines()[0].split()[3:]


def names(section):
    """Names of the formats that are described."""
    return [
        re.search(rf"^a=rtpmap:{number} ([^/]+)/", section, re.M)[1] for number in formats(section)
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("codec", ["VP8", "H264", PREFERRED])
def test_only_one_codec_and_its_retransmission_are_left(kind, codec):
    forced = force_codec(offer(kind), codec, allows_others=False)
    assert len(videos(forced)) == (2 if kind == "four-lines" else 1)
    for section in videos(forced):
        wanted = "VP8" if codec == PREFERRED else codec
        assert set(names(section)) == {wanted, "rtx"}
        described = set(re.findall(r"^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) ", section, re.M))
        assert described == set(formats(section))
        repaired = re.findall(r"^a=fmtp:\d+ apt=(\d+)", section, re.M)
        assert len(repaired) * 2 == len(formats(section))
        assert set(repaired) < set(formats(section))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_else_of_an_offer_changes(kind):
    before, after = offer(kind), force_codec(offer(kind), "VP8", allows_others=False)
    assert after.endswith("\r\n")
    assert "\n" not in after.replace("\r\n", "")
    kept = iter(before.splitlines())
    for line in after.splitlines():
        assert line.startswith("m=video") or line in kept, "each line, in its order"
    about = re.compile(r"^(m=video|a=(rtpmap|fmtp|rtcp-fb):)")
    assert [each for each in before.splitlines() if not about.match(each)] == [
        each for each in after.splitlines() if not about.match(each)
    ]
    assert after.split("m=video")[0] == before.split("m=video")[0], "audio too"


# VP9 is offered, but Kurento does not have it.
@pytest.mark.parametrize("codec", ["VP9", "H265", "VP", "rtx2", "."])
def test_a_codec_that_is_missing_is_refused_unless_others_are_allowed(codec):
    with pytest.raises(CodecError, match=codec):
        force_codec(offer(), codec, allows_others=False)
    assert force_codec(offer(), codec, allows_others=True) == offer()


def test_video_that_is_not_offered_needs_no_codec():
    audio = offer().split("m=video")[0]
    assert force_codec(audio, "VP8", allows_others=False) == audio
    rejected = offer().replace("m=video 9", "m=video 0")
    assert force_codec(rejected, "H265", allows_others=False) == rejected


def test_feedback_about_all_formats_stays():
    with_all = offer().replace("a=rtcp-fb:96 nack\r\n", "a=rtcp-fb:* nack\r\n", 1)
    assert "a=rtcp-fb:* nack\r\n" in force_codec(with_all, "VP8", allows_others=False)


LINES = st.sampled_from(offer().splitlines()) | st.text(max_size=30)


@given(st.lists(LINES, max_size=40), st.sampled_from(["\r\n", "\n"]))
def test_any_text_is_rewritten_or_refused(lines, end):
    text = end.join(lines)
    try:
        forced = force_codec(text, "VP8", allows_others=False)
    except CodecError:
        assert "m=video" in text
        return
    assert len(forced) <= len(text)
    assert force_codec(forced, "VP8", allows_others=False) == forced
