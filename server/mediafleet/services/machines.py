"""The machines of Media Nodes: some are made and ended at once, each within a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain import observations
from mediafleet.domain.errors import EnvironmentFailureError, StoreUnavailableError
from mediafleet.domain.ports import MachineRequest

if TYPE_CHECKING:
    from mediafleet.domain.lifecycle import Timeouts
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.ports import Environment, Machine
    from mediafleet.services.cluster_state import ClusterState

REPORT_S = 5.0
"""Seconds that an environment has after a timeout to report what it waited for."""
LAUNCHES_AT_ONCE = 32
TERMINATIONS_AT_ONCE = 32


class Machines:
    """Calls the environment for members, and keeps its errors with them.

    The number of calls at a time is bounded, for launches and terminations each.
    """

    def __init__(self, state: ClusterState, environment: Environment, timeouts: Timeouts) -> None:
        self._state = state
        self._environment = environment
        self._timeouts = timeouts
        self._launches = anyio.CapacityLimiter(LAUNCHES_AT_ONCE)
        self._terminations = anyio.CapacityLimiter(TERMINATIONS_AT_ONCE)
        self._under_way: set[anyio.CancelScope] = set()

    @property
    def may_launch(self) -> bool:
        """Whether the launch of another machine may begin now."""
        return self._state.may_write and self._launches.available_tokens >= 1

    def interrupt_launches(self) -> None:
        """Cancel the launches under way: this server may not act on the cluster any more."""
        for launch in self._under_way:
            launch.cancel()

    async def launch(self, node_id: str) -> Machine | None:
        """Make the machine of a member; a second call after an interrupted one finds the first's.

        The environment stops by itself when the time for a launch is over, with an error that says
        what it waited for. One that does not stop is cancelled.

        Returns:
            The machine; ``None`` if there is none, and the member must fail.

        Raises:
            StoreUnavailableError: It was interrupted and must be tried again.
        """
        async with self._launches:
            with anyio.move_on_after(self._timeouts.launch + REPORT_S) as limit:
                self._under_way.add(limit)
                try:
                    return await self._environment.launch(MachineRequest(node_id, None))
                except EnvironmentFailureError as error:
                    self._state.note(
                        node_id, partial(observations.launch_failed, reason=error.detail)
                    )
                finally:
                    self._under_way.discard(limit)
        if limit.cancelled_caught and anyio.current_time() < limit.deadline:
            raise StoreUnavailableError("the lock of the store was lost during a launch")
        return None

    async def terminate(self, node: MediaNode) -> None:
        """End everything that was made for a node.

        Raises:
            EnvironmentFailureError: It may still be there.
            StoreUnavailableError: Likewise, as this server may not act on the cluster now.
        """
        async with self._terminations:
            if not self._state.may_write:
                raise StoreUnavailableError("no machine is ended without the lock of the store")
            try:
                await self._terminate(node)
            except EnvironmentFailureError as error:
                self._state.note(
                    node.id, partial(observations.environment_failed, error=str(error))
                )
                raise

    async def _terminate(self, node: MediaNode) -> None:
        limit = self._timeouts.termination
        try:
            with anyio.fail_after(limit):
                await self._environment.terminate(node)
        except TimeoutError:
            detail = f"it did not come to an end within {limit:g} s"
            raise EnvironmentFailureError(self._environment.name, "terminate", detail) from None
