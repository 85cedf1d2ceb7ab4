"""The machines of Media Nodes: made and unmade, few at once, in the time that they are given."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain import facts
from mediafleet.domain.errors import EnvironmentFailureError, StoreUnavailableError
from mediafleet.domain.ports import MachineRequest

if TYPE_CHECKING:
    from mediafleet.domain.lifecycle import Patience
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.ports import Environment, Machine
    from mediafleet.services.cluster_state import ClusterState

LAST_WORDS_S = 5.0
LAUNCHES_AT_ONCE = 32
ENDINGS_AT_ONCE = 32


class Machines:
    """Calls the environment for members, and keeps with them what it met.

    Environments may be slow, and are not asked for everything at once. Machines are ended while
    others are being made, however long that takes.
    """

    def __init__(self, state: ClusterState, environment: Environment, patience: Patience) -> None:
        self._state = state
        self._environment = environment
        self._patience = patience
        self._launches = anyio.CapacityLimiter(LAUNCHES_AT_ONCE)
        self._endings = anyio.CapacityLimiter(ENDINGS_AT_ONCE)
        self._under_way: set[anyio.CancelScope] = set()

    @property
    def may_launch(self) -> bool:
        """Whether another machine may be made now, besides those that are being made."""
        return self._state.may_write and self._launches.available_tokens >= 1

    def interrupt_launches(self) -> None:
        """End all launches that are under way: this server may not act on the cluster any more."""
        for launch in self._under_way:
            launch.cancel()

    async def launch(self, node_id: str) -> Machine | None:
        """Have a machine made; a launch that was interrupted is found again, not repeated.

        The environment may need all the time there is and should tell then what kept it; one that
        does not come to an end even so is interrupted.

        Returns:
            The machine; ``None`` if there is none, and the node is to fail for it.

        Raises:
            StoreUnavailableError: It was interrupted, and is to be tried again.
        """
        async with self._launches:
            with anyio.move_on_after(self._patience.launch + LAST_WORDS_S) as limit:
                self._under_way.add(limit)
                try:
                    return await self._environment.launch(MachineRequest(node_id, None))
                except EnvironmentFailureError as error:
                    self._state.note(node_id, partial(facts.launch_failed, reason=error.detail))
                finally:
                    self._under_way.discard(limit)
        if limit.cancelled_caught and anyio.current_time() < limit.deadline:
            raise StoreUnavailableError("the lock of the store was lost during a launch")
        return None

    async def unmake(self, node: MediaNode) -> None:
        """Have all ended that was made for a node.

        Raises:
            EnvironmentFailureError: It may still be there.
            StoreUnavailableError: Likewise, as this server may not act on the cluster now.
        """
        async with self._endings:
            if not self._state.may_write:
                raise StoreUnavailableError("nothing is ended without the lock of the store")
            try:
                await self._unmake(node)
            except EnvironmentFailureError as error:
                self._state.note(node.id, partial(facts.troubled, trouble=str(error)))
                raise

    async def _unmake(self, node: MediaNode) -> None:
        limit = self._patience.termination
        try:
            with anyio.fail_after(limit):
                await self._environment.terminate(node)
        except TimeoutError:
            detail = f"it did not come to an end within {limit:g} s"
            raise EnvironmentFailureError(self._environment.name, "terminate", detail) from None
