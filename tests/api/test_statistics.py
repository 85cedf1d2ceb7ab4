"""Statistics of a running server, configured as its user does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mediafleet.clock import SystemClock
from mediafleet.delivery import statistics
from mediafleet.emulator import EmulatedCluster
from support import live
from support.cluster_client import add
from support.elasticsearch_stand_in import elasticsearch
from support.media_peer import MediaPeer
from support.rpc_calls import calls, new_session

pytestmark = pytest.mark.anyio

PASSWORD = "password-of-the-tests"


async def test_a_server_sends_its_events_and_measurements(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with (
        elasticsearch(user=("elastic", PASSWORD)) as server,
        live.mediafleet(
            tmp_path,
            OPENVIDU_PRO_ELASTICSEARCH_HOST=f"http://127.0.0.1:{server.port}",
            ELASTICSEARCH_USERNAME="elastic",
            ELASTICSEARCH_PASSWORD=PASSWORD,
            OPENVIDU_PRO_STATS_MONITORING_INTERVAL="1",
        ) as api,
    ):
        node = await add(api, fleet.uri(0))
        await server.until(lambda: len(server.documents("cdr")) == 2)
        await server.until(lambda: server.documents("mediaNodeStats"))
        config = (await api.get("/pro/config")).text
        metrics = (await api.get("/metrics")).text

    stats = server.documents("mediaNodeStats")[-1]
    assert (stats["media_node_id"], stats["ip"]) == (node["id"], node["ip"])
    assert stats["clusterId"] == server.documents("cdr")[0]["clusterId"]
    assert PASSWORD not in config + metrics
    assert 'mediafleet_event_reader_lag_events{reader="statistics"} 0.0' in metrics


async def test_a_server_works_without_its_elasticsearch(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with live.mediafleet(
        tmp_path, OPENVIDU_PRO_ELASTICSEARCH_HOST="http://127.0.0.1:9"
    ) as api:
        await add(api, fleet.uri(0))
        assert (await api.get("/health")).json()["status"] == "UP"
        assert (await api.get("/health/ready")).status_code == 200


async def test_connections_of_calls_are_measured_and_their_ends_summarized(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "TICK_S", 0.1)
    monkeypatch.setattr(statistics, "LINGER_S", 0.05)
    async with (
        EmulatedCluster(nodes=1, random=Random(7), clock=SystemClock()) as nodes,
        elasticsearch() as server,
        calls(
            tmp_path,
            nodes,
            OPENVIDU_PRO_ELASTICSEARCH_HOST=f"http://127.0.0.1:{server.port}",
            OPENVIDU_PRO_STATS_WEBRTC_INTERVAL="1",
            OPENVIDU_PRO_STATS_MONITORING_INTERVAL="0",
        ) as fleet,
        media_peer("sendonly") as sender,
        media_peer("recvonly") as receiver,
    ):
        session_id = await new_session(fleet.api)
        one, two = await fleet.join(session_id), await fleet.join(session_id)
        stream = await one.publish(sdpOffer=sender.offer())
        received = await two.page.call(
            "receiveVideoFrom", sender=stream["id"], sdpOffer=receiver.offer()
        )
        for page, peer, answer in ((one.page, sender, stream), (two.page, receiver, received)):
            candidate = (await page.notification("iceCandidate"))["candidate"]
            await peer.connect(answer["sdpAnswer"], candidate)
        sender.send_rtp("video", 1, b"a" * 100)
        await receiver.until(lambda: receiver.rtp)
        found = server.documents
        await server.until(lambda: {"inbound", "outbound"} <= _directions(found("webrtcStats")))
        path = f"/openvidu/api/sessions/{session_id}?webRtcStats=true"
        first, second = (await fleet.api.get(path)).json()["connections"]["content"]
        await one.page.call("leaveRoom")
        await two.page.call("leaveRoom")
        await server.until(lambda: found("sessionSummary"))

    for traced in (*first["publishers"], *second["subscribers"]):
        assert traced["localCandidate"].startswith("candidate:")
        assert traced["remoteCandidate"].startswith("candidate:")
        types = [each["type"] for each in traced["events"]]
        assert types.index("IceGatheringDone") < types.index("NewCandidatePairSelected")
        assert "ConnectionStateChanged" in types
    node_id = found("sessionSummary")[0]["media_node_id"]
    inbound = next(each for each in found("webrtcStats") if each["direction"] == "inbound")
    outbound = next(each for each in found("webrtcStats") if each["direction"] == "outbound")
    expected = {"sessionId": session_id, "media_node_id": node_id, "mediaType": "video"}
    assert inbound.items() >= {**expected, "user": one.id, "endpoint": stream["id"]}.items()
    assert inbound["packetsReceived"] >= 1
    assert outbound.items() >= {**expected, "connection": two.id}.items()
    assert outbound["bytesSent"] >= 100
    for kind, connection, reason in (
        ("publisherSummary", one, "disconnect"),
        ("subscriberSummary", two, "disconnect"),
        ("connectionSummary", one, "disconnect"),
        ("sessionSummary", None, "lastParticipantLeft"),
    ):
        summary = found(kind)[0]
        assert (summary["sessionId"], summary["reason"]) == (session_id, reason)
        assert summary.get("connection") == (connection.id if connection else None)


def _directions(documents: list[dict[str, Any]]) -> set[str]:
    return {each["direction"] for each in documents}


@asynccontextmanager
async def media_peer(direction: str) -> AsyncIterator[MediaPeer]:
    peer = MediaPeer(direction)
    await peer.open()
    try:
        yield peer
    finally:
        await peer.close()
