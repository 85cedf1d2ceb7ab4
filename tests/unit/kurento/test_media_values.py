"""What media servers say about the media of calls, bounded and made safe."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet import masking
from mediafleet.domain.media import IceCandidate
from mediafleet.kurento.media_requests import MAX_SDP, bounded, read_candidate, read_sdp

SECRET = "a-secret-of-these-values"

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@pytest.fixture
def _secret(monkeypatch):
    redaction = masking.Redaction()
    redaction.hide(SECRET)
    monkeypatch.setattr(masking, "_REDACTION", redaction)


def texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


@given(VALUES)
def test_any_value_becomes_one_that_can_be_sent_and_shown(value):
    result = bounded(value)
    json.dumps(result, allow_nan=False).encode()
    assert all(text.isprintable() for text in texts_in(result))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,10}", fullmatch=True), st.integers(0, 9)))
def test_what_is_small_and_safe_stays_as_it_is(value):
    assert bounded({"outer": [value, None, True, 0.5]}) == {"outer": [value, None, True, 0.5]}


@pytest.mark.parametrize(
    ("value", "most"),
    [
        ("x" * 5000, 1000),
        ("\x1b" * 5000, 1000),
        (["x" * 1000] * 100, 60_000),
        ([["x"] * 100] * 100, 200),
        ({str(number): {str(key): "x" for key in range(100)} for number in range(100)}, 1200),
        ({"x" * 5000: 1}, 128),
    ],
    ids=["text", "escapes", "texts", "values", "members", "key"],
)
def test_what_is_large_is_cut(value, most):
    assert 0 < sum(map(len, texts_in(bounded(value)))) <= most


@pytest.mark.usefixtures("_secret")
def test_secrets_are_masked_and_many_texts_with_secrets_are_left_out():
    assert bounded({"a": f"is {SECRET}!", "b": "no"}) == {"a": "is ***!", "b": "no"}
    assert bounded({"uri": "rtsp://user:word@192.0.2.1/x"}) == {"uri": "rtsp://***@192.0.2.1/x"}
    assert bounded({SECRET: [{"deep": [SECRET]}]}) == {"***": [{"deep": ["***"]}]}
    assert bounded(["x"] * 20 + [SECRET]) is None
    assert bounded(["x"] * 20) == ["x"] * 20


@pytest.mark.parametrize("escape", ["\\x41", "%41"])
def test_texts_with_many_escapes_are_left_out(escape):
    assert bounded([escape * 50]) == [escape * 50]
    assert bounded([escape * 40, escape * 11]) is None


@given(VALUES)
def test_no_value_is_taken_for_a_candidate_or_an_answer(value):
    assert read_candidate(value) is None
    assert read_candidate({"candidate": value, "sdpMid": value, "sdpMLineIndex": value}) is None
    assert read_sdp(value) is None or str(value).startswith("v=0")


def test_candidates_and_answers_stay_as_they_are():
    text = "candidate:1 1 UDP 2015363327 192.0.2.2 61018 typ host"
    sent = {"candidate": text, "sdpMid": "video0", "sdpMLineIndex": 1, "__type__": "IceCandidate"}
    assert read_candidate(sent) == IceCandidate(text, "video0", 1)
    answer = "v=0\r\ns=Kurento Media Server\r\n"
    assert read_sdp(answer) == answer
    assert read_sdp("v=0" + "x" * (MAX_SDP - 3)) is not None
    assert read_sdp("v=0" + "x" * (MAX_SDP - 2)) is None
