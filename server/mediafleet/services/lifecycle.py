"""What the cluster does by itself: takes the next step of a Media Node."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.lifecycle import Patience, Step, next_deadline, next_step, twin_of
from mediafleet.domain.media_node import MediaNode, MediaNodeStatus, forget, transition
from mediafleet.domain.ports import Change
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.ports import Clock, Environment, MediaServers

log = logging.getLogger(__name__)

LINK_WAIT_S = 5.0


class Lifecycle:
    """Applies the steps that :mod:`mediafleet.domain.lifecycle` decides."""

    def __init__(
        self,
        state: ClusterState,
        environment: Environment,
        media_servers: MediaServers,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._state = state
        self._environment = environment
        self._media_servers = media_servers
        self._clock = clock
        self._patience = patience

    def deadline(self, node_id: str) -> float | None:
        """When a member is due for a step even if nothing happens; monotonic seconds."""
        member = self._state.member(node_id)
        return None if member is None else next_deadline(member, self._patience)

    async def take_step(self, node_id: str) -> None:
        """Take the next step of a member, if it has one, and see that it has its link.

        Raises:
            EnvironmentFailureError: The step is to be tried again later.
            StoreUnavailableError: Likewise.
        """
        member = self._state.member(node_id)
        if member is None:
            return
        if member.node.uri is not None and member.node.holds_its_uri:
            self._media_servers.attach(node_id, member.node.uri)
        step = self._step(member)
        if step is None:
            return
        if step is Step.RETIRE and await self._media_servers.list_sessions(node_id):
            return  # the books lagged behind a session that began just now
        if step is Step.TERMINATE:
            await self._terminate(member.node)
        await self._change(node_id, step)
        after = self._state.member(node_id)
        if after is None or not after.node.holds_its_uri:
            await self._media_servers.detach(node_id)

    def _step(self, member: Member) -> Step | None:
        return next_step(member, self._patience, self._clock.monotonic())

    async def _terminate(self, node: MediaNode) -> None:
        if node.evicts_sessions:
            with anyio.move_on_after(LINK_WAIT_S):  # after a restart the link is not up at once
                await self._state.wait_until(node.id, lambda m: m is None or m.connection.connected)
            try:
                await self._media_servers.release_sessions(node.id)
            except UnreachableMediaServerError as error:
                log.warning(
                    "sessions not ended, the node does not answer",
                    extra={"media_node_id": node.id, "reason": str(error)},
                )
        await self._media_servers.detach(node.id)
        await self._environment.terminate(node)

    async def _change(self, node_id: str, step: Step) -> None:
        """Apply a step unless the node has moved on since it was decided."""

        def decide(cluster: Cluster) -> Decision[None]:
            member = cluster.get(node_id)
            if member is None or self._step(member) is not step:
                return Decision(None)
            return Decision(None, (self._applied(step, member, cluster),))

        await self._state.change(decide)

    def _applied(self, step: Step, member: Member, cluster: Cluster) -> Change:
        at = self._clock.now()
        if step is Step.FORGET:
            return Change(*forget(member.node, at=at), forget=True)
        to, reason = _OUTCOMES[step], None
        if step is Step.FAIL:
            reason = f"no connection within {self._patience.launch:.0f} s of the launch"
        elif step is Step.JOIN and (twin := twin_of(member, cluster)):
            to = MediaNodeStatus.FAILED
            reason = f"its media server is in the cluster already, as Media Node {twin}"
        return Change(*transition(member.node, to, at=at, reason=reason))


_OUTCOMES = {
    Step.JOIN: MediaNodeStatus.RUNNING,
    Step.FAIL: MediaNodeStatus.FAILED,
    Step.ABANDON: MediaNodeStatus.TERMINATING,
    Step.RETIRE: MediaNodeStatus.TERMINATING,
    Step.TERMINATE: MediaNodeStatus.TERMINATED,
}
