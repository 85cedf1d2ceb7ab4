"""Autoscaling: from the cluster and the limits to the changes that bring it within them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, islice
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from mediafleet.domain.entries import EventOnly, Mutation
from mediafleet.domain.errors import ContradictoryLimitsError
from mediafleet.domain.events import Event
from mediafleet.domain.formats import to_milliseconds
from mediafleet.domain.media_node import MediaNodeStatus as S
from mediafleet.domain.media_node import new_media_node, transition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from mediafleet.domain.cluster import Member
    from mediafleet.domain.entries import NodeEntry
    from mediafleet.domain.events import Payload

_UNITS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits of the cluster.

    Attributes:
        min_nodes: Fewest active nodes.
        max_nodes: Most active nodes; not below the fewest.
        min_load: Average load in percent below which the cluster shrinks.
        max_load: Average load in percent above which it grows; not below the other one.
        launches_machines: Whether new nodes are launched; on premises they are only requested.
    """

    min_nodes: int
    max_nodes: int
    min_load: int
    max_load: int
    launches_machines: bool = True

    def with_limits(
        self,
        *,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        min_load: int | None = None,
        max_load: int | None = None,
    ) -> Policy:
        """The policy with other limits; ``None`` leaves one as it is.

        Raises:
            ContradictoryLimitsError: A lower limit is above its upper one.
        """
        changed = replace(
            self,
            min_nodes=self.min_nodes if min_nodes is None else min_nodes,
            max_nodes=self.max_nodes if max_nodes is None else max_nodes,
            min_load=self.min_load if min_load is None else min_load,
            max_load=self.max_load if max_load is None else max_load,
        )
        for lower, upper in (
            (("minNodes", changed.min_nodes), ("maxNodes", changed.max_nodes)),
            (("minLoad", changed.min_load), ("maxLoad", changed.max_load)),
        ):
            if lower[1] > upper[1]:
                raise ContradictoryLimitsError(lower, upper)
        return changed


@dataclass(frozen=True, slots=True)
class Inputs:
    """The part of the cluster that autoscaling looks at.

    Attributes:
        running: Active nodes that run.
        launching: Active nodes that will run.
        waiting: Quarantined nodes: their load counts, they do not.
        canceled: Nodes whose launch can be resumed.
        unknown: Ids of the running and waiting nodes whose load is not known now.
        exact_load: Sum of the known loads of running and waiting nodes, in billionths of a percent:
            whole numbers, as the same decision must follow from the same loads in any order.
    """

    running: tuple[Member, ...]
    launching: tuple[Member, ...]
    waiting: tuple[Member, ...]
    canceled: tuple[Member, ...]
    unknown: tuple[str, ...]
    exact_load: int

    @classmethod
    def of(cls, members: Iterable[Member]) -> Inputs:
        """What counts of some members."""
        by_status: dict[S, list[Member]] = {
            status: []
            for status in (S.RUNNING, S.LAUNCHING, S.WAITING_IDLE_TO_TERMINATE, S.CANCELED)
        }
        for member in members:
            if (found := by_status.get(member.node.status)) is not None:
                found.append(member)
        running, launching, waiting, canceled = map(tuple, by_status.values())
        loads = [(member.node.id, member.connection.load) for member in (*running, *waiting)]
        return cls(
            running,
            launching,
            waiting,
            canceled,
            unknown=tuple(node_id for node_id, load in loads if load is None),
            exact_load=sum(_exact(load) for _, load in loads if load is not None),
        )

    @property
    def counted(self) -> tuple[Member, ...]:
        """All of these nodes."""
        return (*self.running, *self.launching, *self.waiting, *self.canceled)

    @property
    def num_nodes(self) -> int:
        """Active nodes: those that run and those that are launching."""
        return len(self.running) + len(self.launching)

    @property
    def total_load(self) -> float:
        """Sum of the known loads in percent; unknown ones add nothing."""
        return self.exact_load / _UNITS

    @property
    def avg_load(self) -> float:
        """Total load for each active node in percent; 0 without active nodes."""
        return self.exact_load / (_UNITS * self.num_nodes) if self.num_nodes else 0.0


