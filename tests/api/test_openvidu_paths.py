"""What clients of OpenVidu 2.16 and later find below `/openvidu/api`, and nowhere else."""

import httpx
import pytest

from mediafleet.emulator import EmulatedCluster
from support.cluster_client import add, get, until, until_gone, until_sessions

pytestmark = pytest.mark.anyio

NODES = "/openvidu/api/media-nodes"
LATER_MEMBERS = {"object": "mediaNode", "mediaServer": "kurento"}


async def test_both_families_show_the_same_node(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))

    later = (await api.get(f"{NODES}/{node['id']}")).json()
    (listed,) = (await api.get(NODES)).json()["content"]

    assert listed == later == {**await get(api, node["id"]), **LATER_MEMBERS}


async def test_sessions_have_the_later_members(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    fleet.nodes[0].create_pipeline("room")
    await until_sessions(api, node["id"], 1)

    later = (await api.get(f"{NODES}/{node['id']}", params={"sessions": "true"})).json()

    (session,) = later["sessions"]
    assert session["id"] == session["sessionId"]
    assert session["object"] == "session"
    assert session["mediaNodeId"] == node["id"]


async def test_recordings_and_broadcasts_are_included_when_requested(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))

    for url in (NODES, f"{NODES}/{node['id']}"):
        plain = (await api.get(url)).json()
        asked = (await api.get(url, params={"recordings": "true", "extra-info": "true"})).json()
        plain, asked = (answer.get("content", [answer])[0] for answer in (plain, asked))
        assert {"recordingIds", "broadcasts", "kurentoInfo"}.isdisjoint(plain)
        assert asked["recordingIds"] == asked["broadcasts"] == []
        assert asked["kurentoInfo"]["version"]

    refused = await api.get("/pro/media-nodes", params={"recordings": "true"})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("prefix", "wait", "status"),
    [
        ("/pro", "false", 204),
        ("/pro", "true", 204),
        ("/openvidu/api", "false", 200),
        ("/openvidu/api", "true", 204),
    ],
)
async def test_a_removal_is_200_when_it_has_begun_and_204_when_it_is_done(
    api: httpx.AsyncClient, fleet: EmulatedCluster, prefix: str, wait: str, status: int
) -> None:
    node = await add(api, fleet.uri(0))

    removed = await api.delete(f"{prefix}/media-nodes/{node['id']}", params={"wait": wait})

    assert (removed.status_code, removed.content) == (status, b"")
    await until_gone(api, node["id"])


async def test_health_follows_the_nodes(api: httpx.AsyncClient, fleet: EmulatedCluster) -> None:
    async def health() -> tuple[int, object]:
        answer = await api.get("/openvidu/api/health")
        return answer.status_code, answer.json()

    assert await health() == (503, {"status": "DOWN", "disconnectedMediaNodes": []})
    first, second = [await add(api, fleet.uri(number)) for number in (0, 1)]
    assert await health() == (200, {"status": "UP", "disconnectedMediaNodes": []})
    for node, number, expected in (
        (first, 0, (409, {"status": "UNSTABLE", "disconnectedMediaNodes": [first["id"]]})),
        (
            second,
            1,
            (503, {"status": "DOWN", "disconnectedMediaNodes": [first["id"], second["id"]]}),
        ),
    ):
        fleet.nodes[number].crash()
        await until(api, node["id"], lambda body: body is not None and not body["connected"])
        assert await health() == expected


async def test_a_restart_is_counted(api: httpx.AsyncClient) -> None:
    before = (await api.get("/openvidu/api/status")).json()
    assert (await api.post("/openvidu/api/restart", json={})).status_code == 200
    after = (await api.get("/openvidu/api/status")).json()

    assert after["restartCounter"] == before["restartCounter"] + 1
    assert after["startTime"] == before["startTime"] == before["lastRestartTime"]
    assert after["lastRestartTime"] >= before["lastRestartTime"]


async def test_the_configuration_is_the_same_below_both(api: httpx.AsyncClient) -> None:
    configurations = [(await api.get(f"{p}/config")).json() for p in ("/pro", "/openvidu/api")]
    assert configurations[0] == configurations[1]


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/media-nodes/x/y"])
async def test_nothing_is_revealed_without_credentials(api: httpx.AsyncClient, path: str) -> None:
    url = f"/openvidu/api{path}"
    assert (await api.get(url, auth=("OPENVIDUAPP", "wrong"))).status_code == 401
    assert (await api.get(url)).status_code == 404
