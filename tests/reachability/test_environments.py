"""In every environment that launches machines, what its outcomes come to is really reached."""

import json
import shlex
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import anyio
import httpx
import pytest

from support import processes
from support.cluster_client import NODES, PREFIXES, below, delete, members
from support.cutting_proxy import CuttingProxy, cutting_proxy
from support.docker_engine import Engine, private_engine
from support.ec2_shim import Fault
from support.kill_environments import Aws, Docker, Local, Script, aws, docker, local, script

pytestmark = pytest.mark.anyio

LIMIT_S = 30
FOR_EVER = 99


class Lab:
    """An environment whose operations can be made to fail while the server runs.

    Attributes:
        environ: Configuration of the server.
        can_fail: Operations that can be made to fail here.
    """

    environ: dict[str, str]
    can_fail: tuple[str, ...] = ("launch", "terminate", "discover")

    async def fail(self, operation: str) -> None:
        raise NotImplementedError

    async def mend(self, operation: str) -> None:
        raise NotImplementedError


class LocalLab(Lab):
    can_fail = ("launch",)

    def __init__(self, ground: Local, folder: Path) -> None:
        self.flag = folder / "broken"
        node = f"{shlex.quote(sys.executable)} -m mediafleet emulator --address $1 --port $2"
        text = f"test -e {shlex.quote(str(self.flag))} && exit 3; exec {node}"
        command = shlex.join(["sh", "-c", text, "sh", "{address}", "{port}"])
        self.environ = {**ground.environ, "MEDIAFLEET_LOCAL_COMMAND": command}

    async def fail(self, operation: str) -> None:
        self.flag.touch()

    async def mend(self, operation: str) -> None:
        self.flag.unlink()


class ScriptLab(Lab):
    names: ClassVar = {
        "launch": "openvidu_launch_kms.sh",
        "terminate": "openvidu_drop.sh",
        "discover": "openvidu_autodiscover.sh",
    }

    def __init__(self, ground: Script) -> None:
        self.environ = dict(ground.environ)
        self.folder = Path(self.environ["OPENVIDU_PRO_CLUSTER_PATH"])
        self.kept: dict[str, str] = {}

    async def fail(self, operation: str) -> None:
        path = self.folder / self.names[operation]
        self.kept[operation] = path.read_text()
        path.write_text("#!/bin/sh\necho 'not authorized' >&2\nexit 1\n")

    async def mend(self, operation: str) -> None:
        (self.folder / self.names[operation]).write_text(self.kept[operation])


class AwsLab(Lab):
    actions: ClassVar = {
        "launch": "RunInstances",
        "terminate": "TerminateInstances",
        "discover": "DescribeInstances",
    }

    def __init__(self, ground: Aws) -> None:
        self.environ = dict(ground.environ)
        self.faults = ground.shim.faults

    async def fail(self, operation: str) -> None:
        action = self.actions[operation]
        self.faults.append(Fault(action, "UnauthorizedOperation", status=403, times=FOR_EVER))

    async def mend(self, operation: str) -> None:
        self.faults.clear()


class DockerLab(Lab):
    """A launch lacks its image; for all else the Engine is out of reach."""

    def __init__(self, ground: Docker, proxy: CuttingProxy) -> None:
        host = {"MEDIAFLEET_DOCKER_HOST": f"tcp://127.0.0.1:{proxy.port}"}
        self.environ = {**ground.environ, **host}
        self.engine = ground.engine
        self.proxy = proxy
        self.image = self.environ["MEDIAFLEET_DOCKER_IMAGE"]

    async def fail(self, operation: str) -> None:
        if operation != "launch":
            self.proxy.cut()
            self.proxy.is_closed = True
            return
        self.engine.ask("POST", f"/images/{self.image}/tag?repo=mediafleet/kept&tag=test")
        self.engine.ask("DELETE", f"/images/{self.image}")

    async def mend(self, operation: str) -> None:
        if operation != "launch":
            self.proxy.is_closed = False
            return
        name, _, tag = self.image.partition(":")
        self.engine.ask("POST", f"/images/mediafleet/kept:test/tag?repo={name}&tag={tag}")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with private_engine() as engine:
        yield engine


@asynccontextmanager
async def lab_of(name: str, folder: Path, request: Any) -> AsyncIterator[Lab]:
    if name == "local":
        async with local(folder) as ground:
            yield LocalLab(ground, folder)
    elif name == "script":
        async with script(folder) as ground:
            yield ScriptLab(ground)
    elif name == "aws":
        async with aws(folder) as ground:
            yield AwsLab(ground)
    else:
        engine = request.getfixturevalue("engine")
        async with docker(engine) as ground, cutting_proxy(engine.socket) as proxy:
            yield DockerLab(ground, proxy)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("name", ["local", "script", "docker", "aws"])
async def test_success_and_failure_of_an_environment_reach_the_client(
    name: str, prefix: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async with lab_of(name, tmp_path, request) as lab:
        environ = lab.environ | {"OPENVIDU_PRO_CLUSTER_MEDIA_NODES": "0"}
        async with processes.server(tmp_path, **environ) as (_, api):
            api.event_hooks["request"].append(below(prefix))
            await reach_all(lab, api, prefix)


async def reach_all(lab: Lab, api: httpx.AsyncClient, prefix: str) -> None:
    wait = {"wait": "true"}
    added = await api.post(NODES, params=wait)
    assert (added.status_code, added.json()["status"]) == (200, "running"), added.text
    assert (await api.put(NODES)).json()["content"] == []
    begun = await api.post(NODES)
    assert begun.status_code == 200
    for node in (added.json(), begun.json()):
        assert (await delete(api, node["id"], **wait)).status_code == 204
    until_now = {node["status"] for node in await members(api)}
    assert until_now == set()

    for operation in lab.can_fail:
        node = None
        if operation == "terminate":
            node = (await api.post(NODES, params=wait)).json()["id"]
        await lab.fail(operation)
        if operation == "launch":
            answer = await api.post(NODES, params=wait)
        elif operation == "discover":
            answer = await api.put(NODES)
        else:
            answer = await delete(api, node, **wait)
        assert answer.status_code == 502, (operation, answer.text)
        assert len(json.loads(answer.text)["message"]) > 20
        await lab.mend(operation)
        if node is not None:
            await until_nobody(api, node)


async def until_nobody(api: httpx.AsyncClient, node_id: str) -> None:
    """A termination that failed is tried again, and comes to its end once it can."""
    with anyio.fail_after(LIMIT_S):
        while node_id in {node["id"] for node in await members(api)}:
            await anyio.sleep(0.05)


async def test_a_uri_is_missing_on_premises_only(tmp_path: Path) -> None:
    async with processes.server(tmp_path) as (_, api):
        assert (await api.post(NODES)).status_code == 501
