"""The load rises, the cluster grows by a node, and every reader of the events shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from mediafleet.clock import SystemClock
from support import live
from support.cluster_client import Json, until_running
from support.scaled_nodes import ScaledNodes
from support.webhook_receiver import webhook_receiver

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

pytestmark = pytest.mark.anyio

LIMIT_S = 20
EVENTS = ["autoscaling", "mediaNodeStatusChanged"]


async def streamed(api: httpx.AsyncClient, count: int) -> list[Json]:
    """The events of the stream from its beginning, as the webhook shows them."""
    found: list[Json] = []
    with anyio.fail_after(LIMIT_S):
        async with api.stream(
            "GET", "/fleet/events/stream", params={"after": 0, "limit": count}
        ) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    event = json.loads(line.removeprefix("data:"))
                    found.append({**event["payload"], "event": event["event"]})
    return found


def recorded(folder: Path) -> list[Json]:
    """The events of the files, as the webhook shows them."""
    lines = [line for file in sorted(folder.iterdir()) for line in file.read_text().splitlines()]
    items: list[tuple[str, dict[str, Any]]] = [
        item for line in lines for item in json.loads(line).items()
    ]
    return [{**payload, "event": name} for name, payload in items]


async def test_a_rising_load_grows_the_cluster_and_every_reader_shows_it(tmp_path: Path) -> None:
    async with webhook_receiver() as receiver, ScaledNodes(SystemClock()) as nodes:
        nodes.may_complete.set()
        async with live.mediafleet(
            tmp_path / "data",
            environment=nodes,
            OPENVIDU_PRO_CLUSTER_AUTOSCALING="true",
            OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL=1,
            OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD=70,
            MEDIAFLEET_LOAD_INTERVAL="0.5",
            OPENVIDU_CDR="true",
            OPENVIDU_CDR_PATH=str(tmp_path / "records"),
            OPENVIDU_WEBHOOK="true",
            OPENVIDU_WEBHOOK_ENDPOINT=f"http://127.0.0.1:{receiver.port}/",
            OPENVIDU_WEBHOOK_EVENTS=json.dumps(EVENTS),
        ) as api:
            (first,) = await until_running(api, 1)
            nodes.load(0, 75)
            _, second = await until_running(api, 2)
            posted = [request.event for request in await receiver.until(6)]
            from_stream = await streamed(api, 6)
            explained = (await api.get("/fleet/autoscaling")).json()

    names = [(event["event"], event.get("id"), event.get("newStatus")) for event in posted]
    assert names == [
        ("autoscaling", None, None),  # there must be one node
        ("mediaNodeStatusChanged", first["id"], "launching"),
        ("mediaNodeStatusChanged", first["id"], "running"),
        ("autoscaling", None, None),
        ("mediaNodeStatusChanged", second["id"], "launching"),
        ("mediaNodeStatusChanged", second["id"], "running"),
    ]
    growth = posted[3]
    assert growth["mediaNodes"]["launch"]["newNodes"] == 1
    assert growth["system"]["status"]["avgLoad"] == pytest.approx(75, abs=0.5)
    assert from_stream == posted
    assert recorded(tmp_path / "records")[:6] == posted
    assert growth["reason"] in [decision["reason"] for decision in explained["decisions"]]
