"""Environments that take their time: only requests that need them wait for them."""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.app import Stopping
from mediafleet.clock import SystemClock
from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import Machine, MachineRequest
from mediafleet.domain.media_node import MediaNode
from mediafleet.domain.ports import Environment
from mediafleet.emulator import EmulatedCluster
from mediafleet.services.machines import LAUNCHES_AT_ONCE
from support import live
from support.cluster_client import (
    NODES,
    Json,
    delete,
    drain,
    members,
    patch,
    until_gone,
    until_sessions,
    until_status,
)

pytestmark = pytest.mark.anyio

TIMEOUT_S = 5


class Slow(Environment):
    """Hands out the nodes of an emulated cluster, one after the other.

    Attributes:
        pause: Seconds that a launch takes.
        pause_at_end: Seconds that the end of a machine takes.
        fails: Whether launches fail.
        most: The most launches at once so far.
    """

    name = "slow"
    launches_machines = True
    ends_with_server = False

    def __init__(self, cluster: EmulatedCluster) -> None:
        self.pause = 0.0
        self.pause_at_end = 0.0
        self.fails = False
        self.most = 0
        self._at_once = 0
        self._uris = [cluster.uri(number) for number in range(len(cluster.nodes))]
        self._machines: dict[str, Machine] = {}

    @asynccontextmanager
    async def open(self, cluster_id: str) -> AsyncIterator[None]:
        yield

    async def launch(self, request: MachineRequest) -> Machine:
        if self.fails:
            raise EnvironmentFailureError(self.name, "launch", "no more machines")
        self._at_once += 1
        self.most = max(self.most, self._at_once)
        try:
            await anyio.sleep(self.pause)
        finally:
            self._at_once -= 1
        number, node_id = len(self._machines), request.node_id
        uri = self._uris[number]
        machine = Machine(f"m-{number}", uri, node_id)
        return self._machines.setdefault(node_id, machine)

    async def terminate(self, node: MediaNode) -> None:
        await anyio.sleep(self.pause_at_end)

    async def discover(self) -> Sequence[Machine]:
        return ()


@pytest.fixture
async def cluster() -> AsyncIterator[EmulatedCluster]:
    async with EmulatedCluster(nodes=48, random=random.Random(1), clock=SystemClock()) as cluster:
        yield cluster


@asynccontextmanager
async def serving(
    environment: Slow, data_dir: Path, nodes: int = 0, stopping: Stopping | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    async with live.mediafleet(
        data_dir,
        environment=environment,
        stopping=stopping,
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES=nodes,
        MEDIAFLEET_LAUNCH_TIMEOUT=TIMEOUT_S,
    ) as api:
        yield api


async def test_launches_that_wait_for_others_do_not_time_out(
    cluster: EmulatedCluster, tmp_path: Path
) -> None:
    environment = Slow(cluster)
    environment.pause = 0.6 * TIMEOUT_S
    count = LAUNCHES_AT_ONCE + 8
    async with serving(environment, tmp_path, count) as api:
        with anyio.fail_after(30):
            while [node["status"] for node in await members(api)] != ["running"] * count:
                assert "failed" not in {node["status"] for node in await members(api)}
                await anyio.sleep(0.05)

    assert environment.most == LAUNCHES_AT_ONCE


async def test_other_requests_do_not_wait_for_slow_launches(
    cluster: EmulatedCluster, tmp_path: Path
) -> None:
    environment = Slow(cluster)
    async with serving(environment, tmp_path) as api:
        node = (await api.post(NODES, params={"wait": "true"})).json()
        cluster.nodes[0].create_pipeline("room")
        await until_sessions(api, node["id"], 1)
        environment.pause = 3600.0
        waiting = [(await api.post(NODES)).json()["id"] for _ in range(LAUNCHES_AT_ONCE + 1)]
        with anyio.fail_after(10):
            while environment.most < LAUNCHES_AT_ONCE:
                await anyio.sleep(0.01)

        began = anyio.current_time()
        assert (await drain(api, node["id"], 1, "abort", force="true")).status_code == 201
        await until_status(api, node["id"], "running")
        assert 1.0 < anyio.current_time() - began < TIMEOUT_S
        assert (await patch(api, waiting[-1], "canceled")).status_code == 200
        await until_gone(api, waiting[-1])
        assert (await delete(api, node["id"], deletion_strategy="now")).status_code == 204
        await until_gone(api, node["id"])
        assert environment.most == LAUNCHES_AT_ONCE
        statuses = [found["status"] for found in await members(api)]
        assert statuses == ["launching"] * LAUNCHES_AT_ONCE


async def test_a_stop_notifies_waiters_of_a_launch_that_the_node_ends_with_the_server(
    cluster: EmulatedCluster, tmp_path: Path
) -> None:
    environment, stopping = Slow(cluster), Stopping()
    environment.pause = 3600.0
    environment.ends_with_server = True
    async with serving(environment, tmp_path, stopping=stopping) as api:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_when, api, bool, stopping)
            answer = await api.post(NODES, params={"wait": "true"})
        (node,) = await members(api)
        assert answer.status_code == 503
        assert f"{node['id']} any longer; it ends with the server." in answer.json()["message"]
        environment.ends_with_server = False  # not to wait for it below


async def test_a_stop_notifies_waiters_for_what_a_failed_launch_left(
    cluster: EmulatedCluster, tmp_path: Path
) -> None:
    environment, stopping = Slow(cluster), Stopping()
    environment.fails = True
    environment.pause_at_end = 3600.0
    async with serving(environment, tmp_path, stopping=stopping) as api:
        node = (await api.post(NODES)).json()
        await until_status(api, node["id"], "failed")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_when, api, lambda _: True, stopping)
            answer = await delete(api, node["id"], wait="true")
        assert answer.status_code == 503
        assert "it is removed by itself within an hour." in answer.json()["message"]
        assert await members(api)


async def stop_when(
    api: httpx.AsyncClient, is_time: Callable[[list[Json]], bool], stopping: Stopping
) -> None:
    with anyio.fail_after(10):
        while not is_time(await members(api)):
            await anyio.sleep(0.01)
    stopping.begin()
