"""Where a server can be killed: around each write of its own and each call of its environment.

Runs inside the server's process. Every point is written to a journal before the server goes past
it; at the one that is named the process kills itself, as `kill -9` would. Some calls of the
environment fail, in every server.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from mediafleet.app import server as wiring
from mediafleet.app.active_configuration import ActiveConfiguration
from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import Machine, MachineRequest
from mediafleet.domain.ports import Environment
from mediafleet.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from mediafleet.domain.media_node import MediaNode

MIDWAY_S = 0.04
FAILING = frozenset({"discover 1", "terminate 1"})
"""Calls of an environment that fail, by their numbers in a server."""


class KillPoints:
    """Counts points by their name; kills the process at one of them.

    Args:
        journal: A file; each point is one line of it.
        fatal: The point to be killed at, such as ``commit 3 after``; empty for none.
    """

    def __init__(self, journal: str, fatal: str) -> None:
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._fatal = fatal
        self._counted: Counter[str] = Counter()

    def number(self, what: str) -> str:
        self._counted[what] += 1
        return f"{what} {self._counted[what]}"

    def reach(self, point: str) -> None:
        self.note("point", point)
        if point == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def note(self, *words: object) -> None:
        os.write(self._journal, (" ".join(map(str, words)) + "\n").encode())

    @contextmanager
    def around(self, what: str) -> Iterator[str]:
        """Before, a moment later if it still goes on, and after; entered with its number."""
        name = self.number(what)
        self.reach(f"{name} before")
        timer = asyncio.get_running_loop().call_later(MIDWAY_S, self.reach, f"{name} midway")
        try:
            yield name
        finally:
            timer.cancel()
        self.reach(f"{name} after")

    def install(self) -> None:
        """Have the server of this process pass through the points."""
        for owner, name in (
            (SqlStore, "commit"),
            (SqlStore, "set_value"),
            (SqlStore, "get_or_set"),
            (ActiveConfiguration, "change"),  # it writes the `.env` file
        ):
            setattr(owner, name, self._passing(name, getattr(owner, name)))
        names = vars(wiring)
        make_environment = names["make_environment"]
        names["make_environment"] = lambda *given: CountedEnvironment(
            make_environment(*given), self
        )

    def _passing(self, name: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        async def counted(*given: Any) -> Any:
            with self.around(name):
                return await method(*given)

        return counted


class CountedEnvironment(Environment):
    """An environment whose every call is a point, and some of whose calls fail."""

    def __init__(self, environment: Environment, points: KillPoints) -> None:
        self._environment = environment
        self._points = points

    @property
    @override
    def name(self) -> str:
        return self._environment.name

    @property
    @override
    def launches_machines(self) -> bool:
        return self._environment.launches_machines

    @property
    @override
    def ends_with_server(self) -> bool:
        return self._environment.ends_with_server

    @property
    @override
    def sees_every_end(self) -> bool:
        return self._environment.sees_every_end

    @override
    def on_machine_end(self, report: Callable[[str, str], None]) -> None:
        self._environment.on_machine_end(report)

    @override
    def open(self, cluster_id: str) -> AbstractAsyncContextManager[None]:
        return self._environment.open(cluster_id)

    @override
    async def launch(self, request: MachineRequest) -> Machine:
        with self._points.around("launch"):
            machine = await self._environment.launch(request)
        self._points.note("launched", request.node_id, machine.environment_id)
        return machine

    @override
    async def terminate(self, node: MediaNode) -> None:
        with self._points.around("terminate") as call:
            self._may_fail(call)
            await self._environment.terminate(node)

    @override
    async def discover(self) -> Sequence[Machine]:
        with self._points.around("discover") as call:
            self._may_fail(call)
            return await self._environment.discover()

    @override
    def may_have_made(self, environment_id: str) -> bool:
        return self._environment.may_have_made(environment_id)

    @override
    async def gone(self, nodes: Sequence[MediaNode]) -> frozenset[str]:
        with self._points.around("gone"):
            return await self._environment.gone(nodes)

    def _may_fail(self, call: str) -> None:
        if call in FAILING:
            raise EnvironmentFailureError(self.name, call.partition(" ")[0], "as the test wants it")
