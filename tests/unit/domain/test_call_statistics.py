"""Documents about calls: what media servers report is untrusted, what ended is summarized."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.domain.call_statistics import MeasuredEndpoint, summaries, webrtc_stats
from mediafleet.domain.calls import CallMedia

ENDPOINT = MeasuredEndpoint("p/e", "ses_A", "con_A", "str_CAM_A", CallMedia("kms_1"))
INBOUND = {
    "type": "inboundrtp",
    "jitter": 0,
    "bytesReceived": 1000,
    "packetsReceived": 10,
    "packetsLost": 1,
    "fractionLost": 0.5,
    "remb": 300_000,
    "firCount": 1,
    "pliCount": 2,
    "nackCount": 3,
    "sliCount": 0,
}


def documents(*stats):
    return list(webrtc_stats(ENDPOINT, "VIDEO", {str(n): each for n, each in enumerate(stats)}))


def test_what_a_node_receives_and_sends_are_documents():
    received, sent = documents(INBOUND, {"type": "outboundrtp", "bytesSent": 7, "roundTripTime": 1})
    common = {
        "sessionId": "ses_A",
        "user": "con_A",
        "connection": "con_A",
        "endpoint": "str_CAM_A",
        "media_node_id": "kms_1",
        "mediaType": "video",
    }
    expected = {key: value for key, value in INBOUND.items() if key != "type"}
    assert received == {**common, "direction": "inbound", **expected}
    assert isinstance(received["jitter"], float)
    assert sent == {**common, "direction": "outbound", "bytesSent": 7, "roundTripTime": 1.0}


@pytest.mark.parametrize(
    "value", [None, True, "1", [], {}, float("nan"), float("inf"), -float("inf"), 10**400, 2**60]
)
def test_what_is_no_usable_number_is_left_out(value):
    (stats,) = documents({**INBOUND, "packetsLost": value, "jitter": value})
    assert "packetsLost" not in stats
    assert "jitter" not in stats
    assert stats["bytesReceived"] == 1000


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "jitter", "remb", "x"]), inner, max_size=4)
        ),
    )
)
def test_whatever_a_media_server_reports_has_known_members_only(stats):
    for document in webrtc_stats(ENDPOINT, "AUDIO", stats):
        assert document["direction"] in {"inbound", "outbound"}
        assert all(isinstance(value, str | int | float) for value in document.values())


def test_summaries_are_those_of_what_ended():
    left = {"sessionId": "ses_A", "participantId": "con_A", "duration": 3, "reason": "disconnect"}
    user, connection = summaries("participantLeft", left)
    assert (user[0], connection[0]) == ("userSummary", "connectionSummary")
    assert user[1] == connection[1]
    assert user[1] == {
        "sessionId": "ses_A",
        "user": "con_A",
        "connection": "con_A",
        "duration": 3,
        "reason": "disconnect",
    }
    for direction, kind in (("OUTBOUND", "publisherSummary"), ("INBOUND", "subscriberSummary")):
        ended = {"sessionId": "ses_A", "participantId": "con_A", "connection": direction}
        ((name, body),) = summaries("webrtcConnectionDestroyed", ended)
        assert (name, body["connection"], body["sessionId"]) == (kind, "con_A", "ses_A")
    for name in ("sessionCreated", "participantJoined", "webrtcConnectionCreated"):
        assert list(summaries(name, {})) == []
