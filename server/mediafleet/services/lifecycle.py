"""What the cluster does by itself: takes the next step of a Media Node."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain import facts
from mediafleet.domain.crashes import CRASH_STEPS, entries_of_crash, finding_of
from mediafleet.domain.draining import entries_of_deadline
from mediafleet.domain.lifecycle import Patience, Step, is_still_due, next_deadline, next_step
from mediafleet.domain.machines import displaced_by_launch
from mediafleet.domain.media_node import MediaNodeStatus
from mediafleet.domain.outcomes import change_of_step
from mediafleet.domain.twins import at_work_by_age, entries_of_giving_way
from mediafleet.services.cluster_state import ClusterState, Decision
from mediafleet.services.evictions import Evictions
from mediafleet.services.reconciliation import part_from_displaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.domain.cluster import Cluster, Connection, Member
    from mediafleet.domain.diagnostics import Finding
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.ports import Clock, Machine, MediaServers
    from mediafleet.services.machines import Machines

log = logging.getLogger(__name__)

LEAST_PAUSE_S = 0.05
RETRY_S, LONGEST_RETRY_S = 1.0, 30.0
CHANGES_AT_ONCE = 32
"""Steps that wait to be stored: with more of them, what people ask for would be too late."""


class Lifecycle:
    """Applies the steps that :mod:`mediafleet.domain.lifecycle` decides."""

    def __init__(
        self,
        state: ClusterState,
        machines: Machines,
        media_servers: MediaServers,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._state = state
        self._machines = machines
        self._media_servers = media_servers
        self._clock = clock
        self._patience = patience
        self._evictions = Evictions(state, media_servers, clock)
        self._put_off: set[str] = set()
        self._changes = anyio.CapacityLimiter(CHANGES_AT_ONCE)

    def deadline(self, node_id: str) -> float | None:
        """When a member is due for a step even if nothing happens; monotonic seconds."""
        member = self._state.member(node_id)
        now = self._clock.monotonic()
        if member is None:
            self._put_off.discard(node_id)
            return None
        if node_id in self._put_off:
            # A session may end before the books ever know of it: nobody would tell.
            return now + RETRY_S
        deadline = next_deadline(member, self._patience)
        return None if deadline is None else max(deadline, now + LEAST_PAUSE_S)

    def pause_after_failure(self, node_id: str) -> float:
        """Seconds until a step that failed is tried again: more each time an environment fails."""
        member = self._state.member(node_id)
        failures = 0 if member is None else min(member.failures, 10)
        return min(RETRY_S * 2.0 ** max(0, failures - 1), LONGEST_RETRY_S)

    async def take_step(self, node_id: str) -> None:
        """Take the next step of a member, if it has one, and see that it has its link.

        Raises:
            EnvironmentFailureError: The step is to be tried again later.
            StoreUnavailableError: Likewise.
        """
        member = self._state.member(node_id)
        if member is None:
            return
        if member.uri is not None and member.node.holds_its_uri and not member.gone:
            self._media_servers.attach(node_id, member.uri)
        step = self._step(member)
        if step is Step.LAUNCH:
            await self._launch(node_id)
            return
        self._put_off.discard(node_id)
        if step is Step.UNMAKE:
            await self._unmake(member.node)
        elif step is not None and await self._prepared(step, member):
            await self._complete(node_id, step)
        elif step is not None:
            self._put_off.add(node_id)
        else:
            await self._have_twins_give_way(node_id)

    async def _launch(self, node_id: str) -> None:
        """Have the machine made; where it is, or why it is not, is taken in and leads on.

        A launch that may not begin yet is looked at again, as it may be cancelled meanwhile, and
        patience with it begins when it does.
        """
        may_launch = self._machines.may_launch
        if not may_launch or node_id in self._put_off:
            self._state.restart_patience(node_id)
        if not may_launch:
            self._put_off.add(node_id)
            return
        self._put_off.discard(node_id)
        machine = await self._machines.launch(node_id)
        if machine is not None:
            await self._locate(node_id, machine)

    async def _complete(self, node_id: str, step: Step) -> None:
        """Store a step for which all is done; who has left is parted from."""
        await self._change(node_id, step)
        after = self._state.member(node_id)
        if after is None or not after.node.holds_its_uri:
            await self._part(node_id)
        if after is None:
            self._evictions.forget(node_id)

    async def _have_twins_give_way(self, node_id: str) -> None:
        """Keep one of several members that turned out to be one media server.

        That cannot always be seen when they join: a member out of touch may have a new process.
        """
        if len(self._state.of_one_process(node_id)) < 2:  # noqa: PLR2004  # itself and another one
            return

        def decide(_: Cluster) -> Decision[tuple[Member, ...]]:
            members = at_work_by_age(self._state.of_one_process(node_id))
            at = self._clock.now()
            entries = (entries_of_giving_way(each, members[0], at=at) for each in members[1:])
            return Decision(members, tuple(chain.from_iterable(entries)))

        members = await self._state.change(decide)
        for member in members[1:]:
            log.warning(
                "media node leaves, another one is the same media server",
                extra={"media_node_id": member.node.id, "stays": members[0].node.id},
            )
            await self._media_servers.detach(member.node.id)

    async def _prepared(self, step: Step, member: Member) -> bool:
        """Do what has to be done before a step is stored; whether the step may be taken then."""
        if step is Step.RETIRE:  # the books may lag behind a session that began just now
            return not await self._media_servers.list_sessions(member.node.id)
        if step is Step.TERMINATE:
            if not member.node.evicts_sessions and await self._hosts_sessions(member):
                return False
            self._state.note(member.node.id, facts.looked_at)
            await self._terminate(member.node)
        elif step is Step.FORGET:  # what the launch was late to make may have come since
            await self._unmake(member.node)
        elif step is Step.CLOSE_BOOKS and member.node.status is MediaNodeStatus.TERMINATING:
            # Whoever gave the node up, or was to end its sessions, told their ends before this.
            told = await self._evictions.told(member.node.id, member.lost_sessions)
            self._state.note(member.node.id, partial(facts.without_lost, told=told))
        return True

    async def _hosts_sessions(self, member: Member) -> bool:
        """Ask a node that is to go for sessions that were placed on it a moment too late.

        One that is out of touch is due only when the patience with it is spent; it is not asked.

        Raises:
            UnreachableMediaServerError: It is in touch, and does not tell.
        """
        if not member.connection.connected:
            return False
        sessions = await self._media_servers.list_sessions(member.node.id)
        if sessions:
            log.warning(
                "node stays until sessions that came late have ended",
                extra={"media_node_id": member.node.id, "sessions": len(sessions)},
            )
        return bool(sessions)

    def _step(self, member: Member) -> Step | None:
        return next_step(member, self._patience, self._clock.monotonic())

    async def _locate(self, node_id: str, machine: Machine) -> None:
        """Take in where a node is; whoever was there before is there no more."""
        self._state.note(node_id, partial(facts.located, machine=machine))
        cluster = self._state.cluster
        if (heir := cluster.get(node_id)) is not None:
            displaced = displaced_by_launch(cluster, heir, machine)
            await part_from_displaced(self._state, self._media_servers, displaced)

    async def _unmake(self, node: MediaNode) -> None:
        await self._machines.unmake(node)
        self._state.note(node.id, partial(facts.unmade, is_unmade=True))

    async def _terminate(self, node: MediaNode) -> None:
        if node.evicts_sessions:
            await self._evictions.end_sessions(node.id)
        await self._media_servers.detach(node.id)
        await self._evictions.tell_lost(node.id)  # which depends on whether it was in touch
        self._state.note_parted(node.id)
        await self._machines.unmake(node)

    async def _part(self, node_id: str) -> None:
        """End the link; were it thought to be up still, the next try would ask over it in vain."""
        await self._media_servers.detach(node_id)
        self._state.note_parted(node_id)

    async def _change(self, node_id: str, step: Step) -> None:
        """Apply a step unless the node has moved on since it was decided."""

        def decide(cluster: Cluster) -> Decision[tuple[Finding, str] | None]:
            member = cluster.get(node_id)
            now = self._clock.monotonic()
            if member is None or not is_still_due(step, member, self._patience, now):
                return Decision(None)
            at = self._clock.now()
            if step in CRASH_STEPS:
                found = finding_of(step, member, self._clock.monotonic())
                entries = entries_of_crash(step, member, at=at)
                return Decision(found, entries, _links_after(step, member))
            if step is Step.EXPIRE:
                return Decision(None, entries_of_deadline(member.node, at=at))
            change = change_of_step(step, member, cluster, self._patience, at=at)
            return Decision(None, (change,))

        async with self._changes:
            found = await self._state.change(decide)
        if found is not None:
            self._media_servers.note_finding(node_id, *found)


def _links_after(step: Step, member: Member) -> Mapping[str, Connection]:
    """Facts of the link that a step settles: whoever is given up hosts nothing any more."""
    if step is not Step.GIVE_UP:
        return {}
    return {member.node.id: replace(member.connection, sessions=())}
