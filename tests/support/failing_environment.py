"""Local nodes whose environment refuses to do one thing or another, for as long as a test wants."""

import os
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import anyio

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.media_node import MediaNode
from mediafleet.domain.ports import Machine, MachineRequest
from mediafleet.environments.local import Local, LocalSettings


class Troubled(Local):
    """Local nodes; what is among the troubles fails, or never comes to an end.

    Attributes:
        troubles: Names of the methods that fail.
        hangs: Names of the methods that never end.
        half_done: Names of the methods that fail when they have done what was asked.
        calls: How often each was called.
    """

    def __init__(self, data_dir: Path, sessions: int = 0) -> None:
        emulator = [sys.executable, "-m", "mediafleet", "emulator", "--sessions", str(sessions)]
        super().__init__(
            LocalSettings(
                directory=data_dir / "local",
                command=f"{shlex.join(emulator)} --address {{address}} --port {{port}}",
                environ=dict(os.environ),
            )
        )
        self.troubles: set[str] = set()
        self.hangs: set[str] = set()
        self.half_done: set[str] = set()
        self.calls: Counter[str] = Counter()

    async def launch(self, request: MachineRequest) -> Machine:
        await self._meet("launch")
        machine = await super().launch(request)
        self._part_from("launch")
        return machine

    async def terminate(self, node: MediaNode) -> None:
        await self._meet("terminate")
        await super().terminate(node)
        self._part_from("terminate")

    async def discover(self) -> Sequence[Machine]:
        await self._meet("discover")
        return await super().discover()

    async def _meet(self, operation: str) -> None:
        self.calls[operation] += 1
        if operation in self.hangs:
            await anyio.sleep_forever()
        if operation in self.troubles:
            raise EnvironmentFailureError(self.name, operation, "not authorized")

    def _part_from(self, operation: str) -> None:
        if operation in self.half_done:
            raise EnvironmentFailureError(self.name, operation, "its answer was lost")
