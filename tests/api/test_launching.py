"""Environments that launch machines, through the whole server: what fails, and what comes of it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from support import live
from support.cluster_client import NODES, Json, delete, members, patch, until, until_gone
from support.failing_environment import FailingEnvironment
from support.local_nodes import end_local_nodes, local_nodes
from support.outages import locked

pytestmark = pytest.mark.anyio


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[FailingEnvironment]:
    yield FailingEnvironment(tmp_path)
    end_local_nodes(tmp_path)


@asynccontextmanager
async def serving(
    environment: FailingEnvironment, data_dir: Path, *, nodes: int = 0, **properties: str
) -> AsyncIterator[httpx.AsyncClient]:
    async with live.mediafleet(
        data_dir, environment=environment, OPENVIDU_PRO_CLUSTER_MEDIA_NODES=nodes, **properties
    ) as api:
        yield api


async def launch(api: httpx.AsyncClient) -> Json:
    answer = await api.post(NODES, params={"wait": "true"})
    assert answer.status_code == 200, answer.text
    node: Json = answer.json()
    return node


async def test_a_launch_that_fails_is_reported_and_its_node_listed_until_removed(
    environment: FailingEnvironment, tmp_path: Path
) -> None:
    environment.failing = {"launch"}
    async with serving(environment, tmp_path) as api:
        answer = await api.post(NODES, params={"wait": "true"})
        assert answer.status_code == 502
        assert answer.json()["message"] == "Environment local failed to launch: not authorized"
        (node,) = await members(api)
        assert (node["status"], node["uri"], node["environmentId"]) == ("failed", None, None)
        diagnostics = await api.get(f"/fleet/media-nodes/{node['id']}/diagnostics")
        assert diagnostics.json()["failure"] == "not authorized"
        assert (await delete(api, node["id"], wait="true")).status_code == 204
        assert await members(api) == []
        assert environment.calls["launch"] == 1


async def test_a_termination_that_fails_is_reported_and_retried_with_back_off(
    environment: FailingEnvironment, tmp_path: Path
) -> None:
    async with serving(environment, tmp_path) as api:
        node = await launch(api)
        environment.failing = {"terminate"}
        began = anyio.current_time()
        for _ in range(3):
            refused = await delete(api, node["id"], wait="true")
            assert refused.status_code == 502
            assert "still terminating, it is tried again" in refused.json()["message"]
            assert "not authorized" in refused.json()["message"]
        with anyio.fail_after(10):
            while environment.calls["terminate"] < 3:
                await anyio.sleep(0.01)
        assert anyio.current_time() - began > 1.9
        (left,) = await members(api)
        assert left["status"] == "terminating"
        environment.failing.clear()
        await until_gone(api, node["id"])
    assert local_nodes(tmp_path) == []


@pytest.mark.parametrize("strategy", ["if-no-sessions", "now"])
async def test_a_termination_that_fails_after_it_ended_the_machine_is_tried_again(
    environment: FailingEnvironment, tmp_path: Path, strategy: str
) -> None:
    async with serving(environment, tmp_path) as api:
        node = await launch(api)
        environment.failing_afterwards = {"terminate"}
        refused = await delete(api, node["id"], deletion_strategy=strategy, wait="true")
        assert refused.status_code == 502
        assert "its answer was lost" in refused.json()["message"]
        assert local_nodes(tmp_path) == []
        (left,) = await members(api)
        assert (left["status"], left["connected"]) == ("terminating", False)
        environment.failing_afterwards.clear()
        await until_gone(api, node["id"])
        assert environment.calls["terminate"] == 2


async def test_a_launch_that_never_ends_fails_at_its_timeout(
    environment: FailingEnvironment, tmp_path: Path
) -> None:
    environment.hanging = {"launch"}
    async with serving(environment, tmp_path, MEDIAFLEET_LAUNCH_TIMEOUT="0.2") as api:
        answer = await api.post(NODES, params={"wait": "true"})
        assert answer.status_code == 502
        assert "no connection within" in answer.json()["message"]


async def test_a_cancelled_launch_can_be_wanted_again(
    environment: FailingEnvironment, tmp_path: Path
) -> None:
    async with serving(environment, tmp_path) as api:
        node = (await api.post(NODES)).json()
        assert (await patch(api, node["id"], "canceled")).status_code == 200
        assert (await patch(api, node["id"], "launching")).status_code == 200
        await until(api, node["id"], lambda found: bool(found) and found["status"] == "running")
        assert environment.calls["launch"] == 1
        assert len(local_nodes(tmp_path)) == 1


@pytest.mark.parametrize("canceled_by", ["PATCH", "DELETE"])
async def test_a_removal_now_ends_the_sessions_of_a_launch_that_was_canceled(
    tmp_path: Path, canceled_by: str
) -> None:
    environment = FailingEnvironment(tmp_path, sessions=1)
    async with serving(environment, tmp_path) as api:
        node = (await api.post(NODES)).json()
        if canceled_by == "PATCH":
            assert (await patch(api, node["id"], "canceled")).status_code == 200
            await until(
                api, node["id"], lambda found: bool(found) and found["status"] == "terminating"
            )
        removed = await delete(api, node["id"], deletion_strategy="now", wait="true")
        assert removed.status_code == 204
        assert await members(api) == []
    assert local_nodes(tmp_path) == []


async def test_a_stop_ends_although_a_machine_cannot_be_terminated_and_the_next_start_ends_it(
    environment: FailingEnvironment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(environment, tmp_path) as api:
        node = await launch(api)
        environment.failing = {"terminate"}
    (record,) = [each for each in caplog.records if each.message == "node not ended"]
    assert record.media_node_id == node["id"]  # type: ignore[attr-defined]
    assert "failed to terminate: not authorized" in record.reason  # type: ignore[attr-defined]
    assert len(local_nodes(tmp_path)) == 1

    async with serving(FailingEnvironment(tmp_path), tmp_path) as api:
        await until_gone(api, node["id"])
    assert local_nodes(tmp_path) == []


async def test_a_stop_leaves_a_node_that_hosts_sessions(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "mediafleet")
    environment = FailingEnvironment(tmp_path, sessions=1)
    async with serving(environment, tmp_path) as api:
        node = await launch(api)
    (record,) = [each for each in caplog.records if each.message == "node stays, it hosts sessions"]
    assert record.media_node_id == node["id"]  # type: ignore[attr-defined]
    assert record.sessions == 1  # type: ignore[attr-defined]
    assert len(end_local_nodes(tmp_path)) == 1


async def test_a_server_starts_and_serves_although_its_environment_does_not_answer(
    environment: FailingEnvironment, tmp_path: Path
) -> None:
    environment.failing = {"discover", "launch"}
    async with serving(environment, tmp_path, nodes=1) as api:
        answer = await api.put(NODES)
        assert answer.status_code == 502
        assert answer.json()["message"] == "Environment local failed to discover: not authorized"
        node = (await api.post(NODES)).json()
        await until(api, node["id"], lambda found: bool(found) and found["status"] == "failed")


async def test_the_cluster_grows_as_soon_as_its_environment_lists_its_machines(
    environment: FailingEnvironment, tmp_path: Path
) -> None:
    environment.failing = {"discover"}
    async with serving(environment, tmp_path, nodes=1) as api:
        with anyio.fail_after(10):
            while environment.calls["discover"] < 3:
                await anyio.sleep(0.01)
        assert await members(api) == []
        environment.failing = set()
        await until_running(api, 1)
    assert environment.calls["launch"] == 1


async def test_a_restart_is_done_although_the_store_is_out_of_reach_and_growth_follows(
    environment: FailingEnvironment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(environment, tmp_path) as api:
        with locked(tmp_path / "mediafleet.db")():
            wanted = {"OPENVIDU_PRO_CLUSTER_MEDIA_NODES": 1}
            restarted = await api.post("/pro/restart", json=wanted)
            assert restarted.status_code == 200, restarted.text
            with anyio.fail_after(15):
                while "resizing" not in {getattr(each, "job", "") for each in caplog.records}:
                    await anyio.sleep(0.01)
            assert await members(api) == []
        await until_running(api, 1)


async def until_running(api: httpx.AsyncClient, count: int) -> None:
    with anyio.fail_after(20):
        while [node["status"] for node in await members(api)] != ["running"] * count:
            await anyio.sleep(0.02)


async def test_named_nodes_and_uris_mean_nothing_where_nodes_are_launched(
    environment: FailingEnvironment, tmp_path: Path
) -> None:
    uri = "ws://127.0.0.1:9/kurento"
    async with serving(environment, tmp_path, KMS_URIS=f"[{uri}]") as api:
        assert await members(api) == []
        added = await api.post(NODES, params={"wait": "true"}, json={"uri": uri})
        assert added.status_code == 200
        assert added.json()["uri"] != uri
