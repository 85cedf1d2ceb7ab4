from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.emulator import EmulatedCluster
from support import histories, live
from support.cluster_client import (
    NODES,
    add,
    delete,
    get,
    members,
    until,
    until_gone,
    until_sessions,
    until_status,
)
from support.cutting_proxy import cutting_proxy
from support.fake_kurento import fake_kurento

pytestmark = pytest.mark.anyio


async def test_a_node_is_launching_when_added_and_runs_soon(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    response = await api.post(NODES, json={"uri": fleet.uri(0)})

    node = response.json()
    assert response.status_code == 200
    assert node["status"] == "launching"
    assert node["id"].startswith("kms_")
    assert (node["uri"], node["ip"]) == (fleet.uri(0), "127.0.1.1")
    running = await until_status(api, node["id"], "running")
    assert running is not None
    assert running["connected"] is True
    assert "disconnectionTime" not in running


async def test_wait_answers_when_the_node_runs(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))

    assert (node["status"], node["connected"]) == ("running", True)
    assert await members(api) == [await get(api, node["id"])]


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1", "[::1]"])
async def test_the_ip_is_the_host_of_the_uri_however_a_node_joined(
    tmp_path: Path, host: str
) -> None:
    reported = host.strip("[]").lower()
    async with fake_kurento(reported) as server:
        uri = f"ws://{host}:{server.port}/kurento"
        async with live.mediafleet(tmp_path / "configured", KMS_URIS=[uri]) as api:
            (configured,) = await members(api)
            await until_status(api, configured["id"], "running")
            (connected,) = await members(api)
        async with live.mediafleet(tmp_path / "posted") as api:
            posted = await add(api, uri)
        async with live.mediafleet(tmp_path / "posted") as api:
            (restarted,) = await members(api)

    assert [node["ip"] for node in (configured, connected, posted, restarted)] == [reported] * 4


async def test_a_long_list_of_configured_nodes_joins_once_whatever_form_it_has(
    tmp_path: Path,
) -> None:
    uris = [f"ws://127.2.{number // 250}.{number % 250 + 1}:9/kurento" for number in range(500)]
    forms = [*uris, *(uri.replace("ws://", "WS://") for uri in uris)]
    for _ in range(2):  # the second start finds them
        async with live.mediafleet(tmp_path, KMS_URIS=forms) as api:
            listed = await members(api)
            assert sorted(node["uri"] for node in listed) == sorted(uris)


async def test_an_unknown_body_key_is_ignored_and_a_missing_uri_is_501(
    api: httpx.AsyncClient,
) -> None:
    for body in ({}, {"uri": None}, {"instanceType": "c5.large"}):
        assert (await api.post(NODES, json=body)).status_code == 501
    assert (await api.post(NODES)).status_code == 501


async def test_the_same_uri_however_written_is_a_conflict_naming_the_member(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))

    for uri in (fleet.uri(0), fleet.uri(0).replace("ws://", "WS://")):
        response = await api.post(NODES, json={"uri": uri})
        assert response.status_code == 409
        assert node["id"] in response.json()["message"]
    assert len(await members(api)) == 1


