"""What users request for members: get, list, describe, change the status, drain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.draining import (
    Capacity,
    DrainProgress,
    capacity_without,
    entries_of_end,
    entries_of_request,
    progress_of,
)
from mediafleet.domain.entries import Mutation
from mediafleet.domain.lifecycle import why_waiting
from mediafleet.domain.media_node import transition_on_request
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from mediafleet.clock import AwakeClock
    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.diagnostics import Diagnostics
    from mediafleet.domain.drain import Limit
    from mediafleet.domain.entries import StoreEntry
    from mediafleet.domain.lifecycle import Timeouts
    from mediafleet.domain.media_node import MediaNodeStatus
    from mediafleet.domain.ports import MediaServers, ServerInfo

DESCRIBE_LIMIT_S = 3.0
DESCRIBED_AT_ONCE = 64


class MediaNodes:
    """Reads members, and changes their status as users request."""

    def __init__(
        self,
        state: ClusterState,
        media_servers: MediaServers,
        clock: AwakeClock,
    ) -> None:
        self._state = state
        self._media_servers = media_servers
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

    def diagnose(self, node_id: str) -> tuple[Member, Diagnostics, datetime]:
        """A member, its diagnostics, and when they were taken (aware, UTC).

        Raises:
            MediaNodeNotFoundError: No member has that id.
        """
        member = self._state.existing(node_id)
        found = member.diagnostics.snapshot(lag=self._clock.lag, stalls=self._clock.stalls)
        return member, found, self._clock.now()

    async def describe(self, members: Sequence[Member]) -> Mapping[str, ServerInfo]:
        """Details of the media servers that answer in time, by node id."""
        found: dict[str, ServerInfo] = {}
        limiter = anyio.CapacityLimiter(DESCRIBED_AT_ONCE)

        async def fetch(node_id: str) -> None:
            async with limiter:
                info = await self._media_servers.describe(node_id)
            if info is not None:
                found[node_id] = info

        with anyio.move_on_after(DESCRIBE_LIMIT_S):
            async with anyio.create_task_group() as tasks:
                for member in members:
                    if member.connection.connected and not member.connection.suspect:
                        tasks.start_soon(fetch, member.node.id, name=f"describe {member.node.id}")
        return found

    async def change_status(self, node_id: str, status: MediaNodeStatus) -> Member | None:
        """Change the status of a Media Node.

        Returns:
            The member after the change; ``None`` if it had that status already.

        Raises:
            MediaNodeNotFoundError: No member has that id.
            IllegalTransitionError: Users may not request this transition.
        """

        def decide(cluster: Cluster) -> Decision[Member | None]:
            member = cluster.existing(node_id)
            if member.node.status is status:
                return Decision(None)
            node, event = transition_on_request(member.node, status, at=self._clock.now())
            return Decision(replace(member, node=node), (Mutation(node, event),))

        return await self._state.change(decide)


@dataclass(frozen=True, slots=True)
class DrainReport:
    """A drain as it is, or as it would be.

    Attributes:
        member: The node.
        progress: How far it has come.
        reason: Why it has not ended.
        capacity: Of the cluster without the node.
        at: The moment of the report (aware, UTC).
    """

    member: Member
    progress: DrainProgress
    reason: str
    capacity: Capacity
    at: datetime


class Drains:
    """Drains Media Nodes: quarantine with a deadline, or without one.

    Args:
        state: The cluster in memory.
        clock: The only source of time.
        timeouts: How long the cluster waits for what.
    """

    def __init__(self, state: ClusterState, clock: AwakeClock, timeouts: Timeouts) -> None:
        self._state = state
        self._clock = clock
        self._timeouts = timeouts

    async def begin(
        self,
        node_id: str,
        limit: Limit | None,
        *,
        together_with: Collection[str] = (),
        moves_calls: bool = False,
        forced: bool = False,
        dry_run: bool = False,
    ) -> tuple[DrainReport, bool]:
        """Drain a node; one that is drained already gets the new limit.

        Args:
            node_id: Which.
            limit: How long that may last; ``None``: until its last session has ended.
            together_with: Others that will be drained too; the rest must carry the load of all.
            moves_calls: Move its calls to other nodes.
            forced: Drain it even if the rest could not carry the load.
            dry_run: Change nothing; only report.

        Returns:
            The drain as it is now or would be, and whether it is (or would be) a new one.

        Raises:
            MediaNodeNotFoundError: No member has that id, or one of the others'.
            NotDrainableError: It does not run yet, or failed.
            DrainTooLateError: It is terminating.
            ClusterTooSmallError: The rest could not carry the load.
        """

        def decide(cluster: Cluster) -> Decision[tuple[DrainReport, bool]]:
            member = cluster.existing(node_id)
            leaving = {cluster.existing(other).node.id for other in together_with} | {node_id}
            capacity = capacity_without(cluster, leaving)
            at, now = self._clock.now(), self._clock.monotonic()
            entries = entries_of_request(
                member, limit, capacity, forced=forced, at=at, moves_calls=moves_calls
            )
            after = _after(member, entries, at=at, now=now)
            report = self._report(after, capacity, at=at, now=now)
            is_new = not member.node.is_quarantined
            return Decision((report, is_new), () if dry_run else entries)

        return await self._state.change(decide)

    def get(self, node_id: str) -> DrainReport:
        """How far a drain has come.

        Raises:
            MediaNodeNotFoundError: No member has that id.
            NoDrainError: It is not being removed or drained.
        """
        member = self._state.existing(node_id)
        capacity = capacity_without(self._state.cluster, {node_id})
        at, now = self._clock.now(), self._clock.monotonic()
        return self._report(member, capacity, at=at, now=now)

    async def end(self, node_id: str) -> None:
        """End a drain; the node runs again.

        Raises:
            MediaNodeNotFoundError: No member has that id.
            NoDrainError: It is not being drained.
            DrainTooLateError: It is terminating.
        """
        await self._state.change(
            lambda cluster: Decision(
                None, entries_of_end(cluster.existing(node_id), at=self._clock.now())
            )
        )

    def _report(
        self, member: Member, capacity: Capacity, *, at: datetime, now: float
    ) -> DrainReport:
        progress = progress_of(member, at=at, now=now)
        return DrainReport(member, progress, why_waiting(member, self._timeouts, now), capacity, at)


def _after(member: Member, entries: tuple[StoreEntry, ...], *, at: datetime, now: float) -> Member:
    """The member as it will be once the entries are committed."""
    node = next((each.node for each in entries if isinstance(each, Mutation)), member.node)
    return member.moved(node, at=at, now=now)
