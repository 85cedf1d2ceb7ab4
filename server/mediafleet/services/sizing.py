"""Brings a cluster that launches its nodes to the configured size."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import ConflictError, EnvironmentFailureError, NotFoundError
from mediafleet.domain.lifecycle import DeletionStrategy
from mediafleet.domain.sizing import resizing
from mediafleet.supervise import TICK_S, accomplish

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mediafleet.domain.machines import Machine
    from mediafleet.domain.ports import Environment, Store
    from mediafleet.services.additions import Additions
    from mediafleet.services.cluster_state import ClusterState
    from mediafleet.services.machines import Discovery
    from mediafleet.services.removals import Removals


log = logging.getLogger(__name__)

WANTED = "wanted_media_nodes"
"""The key under which the number of the last resizing is kept."""
NO_NUMBER = "-1"
"""Kept under it while the size follows the load: whatever number comes next is another one."""
DISCOVERY_LIMIT_S = 20.0


class Sizing:
    """Adopts machines without a member, launches missing nodes, drains surplus ones."""

    def __init__(
        self,
        state: ClusterState,
        environment: Environment,
        discovery: Discovery,
        additions: Additions,
        removals: Removals,
    ) -> None:
        self._state = state
        self._environment = environment
        self._discovery = discovery
        self._additions = additions
        self._removals = removals
        self._has_discovered = False
        self._began_empty = False

    @property
    def may_launch(self) -> bool:
        """Whether the machines that run without a member are members now, if there were any."""
        return self._has_discovered or not self._environment.launches_machines

    async def adopt(self) -> None:
        """Adopt machines that run for this cluster without a member; only once in each process.

        Raises:
            EnvironmentFailureError: The environment could not list them.
            StoreUnavailableError: Not all of them were adopted.
        """
        if self.may_launch:
            return
        machines = await self._discovered()
        self._began_empty = len(self._state.cluster) == 0
        await self._discovery.adopt(machines)
        self._has_discovered = True

    async def _discovered(self) -> Sequence[Machine]:
        try:
            with anyio.fail_after(DISCOVERY_LIMIT_S):
                return await self._environment.discover()
        except TimeoutError:
            detail = f"it took longer than {DISCOVERY_LIMIT_S:g} s"
            raise EnvironmentFailureError(self._environment.name, "discover", detail) from None

    async def leave_to_autoscaling(self, store: Store) -> None:
        """Adopt machines, and change the size no more until a number is wanted again.

        Raises:
            EnvironmentFailureError: The environment could not list its machines.
            StoreUnavailableError: The store does not answer.
        """
        await self.adopt()
        if self._environment.launches_machines and await store.get_value(WANTED) != NO_NUMBER:
            await store.set_value(WANTED, NO_NUMBER)

    async def resize(self, store: Store, wanted: int) -> None:
        """Launch or drain nodes until as many are active as are wanted.

        Nothing is launched before the environment has listed once what runs already. A resizing
        that is interrupted, also by the end of the server, can be repeated.

        Raises:
            EnvironmentFailureError: Nothing was changed.
            StoreUnavailableError: It is not complete.
        """
        if not self._environment.launches_machines:
            return
        await self.adopt()
        known = await store.get_value(WANTED)
        plan = resizing(
            self._state.cluster,
            wanted,
            remembered=None if known is None else int(known),
            began_empty=self._began_empty,
        )
        await self._additions.launch(plan.missing)
        for node_id in plan.surplus:
            log.info(
                "node is drained, the cluster is larger than configured",
                extra={"media_node_id": node_id},
            )
            with suppress(NotFoundError, ConflictError):  # it has left, or is being removed already
                await self._removals.remove(node_id, DeletionStrategy.WHEN_NO_SESSIONS, wait=False)
        if known != str(wanted):
            await store.set_value(WANTED, str(wanted))


class SizingLoop:
    """Resizes the cluster on request.

    It is level-triggered: a resizing uses the number that is configured when it begins, so a
    request during a resizing, or before its retry, is not lost.

    Attributes:
        problem: Why the last resizing failed; ``None`` if it did not.
    """

    def __init__(self, resize: Callable[[], Awaitable[None]]) -> None:
        self._resize = resize
        self._requested = anyio.Event()
        self.problem: str | None = None

    def request(self) -> None:
        """Resize the cluster soon."""
        self._requested.set()

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Go on until cancelled; ``beat`` is called each time the loop comes round."""

        def report(problem: str | None) -> None:
            self.problem = problem
            beat()

        while True:
            beat()
            with anyio.move_on_after(TICK_S):
                await self._requested.wait()
            if self._requested.is_set():
                self._requested = anyio.Event()
                await accomplish("resizing", self._resize, report)
