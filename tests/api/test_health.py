"""Health and probes: what they show of the server's components, and to whom."""

import asyncio
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.app import Stopping
from support import live
from support.failing_environment import FailingEnvironment

pytestmark = pytest.mark.anyio

LOOPS = [
    "heartbeat",
    "links",
    "lifecycle",
    "sizing",
    "event retention",
    "call detail records",
    "webhook",
]


async def probe(api: httpx.AsyncClient, name: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=api.base_url) as anybody:
        return await anybody.get(f"/health/{name}")


async def test_probes_are_open_and_reveal_nothing(api: httpx.AsyncClient) -> None:
    for name in ("live", "ready"):
        answer = await probe(api, name)
        assert (answer.status_code, answer.content) == (200, b"")
        wrong = await api.get(f"/health/{name}", auth=("OPENVIDUAPP", "wrong"))
        assert wrong.status_code == 200
    async with httpx.AsyncClient(base_url=api.base_url) as anybody:
        assert (await anybody.get("/health")).status_code == 401
        assert (await anybody.get("/health/other")).status_code == 404


async def test_all_components_work(api: httpx.AsyncClient) -> None:
    answer = await api.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "UP")
    assert answer.json()["failedComponents"] == []


async def test_a_server_whose_loops_have_ended_is_down_and_dead(api: httpx.AsyncClient) -> None:
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "lifecycle")
    task.cancel()  # a stray cancellation ends all that belongs together
    await asyncio.wait([task])

    failed: list[dict[str, str]] = []
    with anyio.fail_after(5):
        while not {each["component"] for each in failed} >= {"store", *LOOPS}:
            failed = (await api.get("/health")).json()["failedComponents"]
    assert {each["reason"] for each in failed} == {"no store is open", "it has ended"}
    answer = await api.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "DOWN")
    assert int(answer.headers["retry-after"]) > 0
    openvidu = await api.get("/openvidu/api/health")
    assert openvidu.status_code == 503
    assert openvidu.json() == {
        "status": "DOWN",
        "disconnectedMediaNodes": [],
        "failedComponents": failed,
    }
    for name in ("live", "ready"):
        answer = await probe(api, name)
        assert answer.status_code == 503
        assert "lifecycle" not in answer.text


async def test_a_cluster_that_cannot_be_brought_to_its_size_is_unstable(tmp_path: Path) -> None:
    environment = FailingEnvironment(tmp_path)
    environment.failing = {"discover"}
    async with live.mediafleet(
        tmp_path,
        environment=environment,
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local",
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0,
        MEDIAFLEET_LOCAL_COMMAND="emulator",
    ) as api:
        await until_status(api, "UNSTABLE")
        answer = await api.get("/health")
        assert answer.status_code == 200
        (failed,) = answer.json()["failedComponents"]
        assert failed["component"] == "sizing"
        assert failed["reason"].endswith("failed to discover: not authorized")
        for name in ("live", "ready"):
            assert (await probe(api, name)).status_code == 200
        environment.failing = set()
        await until_status(api, "UP")


async def until_status(api: httpx.AsyncClient, status: str) -> None:
    with anyio.fail_after(10):
        while (await api.get("/health")).json()["status"] != status:
            await anyio.sleep(0.02)


async def test_a_server_that_begins_to_stop_is_live_and_not_ready(tmp_path: Path) -> None:
    stopping = Stopping()
    async with live.mediafleet(tmp_path, stopping=stopping) as api:
        stopping.begin()

        assert (await probe(api, "live")).status_code == 200
        answer = await probe(api, "ready")
        assert answer.status_code == 503
        assert answer.json()["message"] == "The server is starting or shutting down"
