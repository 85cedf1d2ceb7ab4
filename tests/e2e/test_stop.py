"""A stop of the server while requests wait: each of them gets an answer, and the change goes on."""

import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster
from support import processes
from support.cluster_client import (
    NODES,
    PREFIXES,
    add,
    below,
    get,
    members,
    until_sessions,
    until_status,
)
from support.machine_scripts import LAUNCH, MachineScripts, write_script

pytestmark = pytest.mark.anyio

READ_INSTEAD = "Read the node's status instead of repeating the request"


@pytest.fixture
async def fleet() -> AsyncIterator[EmulatedCluster]:
    async with EmulatedCluster(nodes=1, random=random.Random(1), clock=SystemClock()) as fleet:
        yield fleet


def assert_says_that_it_goes_on(answer: httpx.Response, node_id: str, outlook: str) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    body = answer.json()
    assert (body["status"], body["error"]) == (503, "Service Unavailable")
    assert body["path"] == answer.request.url.path
    assert body["message"] == (
        f"The server is stopping and cannot wait for Media Node {node_id} any longer; {outlook}. "
        f"{READ_INSTEAD}"
    )


def assert_ended_quietly(running: processes.Running) -> None:
    text = "\n".join(running.output)
    assert "Traceback" not in text
    assert "Cancel" not in text  # what uvicorn says of requests that it gave up


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_request_that_waits_for_a_removal_is_answered_that_it_goes_on(
    fleet: EmulatedCluster, tmp_path: Path, prefix: str
) -> None:
    async with processes.server(tmp_path) as (running, api):
        api.event_hooks["request"].append(below(prefix))
        node_id = (await add(api, fleet.uri(0)))["id"]
        fleet.nodes[0].create_pipeline("room")
        await until_sessions(api, node_id, 1)
        answers: list[httpx.Response] = []

        async def remove() -> None:
            query = {"wait": "true", "deletion-strategy": "when-no-sessions"}
            answers.append(await api.delete(f"{NODES}/{node_id}", params=query))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(remove)
            await until_status(api, node_id, "waiting-idle-to-terminate")
            assert await running.end(signal.SIGTERM) == 0
        assert_says_that_it_goes_on(
            answers[0], node_id, "its removal goes on, also after the next start of the server"
        )
        assert_ended_quietly(running)
    async with processes.server(tmp_path) as (_, api):
        assert (await get(api, node_id))["status"] == "waiting-idle-to-terminate"


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_request_that_waits_for_a_launch_is_answered_that_it_goes_on(
    tmp_path: Path, prefix: str
) -> None:
    folder = MachineScripts(tmp_path).write()
    write_script(folder / LAUNCH, "#!/bin/sh\nexec sleep 60\n")
    properties = {
        "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "script",
        "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": "0",
        "OPENVIDU_PRO_CLUSTER_PATH": str(folder),
    }
    async with processes.server(tmp_path / "data", **properties) as (running, api):
        api.event_hooks["request"].append(below(prefix))
        answers: list[httpx.Response] = []

        async def launch() -> None:
            answers.append(await api.post(NODES, params={"wait": "true"}))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(launch)
            with anyio.fail_after(10):
                while not (nodes := await members(api)):
                    await anyio.sleep(0.02)
            assert await running.end(signal.SIGTERM) == 0
        (node,) = nodes
        assert_says_that_it_goes_on(
            answers[0], node["id"], "its launch goes on, also after the next start of the server"
        )
        assert_ended_quietly(running)
    async with processes.server(tmp_path / "data", **properties) as (_, api):
        assert (await get(api, node["id"]))["status"] == "launching"


async def test_streams_of_events_end_with_the_server_and_do_not_delay_its_stop(
    tmp_path: Path,
) -> None:
    async with (
        processes.server(tmp_path) as (running, api),
        api.stream("GET", "/fleet/events/stream") as response,
    ):
        lines = response.aiter_lines()
        assert await anext(lines) == ": keep-alive"
        with anyio.fail_after(4):  # requests that go on are given up after 5 s
            assert await running.end(signal.SIGTERM) == 0
        assert {line async for line in lines} <= {"", ": keep-alive"}
        assert_ended_quietly(running)
