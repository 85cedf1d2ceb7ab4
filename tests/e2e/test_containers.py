"""Containers as Media Nodes of a running server."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import processes
from support.cluster_client import NODES, members, until_findings, until_sessions, until_status
from support.docker_engine import Engine, private_engine
from support.kill_environments import docker
from support.kurento_wire import wire

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with private_engine() as engine:
        yield engine


async def test_the_end_of_a_container_is_in_the_diagnostics(engine: Engine, tmp_path: Path) -> None:
    async with docker(engine) as ground:
        environ = {**ground.environ, "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": "0"}
        async with processes.server(tmp_path, **environ) as (_, api):
            node = (await api.post(NODES, params={"wait": "true"})).json()
            os.kill(engine.pid_of(node["environmentId"]), signal.SIGKILL)
            found = await until_findings(api, node["id"], "machine-ended", "disconnected")
    assert found["machine-ended"] == "the container is exited, its exit code is 137"


async def test_a_paused_container_is_a_member_with_its_sessions_after_a_start(
    engine: Engine, tmp_path: Path
) -> None:
    async with docker(engine) as ground:
        environ = {**ground.environ, "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": "1"}
        async with processes.server(tmp_path, **environ) as (_, api):
            (node,) = await members(api)
            launched = await until_status(api, node["id"], "running")
            async with wire(launched["uri"]) as client:
                await client.create("MediaPipeline")
        container = f"/containers/{launched['environmentId']}"
        assert engine.ask("POST", f"{container}/pause")[0] == 204
        async with processes.server(tmp_path, **environ) as (_, api):
            (node,) = await members(api)
            assert (node["id"], node["status"]) == (launched["id"], "running")
            assert engine.ask("POST", f"{container}/unpause")[0] == 204
            await until_sessions(api, node["id"], 1)
            assert [each["id"] for each in await members(api)] == [launched["id"]]
