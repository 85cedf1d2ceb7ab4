"""Autoscaling: evaluates the cluster regularly and carries out what the plan says."""

from __future__ import annotations

import logging
from collections import Counter, deque
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.autoscaling import (
    Autoscaling,
    AutoscalingBlind,
    Cause,
    Plan,
    Policy,
    entries_of_plan,
    plan,
)
from mediafleet.domain.autoscaling_guards import Guards, History, guarded
from mediafleet.domain.entries import EventOnly
from mediafleet.domain.media_node import ACTIVE_STATUSES, MediaNodeStatus
from mediafleet.services.cluster_state import ClusterState, Decision
from mediafleet.supervise import TICK_S, failure_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from datetime import datetime

    from mediafleet.clock import Clock
    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.entries import StoreEntry
    from mediafleet.domain.events import StoredEvent

log = logging.getLogger(__name__)

DECISIONS_KEPT = 50
NO_GUARDS = Guards()
_LEFT_SERVICE = frozenset(MediaNodeStatus) - ACTIVE_STATUSES


@dataclass(frozen=True, slots=True)
class AutoscalingSettings:
    """What the configuration says.

    Attributes:
        is_on: Whether the cluster is evaluated at all.
        interval: Seconds between two evaluations.
        policy: The limits of the cluster.
        guards: What keeps plans back.
        blind_after: Seconds with an unknown load until an event says so.
        has_hook: Whether requests for nodes are passed to a command.
    """

    is_on: bool
    interval: float
    policy: Policy
    guards: Guards = NO_GUARDS
    blind_after: float = 15.0
    has_hook: bool = False


@dataclass(frozen=True, slots=True)
class ScalingDecision:
    """The outcome of evaluations in a row that found the same.

    Attributes:
        at: When the last of them was (aware, UTC).
        evaluations: How many there were; a decision that changes the cluster stands alone.
        cause: Why.
        reason: The same for people, with all numbers of the last one.
        num_nodes: Active nodes.
        total_load: Sum of the known loads in percent.
        avg_load: The same for each active node.
        unknown: How many loads were unknown.
        restored: Ids of nodes that went from quarantine to running.
        resumed: Ids of nodes whose canceled launch was resumed.
        new_nodes: How many nodes were launched or, on premises, requested.
        canceled: Ids of nodes whose launch was canceled.
        removed: Ids of running nodes that were removed.
    """

    at: datetime
    evaluations: int
    cause: Cause
    reason: str
    num_nodes: int
    total_load: float
    avg_load: float
    unknown: int
    restored: tuple[str, ...]
    resumed: tuple[str, ...]
    new_nodes: int
    canceled: tuple[str, ...]
    removed: tuple[str, ...]

    @classmethod
    def of(cls, plan: Plan, at: datetime) -> ScalingDecision:
        """The decision for a plan; its nodes are not kept, as they hold their sessions."""
        inputs = plan.inputs
        return cls(
            at=at,
            evaluations=1,
            cause=plan.cause,
            reason=plan.reason,
            num_nodes=inputs.num_nodes,
            total_load=inputs.total_load,
            avg_load=inputs.avg_load,
            unknown=len(inputs.unknown),
            restored=_ids(plan.restored),
            resumed=_ids(plan.resumed),
            new_nodes=plan.new_nodes,
            canceled=_ids(plan.canceled),
            removed=_ids(plan.removed),
        )

    @property
    def changes(self) -> int:
        """How many nodes come and go."""
        moved = (self.restored, self.resumed, self.canceled, self.removed)
        return self.new_nodes + sum(map(len, moved))

    def follows(self, earlier: ScalingDecision) -> bool:
        """Whether it repeats an earlier one, neither of which changes the cluster."""
        return self.cause is earlier.cause and not (self.changes or earlier.changes)


def _ids(members: Iterable[Member]) -> tuple[str, ...]:
    return tuple(member.node.id for member in members)


