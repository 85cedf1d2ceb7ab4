"""The machines of Media Nodes: launched, terminated, and compared with the members."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet import tracing
from mediafleet.domain import observations
from mediafleet.domain.entries import Mutation
from mediafleet.domain.errors import (
    ClusterFullError,
    EnvironmentFailureError,
    MediaNodeAlreadyAddedError,
    StoreUnavailableError,
    UnreachableMediaServerError,
)
from mediafleet.domain.lost_machines import conflicts_with_listing, members_to_look_up
from mediafleet.domain.machines import MachineRequest
from mediafleet.domain.media_node import (
    SERVING_STATUSES,
    MediaNodeStatus,
    new_media_node,
    transition,
)
from mediafleet.services.additions import until_cluster_is_full
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mediafleet.clock import Clock
    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.lifecycle import Timeouts
    from mediafleet.domain.machines import Machine
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.ports import Environment
    from mediafleet.services.additions import Additions
    from mediafleet.services.controller import Controller

log = logging.getLogger(__name__)

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
        """Launch the machine of a member; a second call after an interrupted one returns the same.

        The environment ends the launch itself at its timeout, with an error that names what it
        waited for. An environment that does not is cancelled.

        Returns:
            The machine; ``None`` if there is none, and the member must fail.

        Raises:
            StoreUnavailableError: It was interrupted and must be tried again.
        """
        async with self._launches:
            with anyio.move_on_after(self._timeouts.launch + REPORT_S) as limit:
                self._under_way.add(limit)
                try:
                    with tracing.span("launch machine", self._attributes(node_id)):
                        return await self._environment.launch(MachineRequest(node_id, None))
                except EnvironmentFailureError as error:
                    self._state.record(
                        node_id, partial(observations.launch_failed, reason=error.detail)
                    )
                finally:
                    self._under_way.discard(limit)
        if limit.cancelled_caught and anyio.current_time() < limit.deadline:
            raise StoreUnavailableError("the lock of the store was lost during a launch")
        return None

    async def terminate(self, node: MediaNode) -> None:
        """Terminate everything that was launched for a node.

        Raises:
            EnvironmentFailureError: It may still be there.
            StoreUnavailableError: Likewise, as this server may not act on the cluster now.
        """
        async with self._terminations:
            if not self._state.may_write:
                raise StoreUnavailableError(
                    "machines are terminated only with the lock of the store"
                )
            try:
                await self._terminate(node)
            except EnvironmentFailureError as error:
                self._state.record(
                    node.id, partial(observations.environment_failed, error=str(error))
                )
                raise

    def _attributes(self, node_id: str) -> dict[str, str]:
        return {
            "mediafleet.environment": self._environment.name,
            "mediafleet.media_node.id": node_id,
        }

    async def _terminate(self, node: MediaNode) -> None:
        limit = self._timeouts.termination
        try:
            with (
                tracing.span("terminate machine", self._attributes(node.id)),
                anyio.fail_after(limit),
            ):
                await self._environment.terminate(node)
        except TimeoutError:
            detail = f"it did not come to an end within {limit:g} s"
            raise EnvironmentFailureError(self._environment.name, "terminate", detail) from None


class Discovery:
    """Adopts machines without a member, and removes members whose machines are gone.

    Args:
        state: The cluster in memory.
        environment: Lists the machines.
        machines: Terminates those of members that have left.
        controller: Resolves address conflicts.
        additions: Adds them.
        clock: The only source of time.
    """

    def __init__(
        self,
        state: ClusterState,
        environment: Environment,
        machines: Machines,
        controller: Controller,
        additions: Additions,
        *,
        clock: Clock,
    ) -> None:
        self._state = state
        self._environment = environment
        self._machines = machines
        self._controller = controller
        self._additions = additions
        self._clock = clock

    async def discover(self) -> tuple[Member, ...]:
        """Add the machines that run for this cluster and are no members yet.

        Returns:
            The new members only; machines that do not answer are skipped and logged.

        Raises:
            EnvironmentFailureError: The environment could not list them.
        """
        found = []
        machines = await self._environment.discover()
        async for machine in self._unknown_machines(machines):
            try:
                found.append(await self._additions.add_machine(machine))
            except MediaNodeAlreadyAddedError:
                continue
            except (UnreachableMediaServerError, ClusterFullError) as error:
                log.warning(
                    "discovered machine skipped",
                    extra={"environment_id": machine.environment_id, "reason": str(error)},
                )
        return tuple(found)

    async def adopt(self, machines: Sequence[Machine]) -> None:
        """Adopt machines without a member; they run as soon as they are connected.

        This does not wait for them: one that never answers fails as a launch does.

        Raises:
            StoreUnavailableError: Not all of them are members.
        """
        with until_cluster_is_full():
            async for machine in self._unknown_machines(machines):
                await self._additions.adopt(machine)

    async def _unknown_machines(self, machines: Sequence[Machine]) -> AsyncIterator[Machine]:
        """Machines without a member; those of nodes that have left are terminated."""
        for machine in machines:
            owner = _owner(self._state.cluster, machine)
            if owner is not None:
                self._state.record(owner.node.id, partial(observations.cleaned_up, is_clean=False))
            elif machine.node_id is not None and await self._state.store.has_left(machine.node_id):
                await self._end(machine, machine.node_id)
            else:
                conflicts = conflicts_with_listing(self._state.cluster, machine, machines)
                await self._controller.resolve_address_conflicts(conflicts)
                yield machine

    async def _end(self, machine: Machine, node_id: str) -> None:
        """Terminate the machine of a node that has left: its id is never used again."""
        extra = {"media_node_id": node_id, "environment_id": machine.environment_id}
        log.warning("machine of a node that has left is terminated", extra=extra)
        node, _ = new_media_node(
            node_id,
            at=self._clock.now(),
            uri=machine.uri,
            environment_id=machine.environment_id,
        )
        with suppress(EnvironmentFailureError):  # it is logged, and found again
            await self._machines.terminate(node)

    async def remove_lost(self) -> None:
        """Remove the members whose machines are gone for good, as far as the environment knows.

        The removal of one whose machine is gone does not wait for sessions. It is called before the
        loops start, so that the cluster is resized by as many.

        Raises:
            StoreUnavailableError: Nothing was changed.
        """
        environment = self._environment
        if not environment.launches_machines:
            return
        self._log_foreign()
        candidates = [
            member.node
            for member in members_to_look_up(
                self._state.cluster, sees_every_end=environment.sees_every_end
            )
            if self._is_own(member.node)
        ]
        if not candidates:
            return
        try:
            gone = await environment.gone(candidates)
        except EnvironmentFailureError as error:
            log.warning("members not compared with machines", extra={"reason": str(error)})
            return

        def decide(cluster: Cluster) -> Decision[None]:
            to, at = MediaNodeStatus.TERMINATING, self._clock.now()
            members = map(cluster.get, gone)
            lost = [m.node for m in members if m and m.node.status in SERVING_STATUSES]
            # Their media servers are gone, so no session must be spared.
            removed = (transition(node, to, at=at, evicts_sessions=True) for node in lost)
            return Decision(None, tuple(Mutation(*each) for each in removed))

        await self._state.change(decide)
        for node_id in gone:
            self._state.record_gone(node_id)

    def _log_foreign(self) -> None:
        """Log the members of another environment: their machines are not terminated here."""
        nodes = (member.node for member in self._state.cluster)
        if foreign := [node.id for node in nodes if not self._is_own(node)]:
            log.warning(
                "members of another environment stay; their machines are not checked, and not "
                "terminated when the members are removed",
                extra={"environment": self._environment.name, "media_node_ids": foreign},
            )

    def _is_own(self, node: MediaNode) -> bool:
        name = node.environment_id
        return name is None or self._environment.may_have_made(name)


def _owner(cluster: Cluster, machine: Machine) -> Member | None:
    """The member that the machine was launched for, or that has it already."""
    if machine.node_id is not None and (maker := cluster.get(machine.node_id)) is not None:
        return maker
    if machine.environment_id is None:
        return None
    return next(iter(cluster.of_machine(machine.environment_id)), None)
