"""Local nodes whose environment fails where a test wants it."""

import os
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import anyio

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import Machine, MachineRequest
from mediafleet.domain.media_node import MediaNode
from mediafleet.environments.local import Local, LocalSettings


class FailingEnvironment(Local):
    """Local nodes; chosen methods fail or never return.

    Attributes:
        failing: Names of the methods that fail.
        hanging: Names of the methods that never end.
        failing_afterwards: Names of the methods that fail after they have done their work.
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
        self.failing: set[str] = set()
        self.hanging: set[str] = set()
        self.failing_afterwards: set[str] = set()
        self.calls: Counter[str] = Counter()

    async def launch(self, request: MachineRequest) -> Machine:
        await self._before_call("launch")
        machine = await super().launch(request)
        self._after_call("launch")
        return machine

    async def terminate(self, node: MediaNode) -> None:
        await self._before_call("terminate")
        await super().terminate(node)
        self._after_call("terminate")

    async def discover(self) -> Sequence[Machine]:
        await self._before_call("discover")
        return await super().discover()

    async def _before_call(self, operation: str) -> None:
        self.calls[operation] += 1
        if operation in self.hanging:
            await anyio.sleep_forever()
        if operation in self.failing:
            raise EnvironmentFailureError(self.name, operation, "not authorized")

    def _after_call(self, operation: str) -> None:
        if operation in self.failing_afterwards:
            raise EnvironmentFailureError(self.name, operation, "its answer was lost")
