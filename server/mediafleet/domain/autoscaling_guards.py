"""What keeps an autoscaling plan back, besides the published algorithm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mediafleet.domain.autoscaling import Cause
from mediafleet.domain.media_node import MediaNodeStatus as S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from mediafleet.domain.autoscaling import Plan
    from mediafleet.domain.cluster import Member

LONGEST_BACK_OFF_S = 3600.0
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Guards:
    """What keeps a plan back, besides the published algorithm; the defaults keep nothing back.

    Attributes:
        evaluations: How many evaluations in a row must find the load beyond the same limit.
        growth_cooldown: Seconds without growth by load after any change of the size.
        shrink_cooldown: Seconds without shrinking by load after any change of the size.
        max_step: Most nodes that are added or removed at once; 0: any number.
        launches_per_hour: Most launches within an hour; 0: any number.
        failed_launches: How many launches in a row must fail to stop further ones; 0: never.
        back_off: Seconds without launches then. They double with each further failure, up to an
            hour, and one launch at a time is tried after them.
    """

    evaluations: int = 1
    growth_cooldown: float = 0.0
    shrink_cooldown: float = 0.0
    max_step: int = 0
    launches_per_hour: int = 0
    failed_launches: int = 0
    back_off: float = 60.0


@dataclass(frozen=True, slots=True)
class History:
    """What the guards know of earlier evaluations; seconds are those of the monotonic clock.

    Attributes:
        cause: What the last evaluation found.
        evaluations: How many in a row found the same, the last one included.
        changed: When the size was last changed; ``None``: not since this process began.
        launches: When nodes were launched within the last hour.
    """

    cause: Cause = Cause.WITHIN_LIMITS
    evaluations: int = 0
    changed: float | None = None
    launches: tuple[float, ...] = ()

    def found(self, cause: Cause) -> History:
        """The history with another evaluation."""
        same = self.evaluations if cause is self.cause else 0
        return replace(self, cause=cause, evaluations=same + 1)

    def applied(self, plan: Plan, now: float) -> History:
        """The history with a plan that was carried out."""
        if plan.is_empty:
            return self
        launches = plan.new_nodes if plan.policy.launches_machines else 0
        kept = (moment for moment in self.launches if now - moment < _HOUR_S)
        return replace(self, changed=now, launches=(*kept, *(now,) * launches))


def guarded(
    plan: Plan,
    members: Iterable[Member],
    guards: Guards,
    history: History,
    *,
    at: datetime,
    now: float,
) -> Plan:
    """Take from a plan what a guard keeps back.

    A cluster outside its bounds is brought within them without delay; only the number of nodes at
    once and of launches is limited then.

    Args:
        plan: The plan.
        members: The cluster as it is, failed launches included.
        guards: The guards.
        history: What they know, the evaluation that made the plan included.
        at: The moment (aware, UTC).
        now: The same on the clock of the history.
    """
    if plan.cause in {Cause.HIGH_LOAD, Cause.LOW_LOAD} and (
        held := _held(plan, guards, history, now)
    ):
        return replace(plan.first(0), held=held)
    if guards.max_step and plan.grows + plan.shrinks > guards.max_step:
        held = f"At most {guards.max_step} nodes are added or removed at once."
        plan = replace(plan.first(guards.max_step), held=held)
    if not (plan.new_nodes and plan.policy.launches_machines):
        return plan
    allowed, held = _allowed_launches(members, guards, history, at=at, now=now)
    if allowed is None or allowed >= plan.new_nodes:
        return plan
    return replace(plan, new_nodes=allowed, held=held)


def _held(plan: Plan, guards: Guards, history: History, now: float) -> str:
    if history.evaluations < guards.evaluations:
        found = f"{history.evaluations} of {guards.evaluations} evaluations in a row found this"
        return f"It waits: {found}."
    cooldown = guards.growth_cooldown if plan.grows else guards.shrink_cooldown
    since = None if history.changed is None else now - history.changed
    if since is not None and since < cooldown:
        return f"It waits for {cooldown - since:.0f} s more after the last change of the size."
    return ""


def _allowed_launches(
    members: Iterable[Member], guards: Guards, history: History, *, at: datetime, now: float
) -> tuple[int | None, str]:
    """How many nodes may be launched now, and why no more; ``None``: any number."""
    allowed: int | None = None
    held = ""
    if guards.launches_per_hour:
        begun = sum(now - moment < _HOUR_S for moment in history.launches)
        allowed = max(0, guards.launches_per_hour - begun)
        held = f"At most {guards.launches_per_hour} nodes are launched within an hour."
    if guards.failed_launches:
        members = tuple(members)
        failures, last = failed_launches(members)
        if last is not None and failures >= guards.failed_launches:
            doubled = guards.back_off * 2.0 ** min(failures - guards.failed_launches, 12)
            waited = (at - last).total_seconds()
            left = min(doubled, LONGEST_BACK_OFF_S) - waited
            held = f"The last {failures} launches failed: "
            if waited >= 0 and left > 0:  # a clock that was set back does not stop launches
                return 0, f"{held}the next one is tried in {left:.0f} s."
            is_trying = any(member.node.status is S.LAUNCHING for member in members)
            tried = 0 if is_trying else 1
            allowed = tried if allowed is None else min(allowed, tried)
            held += "one at a time is tried."
    return allowed, held


def failed_launches(members: Sequence[Member]) -> tuple[int, datetime | None]:
    """How many launches failed since the last one that succeeded, and when the last failure was.

    Failed nodes that were removed, or shown for long enough, count no more.
    """
    succeeded = max(
        (
            member.node.launching_time
            for member in members
            if member.node.status in {S.RUNNING, S.WAITING_IDLE_TO_TERMINATE}
        ),
        default=None,
    )
    failed = [
        member.node.status_since
        for member in members
        if member.node.status is S.FAILED
        and (succeeded is None or member.node.launching_time > succeeded)
    ]
    return len(failed), max(failed, default=None)
