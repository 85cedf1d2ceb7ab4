"""What media servers measure of the streams of calls, as documents of OpenVidu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mediafleet.domain.formats import to_milliseconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from mediafleet.domain.calls import Call
    from mediafleet.domain.ports import Clock
    from mediafleet.services.calls import Calls

KINDS = ("AUDIO", "VIDEO")
_FIGURES = (
    "jitter",
    "bytesReceived",
    "bytesSent",
    "packetsReceived",
    "packetsSent",
    "packetsLost",
    "fractionLost",
    "roundTripTime",
    "remb",
    "firCount",
    "pliCount",
    "nackCount",
    "sliCount",
)


async def webrtc_stats(
    calls: Calls, clock: Clock, cluster_id: str
) -> AsyncIterator[Mapping[str, Any]]:
    """Yield a document for each direction and kind of media of each WebRtcEndpoint.

    One node after the other is asked, so the requests never pile up.
    """
    for call in calls.all():
        owners = {endpoint: (owner, name) for owner, name, endpoint in _endpoints(call)}
        for kind in KINDS:
            found = await calls.stats(call, tuple(owners), kind)
            timestamp = to_milliseconds(clock.now())
            for endpoint, entries in found.items():
                owner, name = owners[endpoint]
                for figures in _figures(entries):
                    yield {
                        "elastic_type": "webrtcStats",
                        "timestamp": timestamp,
                        "clusterId": cluster_id,
                        "media_node_id": call.node_id,
                        "sessionId": call.id,
                        "user": owner,
                        "connection": owner,
                        "endpoint": name,
                        "mediaType": kind.lower(),
                        **figures,
                    }


def _endpoints(call: Call) -> Iterator[tuple[str, str, str]]:
    """Id of the connection, name and id of each endpoint that a browser is connected to."""
    for each in call.active:
        if each.stream is not None and each.stream.endpoint and not each.is_camera:
            yield each.id, each.stream.id, each.stream.endpoint
        for stream_id, subscription in each.subscriptions.items():
            if subscription.endpoint:
                yield each.id, f"{each.id}_{stream_id}", subscription.endpoint


def _figures(entries: Mapping[str, Any]) -> Iterator[Mapping[str, float]]:
    """The figures of each track; other entries, such as those of latencies, have none."""
    for entry in entries.values():
        if isinstance(entry, dict):
            figures = {name: entry[name] for name in _FIGURES if _is_figure(entry.get(name))}
            if figures:
                yield figures


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
