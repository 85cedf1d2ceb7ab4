"""The controller: reconciles each Media Node, one step at a time."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain import observations
from mediafleet.domain.calls import Reason
from mediafleet.domain.draining import entries_of_deadline
from mediafleet.domain.lifecycle import (
    CALL_STEPS,
    Step,
    Timeouts,
    is_still_due,
    next_deadline,
    next_step,
)
from mediafleet.domain.lost_machines import conflicts_with_launch
from mediafleet.domain.media_node import MediaNodeStatus
from mediafleet.domain.outcomes import (
    CRASH_STEPS,
    change_of_step,
    entries_of_crash,
    entries_of_deduplication,
    finding_of,
    serving_by_age,
)
from mediafleet.services.cluster_state import ClusterState, Decision
from mediafleet.services.evictions import Evictions
from mediafleet.services.work_queue import WorkQueue
from mediafleet.supervise import TICK_S, succeeds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mediafleet.clock import AwakeClock
    from mediafleet.domain.cluster import Cluster, Connection, Member
    from mediafleet.domain.diagnostics import Finding
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.ports import MediaServers
    from mediafleet.services.call_recovery import CallRecovery
    from mediafleet.services.machines import Machines

log = logging.getLogger(__name__)

SHORTEST_REQUEUE_S = 0.05
RETRY_S, LONGEST_RETRY_S = 1.0, 30.0
COMMITS_AT_ONCE = 32
"""Steps that wait for the store: with more of them the requests of users would time out."""


class Controller:
    """Takes the steps that :mod:`mediafleet.domain.lifecycle` decides, one at a time for each node.

    It is level-triggered: a step is decided from the member as it is, so a notification that is
    lost or comes twice does no harm. No node waits for the step of another one.

    Args:
        state: The cluster in memory.
        machines: Launches and terminates the machines of members.
        media_servers: Links to them.
        clock: The only source of time.
        timeouts: How long the cluster waits for what.
        calls: The sessions of calls; not needed while there are none.
        moves_calls: Whether those of a node that crashed are moved instead of ended.

    Attributes:
        queue: The members that need work; a new one whenever it runs again.
        findings: How often it decided what about the health of a member.
    """

    def __init__(
        self,
        state: ClusterState,
        machines: Machines,
        media_servers: MediaServers,
        *,
        clock: AwakeClock,
        timeouts: Timeouts,
        calls: CallRecovery | None = None,
        moves_calls: bool = False,
    ) -> None:
        self._calls = calls
        self._moves_calls = moves_calls
        self._state = state
        self._machines = machines
        self._media_servers = media_servers
        self._clock = clock
        self._timeouts = timeouts
        self._evictions = Evictions(state, media_servers, clock)
        self._commits = anyio.CapacityLimiter(COMMITS_AT_ONCE)
        self.queue = WorkQueue(clock.monotonic)
        self.findings: Counter[Finding] = Counter()

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Reconcile all members, and each again when it changes or is due, until cancelled.

        Args:
            beat: Called each time the loop comes round.
        """
        queue = self.queue = WorkQueue(self._clock.monotonic)
        self._state.on_change = queue.add
        for member in self._state.cluster:
            queue.add(member.node.id)
        async with anyio.create_task_group() as workers:
            while True:
                if (node_id := await queue.get(within=TICK_S)) is not None:
                    name = f"reconcile {node_id}"
                    workers.start_soon(self._work, queue, node_id, name, name=name)
                beat()

    async def _work(self, queue: WorkQueue, node_id: str, name: str) -> None:
        requeue_after: float | None = None

        async def work() -> None:
            nonlocal requeue_after
            requeue_after = await self.reconcile(node_id)

        if await succeeds(name, work):
            queue.done(node_id, requeue_after=requeue_after)
        else:
            queue.back_off(node_id, self.pause_after_failure(node_id))

    def pause_after_failure(self, node_id: str) -> float:
        """Seconds until a step that failed is tried again: more each time an environment fails."""
        member = self._state.member(node_id)
        failures = 0 if member is None else min(member.progress.failures, 10)
        return min(RETRY_S * 2.0 ** max(0, failures - 1), LONGEST_RETRY_S)

    async def reconcile(self, node_id: str) -> float | None:
        """Take the next step of a member, if it has one, and see that it has its link.

        Returns:
            Seconds until it must be reconciled again even if nothing changes; ``None``: never.

        Raises:
            EnvironmentFailureError: The step must be tried again later.
            StoreUnavailableError: Likewise.
            UnreachableMediaServerError: Likewise.
        """
        member = self._state.member(node_id)
        if member is None:
            return None
        if member.uri is not None and member.node.holds_its_uri and not member.gone:
            self._media_servers.attach(node_id, member.uri, member.diagnostics)
        step = next_step(member, self._timeouts, self._clock.monotonic())
        if step is None:
            await self._remove_duplicates(node_id)
        elif not await self._take(step, member):
            return RETRY_S  # what blocks the step may end without a notification
        elif step in CALL_STEPS:
            return SHORTEST_REQUEUE_S  # nothing notifies while other clients have sessions there
        return self._requeue_after(node_id)

    def _requeue_after(self, node_id: str) -> float | None:
        member = self._state.member(node_id)
        deadline = None if member is None else next_deadline(member, self._timeouts)
        if deadline is None:
            return None
        return max(deadline - self._clock.monotonic(), SHORTEST_REQUEUE_S)

    async def _take(self, step: Step, member: Member) -> bool:
        """Take a step; ``False``: it is blocked and must be decided again."""
        node = member.node
        if step is Step.LAUNCH:
            return await self._launch(node.id)
        if step is Step.CLEAN_UP:
            await self._clean_up(node)
            return True
        if step in CALL_STEPS:
            return await self._remove_calls(step, node)
        if not await self._prepare(step, member):
            return False
        await self._commit(node.id, step)
        after = self._state.member(node.id)
        if after is None or not after.node.holds_its_uri:
            await self._detach(member)
            self._state.record_detached(node.id)
        return True

    async def _prepare(self, step: Step, member: Member) -> bool:
        """Do what must be done before a step is stored; whether it may be stored then."""
        node = member.node
        match step:
            case Step.END_QUARANTINE:  # a session that began just now may not be known yet
                return not await self._evictions.list_foreign(node.id)
            case Step.TERMINATE:
                if not node.evicts_sessions and await self._hosts_sessions(member):
                    return False
                self._state.record(node.id, observations.drain_checked)
                await self._terminate(member)
            case Step.FORGET:  # a launch that ended late may have left something since
                await self._clean_up(node)
            case Step.REPORT_LOST_SESSIONS if node.status is MediaNodeStatus.TERMINATING:
                # Their ends may have been reported when the node was given up or evicted.
                reported = await self._evictions.reported(node.id, member.lost_sessions)
                self._state.record(node.id, partial(observations.without_lost, reported=reported))
        return True

    async def _remove_calls(self, step: Step, node: MediaNode) -> bool:
        """End or move calls of a node; return whether those are gone."""
        if self._calls is None:
            return False
        if step is Step.MOVE_CALLS:
            await self._calls.move_hosted(node.id, self._calls_of(step, node))
        elif step is Step.EVICT_CALLS:
            evicted, reason = self._calls_of(step, node), Reason.MEDIA_SERVER_DISCONNECT
            await self._calls.close_hosted(node.id, evicted, reason)
        else:
            if self._moves_calls:
                await self._calls.move_hosted(node.id, self._calls_of(step, node))
            elif self._state.existing(node.id).connection.connected and not node.crashed_since:
                await self._calls.restart_hosted(node.id, self._calls_of(step, node))
            if lost := self._calls_of(step, node):
                reason = Reason.NODE_CRASHED
                await self._calls.close_hosted(node.id, lost, reason)
        return not self._calls_of(step, node)

    def _calls_of(self, step: Step, node: MediaNode) -> frozenset[str]:
        """Ids of the calls that a step is about, as they are now."""
        member = self._state.existing(node.id)
        is_lost = step is Step.REMOVE_LOST_CALLS and node.status is not MediaNodeStatus.TERMINATING
        return frozenset(call.id for call in (member.lost_calls if is_lost else member.calls))

    async def _launch(self, node_id: str) -> bool:
        """Launch the machine and record where it is, or why there is none.

        The timeout of the launch begins when the machine may be launched.
        """
        self._state.restart_timeout(node_id)
        if not self._machines.may_launch:
            return False
        machine = await self._machines.launch(node_id)
        if machine is not None:
            self._state.record(node_id, partial(observations.located, machine=machine))
            if (successor := self._state.member(node_id)) is not None:
                cluster = self._state.cluster
                await self.resolve_address_conflicts(
                    conflicts_with_launch(cluster, successor, machine)
                )
        return True

    async def _clean_up(self, node: MediaNode) -> None:
        await self._machines.terminate(node)
        self._state.record(node.id, partial(observations.cleaned_up, is_clean=True))

    async def _terminate(self, member: Member) -> None:
        node = member.node
        if node.evicts_sessions:
            await self._evictions.end_sessions(node.id)
        await self._detach(member)
        await self._evictions.report_lost(node.id)  # which depends on whether it was connected
        self._state.record_detached(node.id)
        await self._machines.terminate(node)

    async def _hosts_sessions(self, member: Member) -> bool:
        """The drain check: whether late sessions were placed on a terminating node.

        A disconnected node is not checked: its step is due only after its timeout.

        Raises:
            UnreachableMediaServerError: It is connected and does not answer.
        """
        if not member.connection.connected:
            return False
        sessions = await self._evictions.list_foreign(member.node.id)
        if sessions:
            log.warning(
                "node stays until sessions that came late have ended",
                extra={"media_node_id": member.node.id, "sessions": len(sessions)},
            )
        return bool(sessions)

    async def _commit(self, node_id: str, step: Step) -> None:
        """Store a step and publish it, unless the node has changed since the step was decided."""

        def decide(cluster: Cluster) -> Decision[tuple[Finding, str] | None]:
            member = cluster.get(node_id)
            now = self._clock.monotonic()
            if member is None or not is_still_due(step, member, self._timeouts, now):
                return Decision(None)
            at = self._clock.now()
            if step in CRASH_STEPS:
                found = finding_of(step, member, now)
                entries = entries_of_crash(step, member, at=at)
                return Decision(found, entries, _links_after(step, member))
            if step is Step.REACH_DRAIN_DEADLINE:
                return Decision(None, entries_of_deadline(member.node, at=at))
            change = change_of_step(step, member, cluster, self._timeouts, at=at)
            return Decision(None, (change,))

        async with self._commits:
            found = await self._state.change(decide)
        if found is not None:
            self.record_decision(node_id, *found)

    def record_decision(self, node_id: str, finding: Finding, reason: str) -> None:
        """Keep a decision with the member it is about, unless that has no link."""
        self.findings[finding] += 1
        member = self._state.member(node_id)
        if member is not None and member.diagnostics.is_linked:
            member.diagnostics.record_decision(
                finding, reason, at=self._clock.now(), lag=self._clock.lag
            )

    async def _remove_duplicates(self, node_id: str) -> None:
        """Keep the eldest of the members whose links lead to one media server.

        Duplicates are not always found when they are added: a node that was disconnected may come
        back as another process.
        """
        if len(self._state.of_one_process(node_id)) < 2:  # noqa: PLR2004  # itself and another one
            return

        def decide(_: Cluster) -> Decision[tuple[Member, ...]]:
            members = serving_by_age(self._state.of_one_process(node_id))
            at = self._clock.now()
            entries = (entries_of_deduplication(each, members[0], at=at) for each in members[1:])
            return Decision(members, tuple(chain.from_iterable(entries)))

        members = await self._state.change(decide)
        for member in members[1:]:
            log.warning(
                "media node is removed, another one is the same media server",
                extra={"media_node_id": member.node.id, "duplicate_of": members[0].node.id},
            )
            await self._detach(member)

    async def resolve_address_conflicts(self, members: Iterable[Member]) -> None:
        """Detach members whose address another machine has now, before a request is sent there.

        Their own machines are gone. Over their links the sessions of the other machine could be
        ended instead of theirs.
        """
        for member in members:
            log.warning(
                "another machine has its address now, so its own is gone",
                extra={"media_node_id": member.node.id, "uri": member.uri},
            )
            self._state.record_gone(member.node.id)
            await self._detach(member)

    async def _detach(self, member: Member) -> None:
        """End the link to a member, which may have left, and log the decisions about it."""
        node_id, diagnostics = member.node.id, member.diagnostics
        if diagnostics.is_linked and diagnostics.decisions:
            decisions = [decision.in_words() for decision in diagnostics.decisions]
            log.info(
                "media server detached", extra={"media_node_id": node_id, "decisions": decisions}
            )
        await self._media_servers.detach(node_id)


def _links_after(step: Step, member: Member) -> Mapping[str, Connection]:
    """The state of the link after a step: a node that is given up hosts no sessions."""
    if step is not Step.GIVE_UP:
        return {}
    return {member.node.id: replace(member.connection, sessions=())}
