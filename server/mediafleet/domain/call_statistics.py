"""What is measured of calls, as documents in the words of OpenVidu."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mediafleet.domain.calls import Call, CallMedia

Document = dict[str, Any]

KINDS: Final = ("AUDIO", "VIDEO")
_DIRECTIONS: Final = {"inboundrtp": "inbound", "outboundrtp": "outbound"}
_FRACTIONS: Final = frozenset({"jitter", "fractionLost", "roundTripTime"})
_NUMBERS: Final = (
    *("jitter", "roundTripTime", "bytesReceived", "bytesSent", "packetsReceived", "packetsSent"),
    *("packetsLost", "fractionLost", "remb", "firCount", "pliCount", "nackCount", "sliCount"),
)
_LARGEST: Final = 2.0**53
_SUMMARIES: Final = {
    "sessionDestroyed": ("sessionSummary",),
    "participantLeft": ("userSummary", "connectionSummary"),
}


@dataclass(frozen=True, slots=True)
class MeasuredEndpoint:
    """A WebRtcEndpoint of an active session.

    Attributes:
        id: On the media server.
        session_id: Of the session.
        connection_id: Of the connection that publishes or receives.
        name: Of the endpoint.
        media: Of the session.
    """

    id: str
    session_id: str
    connection_id: str
    name: str
    media: CallMedia


def measured_endpoints(call: Call) -> Iterator[MeasuredEndpoint]:
    """The WebRtcEndpoints of a session; a camera has none of its own."""
    media = call.session.media
    if media is None:
        return
    for connection in call.active:
        stream = connection.stream
        if stream is not None and stream.endpoint and not connection.is_camera:
            yield MeasuredEndpoint(stream.endpoint, call.id, connection.id, stream.id, media)
        for each in connection.subscriptions.values():
            if each.endpoint:
                name = f"{connection.id}_{each.stream_id}"
                yield MeasuredEndpoint(each.endpoint, call.id, connection.id, name, media)


def webrtc_stats(endpoint: MeasuredEndpoint, kind: str, stats: object) -> Iterator[Document]:
    """Yield a document for each flow of RTP packets in what ``getStats`` returned.

    Args:
        endpoint: That was asked.
        kind: AUDIO or VIDEO, as was asked for.
        stats: As the media server sent it, which may be anything.
    """
    for each in stats.values() if isinstance(stats, dict) else ():
        direction = _DIRECTIONS.get(str(each.get("type"))) if isinstance(each, dict) else None
        if direction is not None:
            yield {
                "sessionId": endpoint.session_id,
                "user": endpoint.connection_id,
                "connection": endpoint.connection_id,
                "endpoint": endpoint.name,
                "media_node_id": endpoint.media.node_id,
                "mediaType": kind.lower(),
                "direction": direction,
                **_numbers(each),
            }


def _numbers(stats: Mapping[str, object]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in _NUMBERS:
        value = stats.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if -_LARGEST <= value <= _LARGEST:  # which NaN is not
            found[name] = float(value) if name in _FRACTIONS else int(value)
    return found


def summaries(name: str, payload: Mapping[str, Any]) -> Iterator[tuple[str, Document]]:
    """Yield kind and content of what an event that ends something summarizes.

    Args:
        name: Of the event.
        payload: As on the wire.
    """
    kinds = _SUMMARIES.get(name, ())
    if name == "webrtcConnectionDestroyed":
        is_sent = payload["connection"] == "OUTBOUND"
        kinds = ("publisherSummary",) if is_sent else ("subscriberSummary",)
    for kind in kinds:
        body = dict(payload)
        connection_id = body.pop("participantId", None)
        body.pop("connectionId", None)
        if connection_id is not None:
            body |= {"user": connection_id, "connection": connection_id}
        yield kind, body
