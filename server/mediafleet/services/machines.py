"""The machines of Media Nodes: made and unmade, few at once, in the time that they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import EnvironmentFailureError
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

    @property
    def may_launch(self) -> bool:
        """Whether another machine may be made now, besides those that are being made."""
        return self._launches.available_tokens >= 1

    async def launch(self, node_id: str) -> Machine | None:
        """Have a machine made; a launch that was interrupted is found again, not repeated.

        The environment may need all the time there is and should tell then what kept it; one that
        does not come to an end even so is interrupted.

        Returns:
            The machine; ``None`` if there is none, and the node is to fail for it.
        """
        async with self._launches:
            with anyio.move_on_after(self._patience.launch + LAST_WORDS_S):
                try:
                    return await self._environment.launch(MachineRequest(node_id, None))
                except EnvironmentFailureError as error:
                    self._state.note_failure(node_id, error.detail)
        return None

    async def unmake(self, node: MediaNode) -> None:
        """Have all ended that was made for a node.

        Raises:
            EnvironmentFailureError: It may still be there.
        """
        async with self._endings:
            try:
                await self._unmake(node)
            except EnvironmentFailureError as error:
                self._state.report_trouble(node.id, str(error))
                raise

    async def _unmake(self, node: MediaNode) -> None:
        limit = self._patience.termination
        try:
            with anyio.fail_after(limit):
                await self._environment.terminate(node)
        except TimeoutError:
            detail = f"it did not come to an end within {limit:g} s"
            raise EnvironmentFailureError(self._environment.name, "terminate", detail) from None
