"""How machines that run for the cluster, and are nobody's, become members of it."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from mediafleet.domain import facts
from mediafleet.domain.errors import (
    ClusterFullError,
    EnvironmentFailureError,
    MediaNodeAlreadyAddedError,
    UnreachableMediaServerError,
)
from mediafleet.domain.machines import displaced_by_listing
from mediafleet.domain.media_node import admit
from mediafleet.services.admission import while_there_is_room
from mediafleet.services.reconciliation import part_from_displaced

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.ports import Clock, Environment, Machine, MediaServers
    from mediafleet.services.admission import Admission
    from mediafleet.services.cluster_state import ClusterState
    from mediafleet.services.machines import Machines

log = logging.getLogger(__name__)


class Discovery:
    """Finds machines, and has them join.

    Args:
        state: The cluster in memory.
        environment: Where the machines come from.
        machines: Ends those that nobody has any more.
        media_servers: Links to them.
        admission: Meets and admits them.
        clock: The time.
    """

    def __init__(
        self,
        state: ClusterState,
        environment: Environment,
        machines: Machines,
        media_servers: MediaServers,
        admission: Admission,
        *,
        clock: Clock,
    ) -> None:
        self._state = state
        self._environment = environment
        self._machines = machines
        self._media_servers = media_servers
        self._admission = admission
        self._clock = clock

    async def discover(self) -> tuple[Member, ...]:
        """Add the machines that run for this cluster and are no members yet.

        Returns:
            The new members only; machines out of reach are passed over with a line in the log.

        Raises:
            EnvironmentFailureError: The environment could not tell.
        """
        found = []
        machines = await self._environment.discover()
        async for machine in self._newcomers(machines):
            try:
                found.append(await self._admission.join(machine))
            except MediaNodeAlreadyAddedError:
                continue
            except (UnreachableMediaServerError, ClusterFullError) as error:
                log.warning(
                    "discovered machine passed over",
                    extra={"environment_id": machine.environment_id, "reason": str(error)},
                )
        return tuple(found)

    async def take_in(self, machines: Sequence[Machine]) -> None:
        """Make members of machines that are none; they run as soon as they are connected.

        Nobody waits for them here: one that never answers fails as a launch does, and is unmade.

        Raises:
            StoreUnavailableError: Not all of them are members.
        """
        with while_there_is_room():
            async for machine in self._newcomers(machines):
                await self._admission.take_in(machine)

    async def _newcomers(self, machines: Sequence[Machine]) -> AsyncIterator[Machine]:
        """Machines that are nobody's yet; what a launch left or a node that left is ended."""
        for machine in machines:
            owner = _owner(self._state.cluster, machine)
            if owner is not None:
                self._state.note(owner.node.id, partial(facts.unmade, is_unmade=False))
            elif machine.node_id is not None and await self._state.has_left(machine.node_id):
                await self._end(machine, machine.node_id)
            else:
                await self._make_room(machine, machines)
                yield machine

    async def _end(self, machine: Machine, node_id: str) -> None:
        """End the machine of a node that is no member any more: its id is never given again."""
        extra = {"media_node_id": node_id, "environment_id": machine.environment_id}
        log.warning("machine of a node that has left is ended", extra=extra)
        node, _ = admit(
            node_id,
            at=self._clock.now(),
            uri=machine.uri,
            environment_id=machine.environment_id,
        )
        with suppress(EnvironmentFailureError):  # it is found again, and has been told in the log
            await self._machines.unmake(node)

    async def _make_room(self, machine: Machine, machines: Sequence[Machine]) -> None:
        """Part from members whose address a machine has that runs instead of theirs."""
        displaced = displaced_by_listing(self._state.cluster, machine, machines)
        await part_from_displaced(self._state, self._media_servers, displaced)


def _owner(cluster: Cluster, machine: Machine) -> Member | None:
    """The member whose launch made the machine, or whose the machine is already."""
    if machine.node_id is not None and (maker := cluster.get(machine.node_id)) is not None:
        return maker
    if machine.environment_id is None:
        return None
    return next(iter(cluster.of_machine(machine.environment_id)), None)
