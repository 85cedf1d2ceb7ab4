"""Statistics of a running server, configured as its user does."""

from pathlib import Path

import pytest

from mediafleet.emulator import EmulatedCluster
from support import live
from support.cluster_client import add
from support.elasticsearch_stand_in import elasticsearch

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
