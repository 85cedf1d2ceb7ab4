import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster
from support import live
from support.cluster_client import (
    Json,
    add,
    delete,
    drain,
    members,
    patch,
    until,
    until_measured,
    until_sessions,
)

pytestmark = pytest.mark.anyio

PATH = "/fleet/placements"
LABELS = "/fleet/media-nodes/{}/labels"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server that soon knows the loads of its nodes."""
    async with live.mediafleet(tmp_path, MEDIAFLEET_LOAD_INTERVAL="1") as client:
        yield client


@pytest.fixture
async def nodes(api: httpx.AsyncClient, fleet: EmulatedCluster) -> list[Json]:
    """Three idle members whose loads are known."""
    return await idle_members(api, fleet)


async def idle_members(api: httpx.AsyncClient, cluster: EmulatedCluster) -> list[Json]:
    for node in cluster.nodes:
        node.set_load(0)
    added = [await add(api, cluster.uri(number)) for number in range(len(cluster.nodes))]
    for each in added:
        await until_measured(api, each["id"])
    return added


async def place(api: httpx.AsyncClient, **body: object) -> Json:
    answer = await api.post(PATH, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def refused(api: httpx.AsyncClient, status: int, **body: object) -> str:
    answer = await api.post(PATH, json=body)
    assert answer.status_code == status, answer.text
    return str(answer.json()["message"])


async def label(api: httpx.AsyncClient, node: Json, labels: dict[str, str]) -> httpx.Response:
    return await api.put(LABELS.format(node["id"]), json={"labels": labels})


async def reservations(api: httpx.AsyncClient) -> list[Json]:
    return (await api.get(PATH)).json()["content"]  # type: ignore[no-any-return]


async def until_reserved(api: httpx.AsyncClient, count: int) -> None:
    with anyio.fail_after(20):
        while len(await reservations(api)) != count:
            await anyio.sleep(0.02)


async def test_a_placement_names_its_node_and_what_was_considered(
    api: httpx.AsyncClient, nodes: list[Json]
) -> None:
    answer = await api.post(PATH)
    first = nodes[0]

    placed = answer.json()
    assert placed["mediaNode"] == {name: first[name] for name in ("id", "uri", "ip")}
    assert (placed["sessionId"], placed["estimatedLoad"], placed["load"]) == (None, 1, 0)
    assert placed["considered"] == {
        "mediaNodes": 3,
        "accepting": 3,
        "matching": 3,
        "candidates": [{"id": node["id"], "load": 0, "loadKnown": True} for node in nodes],
    }
    assert (await api.get(PATH)).json() == {
        "numberOfElements": 1,
        "total": 1,
        "content": [{k: v for k, v in placed.items() if k not in {"load", "considered"}}],
    }


@pytest.mark.slow
async def test_a_burst_spreads_over_all_nodes(tmp_path: Path) -> None:
    count, chosen = 500, Counter[str]()
    cluster = EmulatedCluster(nodes=50, random=random.Random(5), clock=SystemClock())
    async with cluster:
        for node in cluster.nodes:
            node.set_load(0)
        uris = json.dumps([cluster.uri(number) for number in range(50)])
        async with live.mediafleet(tmp_path, KMS_URIS=uris, MEDIAFLEET_LOAD_INTERVAL="1") as api:
            for node in await members(api):
                await until_measured(api, node["id"])

            async def place_one() -> None:
                chosen[(await place(api, ttl=600))["mediaNode"]["id"]] += 1

            async with anyio.create_task_group() as tasks:
                for _ in range(count):
                    tasks.start_soon(place_one)

    assert chosen.total() == count
    assert len(chosen) == 50
    assert max(chosen.values()) <= count // 50 + 1


async def test_a_reservation_ends_when_the_load_of_its_session_is_measured(
    api: httpx.AsyncClient, nodes: list[Json], fleet: EmulatedCluster
) -> None:
    placed = await place(api, sessionId="room", ttl=3600)
    await place(api, sessionId="never", ttl=3600)
    number = [node["id"] for node in nodes].index(placed["mediaNode"]["id"])

    fleet.nodes[number].create_pipeline("room")
    await until_reserved(api, 1)

    assert [each["sessionId"] for each in await reservations(api)] == ["never"]


async def test_a_request_that_is_repeated_gets_the_same_reservation(
    api: httpx.AsyncClient, nodes: list[Json]
) -> None:
    first = await place(api, sessionId="room")
    again = await place(api, sessionId="room", ttl=600)

    assert again["id"] == first["id"]
    assert again["mediaNode"] == first["mediaNode"]
    assert again["expiresTime"] > first["expiresTime"]
    assert len(await reservations(api)) == 1


async def test_labels_choose_and_outlive_a_restart(tmp_path: Path, fleet: EmulatedCluster) -> None:
    async with live.mediafleet(tmp_path) as api:
        nodes = await idle_members(api, fleet)
        labelled = await label(api, nodes[2], {"zone": "eu-1", "gpu": ""})
        assert labelled.json() == {
            "id": nodes[2]["id"],
            "labels": {"gpu": "", "zone": "eu-1"},
        }
        assert (await place(api, labels={"gpu": ""}))["mediaNode"]["id"] == nodes[2]["id"]
        assert "gpu=, zone=us" in await refused(api, 503, labels={"gpu": "", "zone": "us"})

    async with live.mediafleet(tmp_path) as api:
        kept = await api.get(LABELS.format(nodes[2]["id"]))
        assert kept.json()["labels"] == {"gpu": "", "zone": "eu-1"}
        events = (await api.get("/fleet/events", params={"limit": 1000})).json()["content"]
        (changed,) = (each for each in events if each["event"] == "mediaNodeLabelsChanged")
        assert changed["payload"]["labels"] == {"gpu": "", "zone": "eu-1"}


@pytest.mark.parametrize(
    "labels",
    [{"": "eu"}, {"a b": "eu"}, {"zone": "\n"}, {"zone": 1}, {f"n{n}": "" for n in range(17)}],
)
async def test_labels_of_another_form_are_refused(
    api: httpx.AsyncClient, nodes: list[Json], labels: dict[str, str]
) -> None:
    assert (await label(api, nodes[0], labels)).status_code == 400
    assert "labels" in await refused(api, 400, labels=labels)
    assert (await api.get(LABELS.format(nodes[0]["id"]))).json()["labels"] == {}
    assert await reservations(api) == []


async def test_a_pinned_node_is_the_only_one(
    api: httpx.AsyncClient, nodes: list[Json], fleet: EmulatedCluster
) -> None:
    pin = {"id": nodes[1]["id"]}

    for _ in range(3):
        assert (await place(api, mediaNode=pin))["mediaNode"]["id"] == pin["id"]
    fleet.nodes[1].create_pipeline("room")
    await until_sessions(api, pin["id"], 1)
    await patch(api, pin["id"], "waiting-idle-to-terminate")

    message = await refused(api, 503, mediaNode=pin)
    assert message.endswith(f"Media Node {pin['id']} is waiting-idle-to-terminate")
    assert "kms_Other" in await refused(api, 404, mediaNode={"id": "kms_Other"})


async def removes(api: httpx.AsyncClient, node_id: str) -> None:
    answer = await delete(api, node_id, deletion_strategy="now")
    assert answer.status_code == 204


async def drains(api: httpx.AsyncClient, node_id: str) -> None:
    assert (await drain(api, node_id, force="true")).status_code == 201


async def quarantines(api: httpx.AsyncClient, node_id: str) -> None:
    assert (await patch(api, node_id, "waiting-idle-to-terminate")).status_code == 200


@pytest.mark.parametrize("take_away", [removes, drains, quarantines])
async def test_no_placement_follows_the_removal_of_a_node(
    api: httpx.AsyncClient,
    nodes: list[Json],
    take_away: Callable[[httpx.AsyncClient, str], Awaitable[None]],
) -> None:
    """The other nodes are busier, so that every placement before it goes there."""
    taken = nodes[1]["id"]
    for node in (nodes[0], nodes[2]):
        await place(api, mediaNode={"id": node["id"]}, estimatedLoad=90)
    after: list[str] = []
    is_over = False

    async def keep_placing() -> None:
        while len(after) < 20:
            asked_after = is_over
            node_id = (await place(api, estimatedLoad=0.01))["mediaNode"]["id"]
            if asked_after:
                after.append(node_id)

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(keep_placing)
        await take_away(api, taken)
        is_over = True

    assert taken not in after
    assert taken not in {each["mediaNode"]["id"] for each in await reservations(api)}


async def test_a_node_that_crashes_loses_its_reservations(
    api: httpx.AsyncClient, nodes: list[Json], fleet: EmulatedCluster
) -> None:
    placed = [await place(api, ttl=600) for _ in range(3)]
    assert len({each["mediaNode"]["id"] for each in placed}) == 3

    fleet.nodes[0].crash()
    await until(api, nodes[0]["id"], lambda node: node is not None and not node["connected"])

    left = {each["mediaNode"]["id"] for each in await reservations(api)}
    assert left == {nodes[1]["id"], nodes[2]["id"]}
    assert "disconnected" in await refused(api, 503, mediaNode={"id": nodes[0]["id"]})
    assert (await place(api))["considered"]["accepting"] == 2


async def test_a_cluster_that_accepts_no_sessions_says_why(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    assert "the cluster has no Media Nodes" in await refused(api, 503)
    node = await add(api, fleet.uri(0))
    fleet.nodes[0].crash()
    await until(api, node["id"], lambda found: found is not None and not found["connected"])

    answer = await api.post(PATH)

    assert answer.json()["message"].endswith("accepts sessions: 1 disconnected")
    assert answer.headers["retry-after"] == "1"


@pytest.fixture
async def restarted(tmp_path: Path, fleet: EmulatedCluster) -> AsyncIterator[httpx.AsyncClient]:
    async with live.mediafleet(tmp_path) as api:
        await idle_members(api, fleet)
        await place(api, ttl=3600)
    async with live.mediafleet(tmp_path) as api:
        yield api


async def test_reservations_end_with_the_server(restarted: httpx.AsyncClient) -> None:
    assert await reservations(restarted) == []
