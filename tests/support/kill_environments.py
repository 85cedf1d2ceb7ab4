"""The machines of the scenarios in which servers are killed, for each environment."""

from __future__ import annotations

import random
import shlex
import sys
import time
from collections import Counter
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster
from mediafleet.environments.aws.environment import NODE as NODE_TAG
from mediafleet.environments.docker.engine import NODE as NODE_LABEL
from support import ec2_shim
from support.docker_engine import IMAGE
from support.ec2_shim import Ec2Shim
from support.local_nodes import end_local_nodes, local_nodes
from support.machine_scripts import MachineScripts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from support.docker_engine import Engine
    from support.kill_scenario import KillEnvironment

MakeEnvironment: TypeAlias = "Callable[[Path], AbstractAsyncContextManager[KillEnvironment]]"
NODES = 12


class OnPremise:
    """Nodes that run anyway."""

    name, launches = "on_premise", False

    def __init__(self, cluster: EmulatedCluster) -> None:
        self.environ = {"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": self.name}
        self._cluster = cluster
        self._numbers = count()

    async def machines(self) -> Sequence[str]:
        return []

    def made(self) -> Mapping[str, int]:
        return {}

    def new_node(self) -> dict[str, Any]:
        return {"uri": self._cluster.uri(next(self._numbers))}


class Local:
    """Processes of this machine."""

    name, launches = "local", True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts = folder / "starts"
        emulator = shlex.join([sys.executable, "-m", "mediafleet", "emulator"])
        noted = f'echo "$MEDIAFLEET_NODE_ID" >> {shlex.quote(str(self._starts))}'
        command = ["sh", "-c", f'{noted}; exec {emulator} --address "$0" --port "$1"']
        self.environ = {
            **_growing(self.name),
            "MEDIAFLEET_LOCAL_COMMAND": shlex.join([*command, "{address}", "{port}"]),
        }

    async def machines(self) -> Sequence[str]:
        return [node.environment_id for node in local_nodes(self._folder)]

    def made(self) -> Mapping[str, int]:
        return Counter(self._starts.read_text().split())

    def new_node(self) -> dict[str, Any]:
        return {}


class Aws:
    """Instances of an EC2 that is moto behind a shim."""

    name, launches = "aws", True

    def __init__(self, shim: Ec2Shim, url: str, port: int) -> None:
        self.environ = {
            **_growing(self.name),
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_IMAGE_ID": "ami-0c58bcdd26011d0fd",
            "AWS_INSTANCE_TYPE": "c5.xlarge",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "a-secret-key",
            "MEDIAFLEET_AWS_ENDPOINT": url,
            "MEDIAFLEET_AWS_NODE_PORT": str(port),
        }
        self.shim = shim

    async def machines(self) -> Sequence[str]:
        return self.shim.alive()

    def made(self) -> Mapping[str, int]:
        return Counter(instance.tags[NODE_TAG] for instance in self.shim.instances.values())

    def new_node(self) -> dict[str, Any]:
        return {}


class Docker:
    """Containers of an Engine of the tests' own."""

    name, launches = "docker", True

    def __init__(self, engine: Engine) -> None:
        self.environ = {
            **_growing(self.name),
            "MEDIAFLEET_DOCKER_HOST": engine.url,
            "MEDIAFLEET_DOCKER_IMAGE": IMAGE,
            "MEDIAFLEET_DOCKER_PULL": "never",
        }
        self.engine = engine
        self._began = int(time.time())

    async def machines(self) -> Sequence[str]:
        """Those that do not run, too: a container that was only created is left behind as well."""
        return [container["Id"] for container in self.engine.containers(running=False)]

    def made(self) -> Mapping[str, int]:
        return Counter(self.engine.created_since(self._began, NODE_LABEL))

    def new_node(self) -> dict[str, Any]:
        return {}


class Script:
    """Machines of an operator's own scripts."""

    name, launches = "script", True

    def __init__(self, scripts: MachineScripts) -> None:
        self.environ = {
            **_growing(self.name),
            "OPENVIDU_PRO_CLUSTER_PATH": str(scripts.write()),
        }
        self._scripts = scripts

    async def machines(self) -> Sequence[str]:
        return self._scripts.alive()

    def made(self) -> Mapping[str, int]:
        return Counter(self._scripts.calls("launch"))

    def new_node(self) -> dict[str, Any]:
        return {}


@asynccontextmanager
async def script(folder: Path) -> AsyncIterator[Script]:
    scripts = MachineScripts(folder)
    try:
        yield Script(scripts)
    finally:
        scripts.end_all()


@asynccontextmanager
async def docker(engine: Engine) -> AsyncIterator[Docker]:
    try:
        yield Docker(engine)
    finally:
        engine.clear()


@asynccontextmanager
async def on_premise(_: Path) -> AsyncIterator[OnPremise]:
    async with _emulated() as cluster:
        yield OnPremise(cluster)


@asynccontextmanager
async def local(folder: Path) -> AsyncIterator[Local]:
    try:
        yield Local(folder)
    finally:
        end_local_nodes(folder)


@asynccontextmanager
async def aws(_: Path) -> AsyncIterator[Aws]:
    async with _emulated() as cluster:
        shim = ec2_shim.backed_by(cluster)
        with ec2_shim.serving(shim) as url:
            yield Aws(shim, url, cluster.port)


def _emulated() -> EmulatedCluster:
    return EmulatedCluster(nodes=NODES, random=random.Random(7), clock=SystemClock())


def _growing(environment: str) -> Mapping[str, str]:
    return {
        "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": environment,
        "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": "1",
    }


MIN_POINTS = {"on_premise": 45, "local": 60, "script": 50, "docker": 55, "aws": 55}
"""How many kill points a whole scenario has at least, by environment."""

ENVIRONMENTS: Mapping[str, MakeEnvironment] = {
    "on_premise": on_premise,
    "local": local,
    "script": script,
    "aws": aws,
}
