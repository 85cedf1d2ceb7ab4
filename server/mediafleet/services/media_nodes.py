"""What users ask of Media Nodes that are members: get, list, describe, change status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.cluster import Member
from mediafleet.domain.media_node import transition_on_request
from mediafleet.domain.ports import Mutation
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mediafleet.domain.cluster import Cluster
    from mediafleet.domain.diagnostics import Diagnostics
    from mediafleet.domain.media_node import MediaNodeStatus
    from mediafleet.domain.ports import Clock, MediaServers, ServerInfo
    from mediafleet.services.failure_decisions import FailureDecisions

DESCRIBE_LIMIT_S = 3.0
DESCRIBED_AT_ONCE = 64


class MediaNodes:
    """Reads members, and moves them through the life cycle as users ask."""

    def __init__(
        self,
        state: ClusterState,
        media_servers: MediaServers,
        decisions: FailureDecisions,
        clock: Clock,
    ) -> None:
        self._state = state
        self._media_servers = media_servers
        self._decisions = decisions
        self._clock = clock

    def get(self, node_id: str) -> Member:
        """One member.

        Raises:
            MediaNodeNotFoundError: No member has that id.
        """
        return self._state.existing(node_id)

    def list_all(self) -> Cluster:
        """All members."""
        return self._state.snapshot

    def examine(self, node_id: str) -> tuple[Member, Diagnostics, datetime]:
        """A member, what it is judged on, and when that was (aware, UTC).

        Raises:
            MediaNodeNotFoundError: No member has that id.
        """
        member = self._state.existing(node_id)
        return member, self._decisions.diagnostics(member), self._clock.now()

    async def describe(self, members: Sequence[Member]) -> Mapping[str, ServerInfo]:
        """Inside facts of the media servers that answer in time, by node id."""
        found: dict[str, ServerInfo] = {}
        limiter = anyio.CapacityLimiter(DESCRIBED_AT_ONCE)

        async def ask(node_id: str) -> None:
            async with limiter:
                info = await self._media_servers.describe(node_id)
            if info is not None:
                found[node_id] = info

        with anyio.move_on_after(DESCRIBE_LIMIT_S):
            async with anyio.create_task_group() as asking:
                for member in members:
                    if member.connection.connected and not member.connection.suspect:
                        asking.start_soon(ask, member.node.id, name=f"describe {member.node.id}")
        return found

    async def change_status(self, node_id: str, status: MediaNodeStatus) -> Member | None:
        """Move a Media Node as asked.

        Returns:
            The member after the move; ``None`` if it had that status already.

        Raises:
            MediaNodeNotFoundError: No member has that id.
            IllegalTransitionError: Users may not ask for this move.
        """

        def decide(cluster: Cluster) -> Decision[Member | None]:
            member = cluster.existing(node_id)
            if member.node.status is status:
                return Decision(None)
            node, event = transition_on_request(member.node, status, at=self._clock.now())
            return Decision(Member(node, member.connection), (Mutation(node, event),))

        return await self._state.change(decide)