class Cause(StrEnum):
    """Why the cluster changes or stays as it is; values are the words of the wire."""

    BELOW_MIN_NODES = "belowMinNodes"
    ABOVE_MAX_NODES = "aboveMaxNodes"
    HIGH_LOAD = "highLoad"
    LOW_LOAD = "lowLoad"
    WITHIN_LIMITS = "withinLimits"
    AT_MAX_NODES = "atMaxNodes"
    AT_MIN_NODES = "atMinNodes"
    LOAD_OF_FEWER = "loadOfFewerNodes"
    """The load is low, and with a node less it would be too high."""
    RESERVED = "reserved"
    """Nodes would leave if no sessions were about to begin on them."""
    BLIND = "blind"
    """Nodes would leave if all loads were known."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What brings the cluster within its limits; at most one direction is not empty.

    Attributes:
        inputs: What was decided on.
        policy: The limits.
        cause: Why.
        restored: Go from ``waiting-idle-to-terminate`` to ``running``, first of all.
        resumed: Go from ``canceled`` to ``launching`` after these.
        new_nodes: How many are launched after these; on premises, how many are missing.
        canceled: Go from ``launching`` to ``canceled``, first of all.
        removed: Running nodes that leave after these: an empty one to ``terminating``, one with
            sessions to ``waiting-idle-to-terminate``.
        held: Which guard keeps the rest of the plan back, as a sentence; empty if none does.
    """

    inputs: Inputs
    policy: Policy
    cause: Cause
    restored: tuple[Member, ...] = ()
    resumed: tuple[Member, ...] = ()
    new_nodes: int = 0
    canceled: tuple[Member, ...] = ()
    removed: tuple[Member, ...] = ()
    held: str = ""

    @property
    def grows(self) -> int:
        """How many active nodes there are more after it."""
        return len(self.restored) + len(self.resumed) + self.new_nodes

    @property
    def shrinks(self) -> int:
        """How many active nodes there are fewer after it."""
        return len(self.canceled) + len(self.removed)

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing and requests nothing."""
        return not (self.grows or self.shrinks)

    @property
    def size(self) -> int:
        """Active nodes after it."""
        return self.inputs.num_nodes + self.grows - self.shrinks

    def first(self, count: int) -> Plan:
        """The first changes of it."""
        restored, canceled = self.restored[:count], self.canceled[:count]
        resumed = self.resumed[: count - len(restored)]
        return replace(
            self,
            restored=restored,
            resumed=resumed,
            new_nodes=min(self.new_nodes, count - len(restored) - len(resumed)),
            canceled=canceled,
            removed=self.removed[: count - len(canceled)],
        )

    @property
    def reason(self) -> str:
        """Why and what, with all the numbers, for people; clients must not parse it."""
        parts = (_why(self), _active(self.inputs), *_what(self), _unknown(self.inputs), self.held)
        return " ".join(part for part in parts if part)


def plan(
    members: Iterable[Member], policy: Policy, reserved: Collection[str] = frozenset()
) -> Plan:
    """Say how the cluster grows or shrinks; the published algorithm of OpenVidu Pro.

    The number of active nodes is brought within its bounds whatever the load. Within the bounds
    nodes are added one by one while the average load is above the upper limit, or removed one by
    one while it is below the lower limit and stays below the upper one.

    A load that is not known is never taken for 0: such a node is capacity, as a node that is
    launching is, so the average is at least the one calculated here. That is ground enough to grow.
    Nothing is removed until all loads are known.

    Once some of the changes are made, the others are what is decided next.

    Args:
        members: The cluster as it is.
        policy: The limits.
        reserved: Ids of nodes that are not removed, as sessions were placed on them that have not
            begun yet.
    """
    inputs = Inputs.of(members)
    growth = _growth(inputs, policy)
    if growth:
        return _growing(inputs, policy, growth)
    victims = _victims(inputs, policy, reserved)
    if not victims:
        is_reserved = reserved and _victims(inputs, policy, frozenset())
        cause = Cause.RESERVED if is_reserved else _cause_of_rest(inputs, policy)
        return Plan(inputs, policy, cause)
    if inputs.unknown:
        return Plan(inputs, policy, Cause.BLIND)
    launching = len(inputs.launching)
    return Plan(
        inputs,
        policy,
        Cause.ABOVE_MAX_NODES if inputs.num_nodes > policy.max_nodes else Cause.LOW_LOAD,
        canceled=tuple(victims[:launching]),
        removed=tuple(victims[launching:]),
    )


def entries_of_plan(plan: Plan, new_ids: Iterable[str], *, at: datetime) -> tuple[NodeEntry, ...]:
    """What a plan changes, and the event before it.

    Args:
        plan: The plan; not empty.
        new_ids: Ids of the nodes that are launched, as many as are needed or more.
        at: The moment (aware, UTC).
    """
    launched = plan.new_nodes if plan.policy.launches_machines else 0
    return (
        EventOnly(Autoscaling(at, plan)),
        *(_moved(member, S.RUNNING, at) for member in plan.restored),
        *(_moved(member, S.LAUNCHING, at) for member in plan.resumed),
        *(Mutation(*new_media_node(new_id, at=at)) for new_id in islice(new_ids, launched)),
        *(_moved(member, S.CANCELED, at) for member in plan.canceled),
        *(
            _moved(member, S.WAITING_IDLE_TO_TERMINATE, at)
            if member.sessions
            else _moved(member, S.TERMINATING, at)
            for member in plan.removed
        ),
    )


def _moved(member: Member, to: S, at: datetime) -> Mutation:
    return Mutation(*transition(member.node, to, at=at))


def _exact(load: float) -> int:
    return round(load * _UNITS)


def _is_above(load: int, nodes: int, percent: int) -> bool:
    """Whether the average of an exact load is above a limit; without nodes it is 0."""
    return nodes > 0 and load > percent * _UNITS * nodes


def _is_below(load: int, nodes: int, percent: int) -> bool:
    return load < percent * _UNITS * nodes if nodes else percent > 0


def _growth(inputs: Inputs, policy: Policy) -> int:
    nodes = inputs.num_nodes
    while nodes < policy.min_nodes or (
        nodes < policy.max_nodes and _is_above(inputs.exact_load, nodes, policy.max_load)
    ):
        nodes += 1
    return nodes - inputs.num_nodes


def _growing(inputs: Inputs, policy: Policy, growth: int) -> Plan:
    """Restore nodes, then resume launches, then launch."""
    restorable = (member for member in inputs.waiting if _is_restorable(member))
    restored = tuple(sorted(restorable, key=_by_load))[:growth]
    by_age = sorted(inputs.canceled, key=_by_age)
    resumed = tuple(by_age[: growth - len(restored)])
    is_below = inputs.num_nodes < policy.min_nodes
    return Plan(
        inputs,
        policy,
        Cause.BELOW_MIN_NODES if is_below else Cause.HIGH_LOAD,
        restored=restored,
        resumed=resumed,
        new_nodes=growth - len(restored) - len(resumed),
    )


def _is_restorable(member: Member) -> bool:
    """Whether a quarantined node is capacity again at once, and nobody has set it a deadline."""
    return member.connection.connected and not member.gone and member.node.drain is None


def _victims(inputs: Inputs, policy: Policy, reserved: Collection[str]) -> Sequence[Member]:
    """Nodes to remove in the order of their removal, unknown loads not considered."""
    nodes, load = inputs.num_nodes, inputs.exact_load
    youngest_first = sorted(inputs.launching, key=_by_age, reverse=True)
    free = (member for member in inputs.running if member.node.id not in reserved)
    victims: list[Member] = []
    for victim in chain(youngest_first, sorted(free, key=_by_load)):
        is_above = nodes > policy.max_nodes
        is_idle = nodes > policy.min_nodes and _is_below(load, nodes, policy.min_load)
        if not (is_above or is_idle):
            break
        left = load - _leaving_load(victim)
        if not is_above and _is_above(left, nodes - 1, policy.max_load):
            break
        victims.append(victim)
        nodes, load = nodes - 1, left
    return victims


def _leaving_load(member: Member) -> int:
    """The load that leaves with a node: none with one that is launching or hosts sessions."""
    is_empty = member.node.status is S.RUNNING and not member.sessions
    return _exact(member.connection.load or 0.0) if is_empty else 0


def _by_age(member: Member) -> tuple[datetime, str]:
    return member.node.launching_time, member.node.id


def _by_load(member: Member) -> tuple[float, datetime, str]:
    return member.connection.load or 0.0, *_by_age(member)


def _cause_of_rest(inputs: Inputs, policy: Policy) -> Cause:
    load, nodes = inputs.exact_load, inputs.num_nodes
    if _is_above(load, nodes, policy.max_load):
        return Cause.AT_MAX_NODES
    if not _is_below(load, nodes, policy.min_load):
        return Cause.WITHIN_LIMITS
    is_fewest = inputs.num_nodes <= policy.min_nodes
    return Cause.AT_MIN_NODES if is_fewest else Cause.LOAD_OF_FEWER


_SENTENCES: Mapping[Cause, str] = MappingProxyType(
    {
        Cause.BELOW_MIN_NODES: "There are fewer active nodes than the minimum ({fewest}).",
        Cause.ABOVE_MAX_NODES: "There are more active nodes than the maximum ({most}).",
        Cause.HIGH_LOAD: "{average} is above {limits} and the maximum of nodes ({most}) is not "
        "reached.",
        Cause.LOW_LOAD: "{average} is below {limits} and the minimum of nodes ({fewest}) is not "
        "reached.",
        Cause.WITHIN_LIMITS: "{average} is within {limits}.",
        Cause.AT_MAX_NODES: "{average} is above {limits}, but the maximum of nodes ({most}) is "
        "reached.",
        Cause.AT_MIN_NODES: "{average} is below {limits}, but the minimum of nodes ({fewest}) is "
        "reached.",
        Cause.LOAD_OF_FEWER: "{average} is below {limits}, but it would be above them with one "
        "node fewer.",
        Cause.RESERVED: "Nodes would be removed, but sessions that were placed on them have not "
        "begun yet.",
        Cause.BLIND: "{average} is not known well enough to remove nodes.",
    }
)


def _why(plan: Plan) -> str:
    policy = plan.policy
    return _SENTENCES[plan.cause].format(
        average=f"The average load ({plan.inputs.avg_load:.2f}%)",
        limits=f"the limits [{policy.min_load:.2f}%, {policy.max_load:.2f}%]",
        fewest=policy.min_nodes,
        most=policy.max_nodes,
    )


def _active(inputs: Inputs) -> str:
    launching, running = len(inputs.launching), len(inputs.running)
    return f"Active nodes: {inputs.num_nodes} ({launching} launching and {running} running)."


def _what(plan: Plan) -> Iterable[str]:
    new = "launched" if plan.policy.launches_machines else "needed: add them to the cluster"
    counts = (
        (len(plan.restored), "quarantined", "restored"),
        (len(plan.resumed), "canceled", "launched after all"),
        (plan.new_nodes, "new", new),
        (len(plan.canceled), "launching", "canceled"),
        (len(plan.removed), "running", "terminated"),
    )
    for count, kind, what in counts:
        if count:
            yield f"{count} {kind} node{'s' * (count > 1)} {'are' if count > 1 else 'is'} {what}."
    if plan.is_empty:
        yield "Nothing is changed."


def _unknown(inputs: Inputs) -> str:
    count = len(inputs.unknown)
    if not count:
        return ""
    whose = "1 node is" if count == 1 else f"{count} nodes are"
    return f"The load of {whose} not known and counts as none; nothing is removed meanwhile."


@dataclass(frozen=True, slots=True)
class Autoscaling(Event):
    """Autoscaling changes the size of the cluster, or requests nodes on premises.

    Source: OpenVidu Pro 2.15. Each node is shown as it is before the change.
    """

    name: ClassVar[str] = "autoscaling"

    id: None = field(default=None, init=False)
    plan: Plan

    @override
    def payload(self, cluster_id: str) -> Payload:
        plan, inputs, policy = self.plan, self.plan.inputs, self.plan.policy
        return {
            "clusterId": cluster_id,
            "reason": plan.reason,
            "mediaNodes": {
                "launch": {
                    "total": plan.grows,
                    "newNodes": plan.new_nodes,
                    "waitingIdleToTerminateNodes": _scaled_nodes(plan.restored),
                    "canceledNodes": _scaled_nodes(plan.resumed),
                },
                "terminate": {
                    "total": plan.shrinks,
                    "runningNodes": _scaled_nodes(plan.removed),
                    "launchingNodes": _scaled_nodes(plan.canceled),
                },
            },
            "system": {
                "config": {
                    "maxNodes": policy.max_nodes,
                    "minNodes": policy.min_nodes,
                    "maxAvgLoad": policy.max_load,
                    "minAvgLoad": policy.min_load,
                },
                "status": {
                    "numNodes": inputs.num_nodes,
                    "totalLoad": inputs.total_load,
                    "avgLoad": inputs.avg_load,
                    "runningNodes": _scaled_nodes(inputs.running),
                    "launchingNodes": _scaled_nodes(inputs.launching),
                    "waitingIdleToTerminateNodes": _scaled_nodes(inputs.waiting),
                    "canceledNodes": _scaled_nodes(inputs.canceled),
                },
            },
            "timestamp": to_milliseconds(self.timestamp),
        }


def _scaled_nodes(members: Iterable[Member]) -> list[Payload]:
    """Media Nodes as an `autoscaling` event shows them; a load must be a number there."""
    return [
        {
            "id": member.node.id,
            "environmentId": member.node.environment_id,
            "ip": member.node.ip,
            "load": round(member.connection.load or member.connection.last_load or 0, 2),
            "status": member.node.status.value,
        }
        for member in members
    ]


MAX_UNKNOWN_NODES = 100
"""Ids in one `autoscalingBlind` event."""


@dataclass(frozen=True, slots=True)
class AutoscalingBlind(Event):
    """Loads of Media Nodes are unknown for too long, or are known again. Mediafleet's own.

    Attributes:
        unknown: Ids of the Media Nodes whose load is unknown; none if all are known again.
    """

    name: ClassVar[str] = "autoscalingBlind"

    id: None = field(default=None, init=False)
    unknown: tuple[str, ...]

    @override
    def payload(self, cluster_id: str) -> Payload:
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "blind": bool(self.unknown),
            "unknown": len(self.unknown),
            "mediaNodes": list(self.unknown[:MAX_UNKNOWN_NODES]),
            "clusterId": cluster_id,
        }