async def test_one_media_server_under_two_names_is_a_conflict_naming_the_member(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    other_name = fleet.uri(0).replace("127.0.1.1", "[::ffff:127.0.1.1]")

    response = await api.post(NODES, json={"uri": other_name})

    assert response.status_code == 409, response.text
    assert node["id"] in response.json()["message"]


async def test_of_two_members_that_turn_out_to_be_one_media_server_the_younger_leaves(
    api: httpx.AsyncClient, database: Path
) -> None:
    async with fake_kurento() as server, cutting_proxy(server.port) as proxy:
        elder = await add(api, server.uri.replace(str(server.port), str(proxy.port)))
        proxy.is_closed = True
        await server.restart()
        younger = await add(api, server.uri)  # nobody knows yet that the new process is the elder's
        server.create("room")
        await until_sessions(api, younger["id"], 1)

        proxy.is_closed = False
        await until_gone(api, younger["id"])

        await until_sessions(api, elder["id"], 1)
        assert [node["id"] for node in await members(api)] == [elder["id"]]
        assert server.asked("release") == []
    events = histories.read_events(database)
    (deduplicated,) = (event for event in events if event["name"] == "mediaNodeDeduplicated")
    assert (deduplicated["node"], deduplicated["duplicateOf"]) == (younger["id"], elder["id"])
    assert not [event for event in events if event["name"] == "sessionDestroyed"]
    assert histories.faults(events, histories.read_members(database)) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda uri: uri.replace("/kurento", "/other"), "path"),
        (lambda uri: uri.replace("127.0.1.1", "10.255.255.1"), "ALLOWED_NODE_NETWORKS"),
        (
            lambda uri: uri.replace("127.0.1.1", "169.254.169.254"),
            "MEDIAFLEET_ALLOWED_NODE_NETWORKS",
        ),
    ],
    ids=["wrong path", "network not listed", "link-local"],
)
async def test_a_server_out_of_reach_is_404_with_the_reason_and_leaves_no_record(
    api: httpx.AsyncClient, fleet: EmulatedCluster, database: Path, change, reason: str
) -> None:
    response = await api.post(NODES, json={"uri": change(fleet.uri(0))})

    assert response.status_code == 404
    assert reason in response.json()["message"]
    assert await members(api) == []
    assert histories.read_events(database) == []


async def test_user_information_in_a_uri_is_refused_and_not_repeated(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    for uri in (
        fleet.uri(0).replace("ws://", "ws://me:hunter2@"),
        fleet.uri(0) + "?token=hunter2",
        fleet.uri(0) + "#hunter2",
    ):
        response = await api.post(NODES, json={"uri": uri})
        assert response.status_code == 400
        assert "hunter2" not in response.text


async def test_a_launch_that_is_canceled_ends_the_wait_with_a_conflict_and_the_node(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    outcome = {}

    async def post() -> None:
        outcome["added"] = await api.post(
            NODES, params={"wait": "true"}, json={"uri": fleet.uri(0)}
        )

    async with anyio.create_task_group() as tasks:
        fleet.nodes[0].slow_handshake(1)  # so that the launch can be seen
        tasks.start_soon(post)
        with anyio.fail_after(5):
            while not (nodes := await members(api)):
                await anyio.sleep(0.01)
        assert nodes[0]["status"] == "launching"
        response = await delete(api, nodes[0]["id"])
        assert response.status_code == 204

    assert outcome["added"].status_code == 409
    assert "canceled" in outcome["added"].json()["message"]
    await until(api, nodes[0]["id"], lambda node: node is None)


async def test_a_configured_node_that_never_answers_fails_visibly_and_frees_its_uri(
    tmp_path: Path, fleet: EmulatedCluster, database: Path
) -> None:
    fleet.nodes[0].crash()
    async with live.mediafleet(
        tmp_path, MEDIAFLEET_LAUNCH_TIMEOUT="0.5", KMS_URIS=[fleet.uri(0), fleet.uri(1)]
    ) as api:
        nodes = await members(api)
        assert [node["uri"] for node in nodes] == [fleet.uri(0), fleet.uri(1)]
        await until_status(api, nodes[0]["id"], "failed")
        await until_status(api, nodes[1]["id"], "running")
        for node, failure in zip(
            nodes, ("no connection within 0.5 s of the launch", None), strict=True
        ):
            diagnostics = await api.get(f"/fleet/media-nodes/{node['id']}/diagnostics")
            assert diagnostics.json()["failure"] == failure

        fleet.nodes[0].restart()
        again = await add(api, fleet.uri(0))
        assert again["id"] != nodes[0]["id"]

        assert (await delete(api, nodes[0]["id"])).status_code == 204
        assert {node["id"] for node in await members(api)} == {again["id"], nodes[1]["id"]}
    assert histories.faults(histories.read_events(database), histories.read_members(database)) == []


async def test_discovery_on_premises_finds_nothing_and_is_no_error(api: httpx.AsyncClient) -> None:
    response = await api.put(NODES)

    assert (response.status_code, response.json()) == (200, {"numberOfElements": 0, "content": []})
