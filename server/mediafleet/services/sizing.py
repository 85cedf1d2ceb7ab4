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

    from mediafleet.domain.ports import Environment, Machine, Store
    from mediafleet.services.additions import Admission
    from mediafleet.services.cluster_state import ClusterState
    from mediafleet.services.machines import Discovery
    from mediafleet.services.removals import Removals


log = logging.getLogger(__name__)

WANTED = "wanted_media_nodes"
"""The key under which the number of the last resizing is kept."""
DISCOVERY_LIMIT_S = 20.0


class Sizing:
    """Finds machines that nobody knows, launches what is missing, drains what is too much."""

    def __init__(
        self,
        state: ClusterState,
        environment: Environment,
        discovery: Discovery,
        admission: Admission,
        removals: Removals,
    ) -> None:
        self._state = state
        self._environment = environment
        self._discovery = discovery
        self._admission = admission
        self._removals = removals
        self._has_looked = False
        self._began_empty = False

    async def take_in(self) -> None:
        """Make members of machines that run for this cluster although no member made them.

        Once that is done it is not done again.

        Raises:
            EnvironmentFailureError: The environment could not tell.
            StoreUnavailableError: Not all of them are members.
        """
        if self._has_looked or not self._environment.launches_machines:
            return
        machines = await self._discovered()
        self._began_empty = len(self._state.cluster) == 0
        await self._discovery.take_in(machines)
        self._has_looked = True

    async def _discovered(self) -> Sequence[Machine]:
        try:
            with anyio.fail_after(DISCOVERY_LIMIT_S):
                return await self._environment.discover()
        except TimeoutError:
            detail = f"it took longer than {DISCOVERY_LIMIT_S:g} s"
            raise EnvironmentFailureError(self._environment.name, "discover", detail) from None

    async def resize(self, store: Store, wanted: int) -> None:
        """Launch or drain nodes until as many are active as are wanted.

        Nothing is launched before the environment has told once what runs already. A resizing that
        is interrupted, also by the end of the server, can be begun again.

        Raises:
            EnvironmentFailureError: It has not begun.
            StoreUnavailableError: It is not complete.
        """
        if not self._environment.launches_machines:
            return
        await self.take_in()
        known = await store.get_value(WANTED)
        plan = resizing(
            self._state.cluster,
            wanted,
            remembered=None if known is None else int(known),
            began_empty=self._began_empty,
        )
        await self._admission.launch(plan.missing)
        for node_id in plan.surplus:
            log.info("node is more than are wanted", extra={"media_node_id": node_id})
            with suppress(NotFoundError, ConflictError):  # it left meanwhile, or somebody saw to it
                await self._removals.remove(node_id, DeletionStrategy.WHEN_NO_SESSIONS, wait=False)
        if known != str(wanted):
            await store.set_value(WANTED, str(wanted))


class SizingLoop:
    """Resizes the cluster whenever that is asked for.

    It is level-triggered: a resizing goes by the number that is configured when it begins, so what
    is asked for while one goes on, or fails and is tried again, is not lost.

    Attributes:
        problem: Why the last resizing failed; ``None`` if it did not.
    """

    def __init__(self, resize: Callable[[], Awaitable[None]]) -> None:
        self._resize = resize
        self._asked = anyio.Event()
        self.problem: str | None = None

    def ask(self) -> None:
        """Have the cluster brought to its size soon."""
        self._asked.set()

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Go on until cancelled; ``beat`` is called each time the loop comes round."""

        def note(problem: str | None) -> None:
            self.problem = problem
            beat()

        while True:
            beat()
            with anyio.move_on_after(TICK_S):
                await self._asked.wait()
            if self._asked.is_set():
                self._asked = anyio.Event()
                await accomplish("resizing", self._resize, note)
