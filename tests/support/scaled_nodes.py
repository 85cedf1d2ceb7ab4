"""An environment whose machines are emulated nodes of the test's own event loop."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio

from mediafleet.clock import Clock
from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import Machine, MachineRequest
from mediafleet.domain.media_node import MediaNode
from mediafleet.domain.ports import Environment
from mediafleet.emulator import EmulatedCluster, EmulatedNode


class ScaledNodes(Environment):
    """Launches emulated nodes; an async context manager.

    Attributes:
        nodes: The nodes by the id of the Media Node, in the order of their launches.
        may_complete: Launches wait for it.
        fails: Launches fail.
        launches: How many launches began.
    """

    name = "scaled"
    launches_machines = True
    ends_with_server = False

    def __init__(self, clock: Clock) -> None:
        self._emulated = EmulatedCluster(nodes=0, random=random.Random(1), clock=clock)
        self.nodes: dict[str, EmulatedNode] = {}
        self.may_complete = anyio.Event()
        self.fails = False
        self.launches = 0
        self._ended: set[str] = set()

    async def __aenter__(self) -> "ScaledNodes":
        await self._emulated.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._emulated.stop()

    def load(self, number: int, percent: float | None) -> None:
        """Set the load of the node of the machine as a whole."""
        node = list(self.nodes.values())[number]
        node.set_load(None if percent is None else percent * 2)  # it has two cores

    @asynccontextmanager
    async def open(self, cluster_id: str) -> AsyncIterator[None]:
        yield

    async def launch(self, request: MachineRequest) -> Machine:
        self.launches += 1
        await self.may_complete.wait()
        if self.fails:
            raise EnvironmentFailureError(self.name, "launch", "no capacity")
        node = self._emulated.add_node()
        node.set_load(0)
        self.nodes[request.node_id] = node
        return Machine(f"i-{node.index}", node.uri, request.node_id)

    async def terminate(self, node: MediaNode) -> None:
        if node.id in self.nodes and node.id not in self._ended:
            self._ended.add(node.id)
            self.nodes[node.id].crash()

    async def discover(self) -> Sequence[Machine]:
        return [
            Machine(f"i-{node.index}", node.uri, node_id)
            for node_id, node in self.nodes.items()
            if node_id not in self._ended
        ]
