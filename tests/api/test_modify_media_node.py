from pathlib import Path

import httpx
import pytest

from mediafleet.emulator import EmulatedCluster
from support import histories, live
from support.cluster_client import (
    add,
    get,
    members,
    patch,
    until_gone,
    until_sessions,
    until_status,
)

pytestmark = pytest.mark.anyio


async def test_the_same_status_changes_nothing(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))

    response = await patch(api, node["id"], "running")

    assert (response.status_code, response.content) == (204, b"")


async def test_quarantine_and_back(api: httpx.AsyncClient, fleet: EmulatedCluster) -> None:
    node = await add(api, fleet.uri(0))
    fleet.nodes[0].create_pipeline("room")
    await until_sessions(api, node["id"], 1)

    for status in ("waiting-idle-to-terminate", "running"):
        response = await patch(api, node["id"], status)
        assert (response.status_code, response.json()["status"]) == (200, status)
    assert (await get(api, node["id"]))["status"] == "running"


async def test_an_empty_node_in_quarantine_leaves_at_once(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))

    response = await patch(api, node["id"], "waiting-idle-to-terminate")

    assert response.json()["status"] == "waiting-idle-to-terminate"
    await until_gone(api, node["id"])


async def test_terminating_on_request_ends_the_sessions(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    fleet.nodes[0].create_pipeline("room")
    await until_sessions(api, node["id"], 1)

    response = await patch(api, node["id"], "terminating")

    assert (response.status_code, response.json()["status"]) == (200, "terminating")
    await until_gone(api, node["id"])
    assert list(fleet.nodes[0].pipelines) == []


@pytest.mark.parametrize("status", ["canceled", "launching"])
async def test_a_move_the_life_cycle_does_not_have_is_400_and_says_which_it_has(
    api: httpx.AsyncClient, fleet: EmulatedCluster, status: str
) -> None:
    node = await add(api, fleet.uri(0))

    response = await patch(api, node["id"], status)

    assert response.status_code == 400
    assert "waiting-idle-to-terminate" in response.json()["message"]


@pytest.mark.parametrize("body", [{}, {"status": "failed"}, {"status": 5}, [], "running", None])
async def test_a_body_without_a_requestable_status_is_400(
    api: httpx.AsyncClient, fleet: EmulatedCluster, body: object
) -> None:
    node = await add(api, fleet.uri(0))

    response = await api.patch(f"/pro/media-nodes/{node['id']}", json=body)

    assert response.status_code == 400


async def test_a_launch_is_canceled_and_resumed(tmp_path: Path, fleet: EmulatedCluster) -> None:
    fleet.nodes[0].hang()
    async with live.mediafleet(tmp_path, KMS_URIS=[fleet.uri(0)]) as api:
        (node,) = await members(api)

        canceled = await patch(api, node["id"], "canceled")
        resumed = await patch(api, node["id"], "launching")
        fleet.nodes[0].resume()

        assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
        assert (resumed.status_code, resumed.json()["status"]) == (200, "launching")
        await until_status(api, node["id"], "running")


async def test_a_canceled_launch_leaves_when_it_is_complete(
    tmp_path: Path, fleet: EmulatedCluster, database: Path
) -> None:
    fleet.nodes[0].hang()
    async with live.mediafleet(tmp_path, KMS_URIS=[fleet.uri(0)]) as api:
        (node,) = await members(api)
        await patch(api, node["id"], "canceled")

        fleet.nodes[0].resume()
        await until_gone(api, node["id"])

    statuses = [event["newStatus"] for event in histories.read_events(database)]
    assert statuses == ["launching", "canceled", "terminating", "terminated"]