@dataclass(frozen=True, slots=True)
class AutoscalingReport:
    """What autoscaling knows, and what it would do now.

    Attributes:
        at: When this was so (aware, UTC).
        settings: What holds, the limits of a dry run included.
        idle_reason: Why no plan is carried out now; ``None`` if plans are.
        plan: What an evaluation now would decide.
        is_blind: An event said that loads are unknown.
        decisions: The last ones, the newest first.
    """

    at: datetime
    settings: AutoscalingSettings
    idle_reason: str | None
    plan: Plan
    is_blind: bool
    decisions: tuple[ScalingDecision, ...]


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """What an evaluation decided, to be kept once it is committed."""

    at: datetime
    plan: Plan
    history: History
    is_request: bool
    is_blind: bool


class Autoscaler:
    """Keeps the number of Media Nodes within its bounds and the load within its limits.

    Args:
        state: The cluster in memory.
        settings: Returns the configuration in force.
        clock: The time.
        new_node_id: Makes ids; must not repeat.
        capacity: Most members of the cluster.
        may_launch: Returns whether the machines that run without a member are known; nothing is
            launched before.
        run_hook: Passes a request for nodes to a command of the operator.

    Attributes:
        problem: Why the last evaluation failed; ``None`` if it did not.
        causes: How many evaluations found what.
        is_blind: Whether the last evaluations did without some loads for too long.
    """

    def __init__(
        self,
        state: ClusterState,
        settings: Callable[[], AutoscalingSettings],
        *,
        clock: Clock,
        new_node_id: Callable[[], str],
        capacity: int,
        may_launch: Callable[[], bool],
        run_hook: Callable[[Autoscaling], Awaitable[None]],
    ) -> None:
        self._state = state
        self._settings = settings
        self._clock = clock
        self._new_node_id = new_node_id
        self._capacity = capacity
        self._may_launch = may_launch
        self._run_hook = run_hook
        self._woken = anyio.Event()
        self._has_lost_nodes = False
        self._history = History()
        self._requested: tuple[int, int] | None = None
        self._hooked: Autoscaling | None = None
        self._hook_due = anyio.Event()
        self._unknown_since: float | None = None
        self.is_blind = False
        self._decisions: deque[ScalingDecision] = deque(maxlen=DECISIONS_KEPT)
        self.problem: str | None = None
        self.causes: Counter[Cause] = Counter()

    def configure(self) -> None:
        """Go on with the configuration that is in force now; evaluations in a row begin anew."""
        self._history = replace(self._history, evaluations=0)
        self._woken.set()

    def on_events(self, events: Sequence[StoredEvent]) -> None:
        """Look soon whether the cluster is below its minimum, if a running node has left service.

        A launch that failed waits for the next evaluation, or it would be repeated without a pause.
        """
        if any(
            event.name == "mediaNodeStatusChanged"
            and event.payload["oldStatus"] == MediaNodeStatus.RUNNING
            and event.payload["newStatus"] in _LEFT_SERVICE
            for event in events
        ):
            self._has_lost_nodes = True
            self._woken.set()

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Evaluate every interval, and when woken, until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._run_hooks, name="autoscaling hook")
            evaluated = self._clock.monotonic()
            while True:
                beat()
                left = evaluated + self._settings().interval - self._clock.monotonic()
                with anyio.move_on_after(min(max(left, 0.0), TICK_S)):
                    await self._woken.wait()
                if self._woken.is_set():
                    self._woken = anyio.Event()
                lost, self._has_lost_nodes = self._has_lost_nodes, False
                left = evaluated + self._settings().interval - self._clock.monotonic()
                if left <= 0 or (lost and self._is_below_minimum()):
                    evaluated = self._clock.monotonic()
                    self.problem = await failure_of("autoscaling", self.evaluate)

    def _is_below_minimum(self) -> bool:
        least = self._settings().policy.min_nodes
        return sum(each.node.status in ACTIVE_STATUSES for each in self._state.cluster) < least

    @property
    def _idle_reason(self) -> str | None:
        if not self._settings().is_on:
            return "autoscaling is off"
        if not self._state.may_write:
            return "this server does not hold the lock of the store"
        if not self._may_launch():
            return "the environment has not listed its machines yet"
        return None

    async def evaluate(self) -> None:
        """Decide and carry out, in one commit with the event.

        Raises:
            StoreUnavailableError: Nothing changed.
            NotReadyError: No store is open.
        """
        if self._idle_reason is not None:
            return
        evaluation = await self._state.change(self._decide)
        found = evaluation.plan
        self.causes[found.cause] += 1
        self._history = evaluation.history
        self.is_blind = evaluation.is_blind
        is_requested = bool(found.new_nodes) and not found.policy.launches_machines
        self._requested = (found.size, found.new_nodes) if is_requested else None
        decision = ScalingDecision.of(found, evaluation.at)
        if self._decisions and decision.follows(last := self._decisions[0]):
            self._decisions[0] = replace(decision, evaluations=last.evaluations + 1)
        elif not is_requested or evaluation.is_request:
            self._decisions.appendleft(decision)
        if evaluation.is_request:
            log.info("autoscaling", extra={"reason": found.reason})
            if is_requested and self._settings().has_hook:
                self._hooked = Autoscaling(decision.at, found)
                self._hook_due.set()

    def _decide(self, cluster: Cluster) -> Decision[_Evaluation]:
        settings, at, now = self._settings(), self._clock.now(), self._clock.monotonic()
        found, history = self._planned(cluster, settings, at=at, now=now)
        entries: tuple[StoreEntry, ...] = ()
        is_blind = self._blindness(found, settings, now)
        if is_blind is not self.is_blind:
            entries += (EventOnly(AutoscalingBlind(at, found.inputs.unknown)),)
        is_news = self._is_news(found)
        if is_news:
            entries += entries_of_plan(found, iter(self._new_node_id, None), at=at)
            history = history.applied(found, now)
        return Decision(_Evaluation(at, found, history, is_news, is_blind), entries)

    def _planned(
        self, cluster: Cluster, settings: AutoscalingSettings, *, at: datetime, now: float
    ) -> tuple[Plan, History]:
        found = plan(cluster, settings.policy, self._state.reservations.reserved_nodes(now))
        history = self._history.found(found.cause)
        found = guarded(found, cluster, settings.guards, history, at=at, now=now)
        room = max(0, self._capacity - len(cluster))
        if found.policy.launches_machines and found.new_nodes > room:
            held = f"The cluster has room for {room} more members only."
            found = replace(found, new_nodes=room, held=held)
        return found, history

    def _blindness(self, found: Plan, settings: AutoscalingSettings, now: float) -> bool:
        """Whether loads are unknown for too long; a node is not measured as soon as it runs."""
        if not found.inputs.unknown:
            self._unknown_since = None
            return False
        if self._unknown_since is None:
            self._unknown_since = now
        return self.is_blind or now - self._unknown_since >= settings.blind_after

    def _is_news(self, found: Plan) -> bool:
        """Whether there is something to do; a request is repeated only if it is another one.

        It is not while operators add the nodes one by one, which brings the cluster nearer to the
        size that was requested.
        """
        if found.is_empty or found.policy.launches_machines or found.grows != found.new_nodes:
            return not found.is_empty
        if self._requested is None:
            return True
        size, new_nodes = self._requested
        return found.size != size or found.new_nodes > new_nodes

    async def _run_hooks(self) -> None:
        """Pass requests to the hook, one at a time; of those that come meanwhile only the last."""
        while True:
            await self._hook_due.wait()
            self._hook_due = anyio.Event()
            if (event := self._hooked) is not None:
                await failure_of("autoscaling hook", partial(self._run_hook, event))

    def report(self, **limits: int | None) -> AutoscalingReport:
        """Say what is known and what would be done now.

        Args:
            limits: Of the policy, for a dry run; ``None`` for the configured ones.

        Raises:
            ContradictoryLimitsError: A lower limit is above its upper one.
        """
        settings = self._settings()
        settings = replace(settings, policy=settings.policy.with_limits(**limits))
        at, now = self._clock.now(), self._clock.monotonic()
        found, _ = self._planned(self._state.cluster, settings, at=at, now=now)
        return AutoscalingReport(
            at, settings, self._idle_reason, found, self.is_blind, tuple(self._decisions)
        )
