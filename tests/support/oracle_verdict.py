"""Holds the two applications beside one another, and counts."""

from collections import Counter
from dataclasses import dataclass, field, replace

from support.oracle_deviations import DEVIATIONS
from support.oracle_drawing import AUTHORIZATION
from support.oracle_reading import Reading
from support.oracle_request import Request
from support.oracle_right_answers import Answered, Completed, Deviation, Understood
from support.oracle_servers import PLAN, Outcome, Servers

_MEMBERS = frozenset(planned.id for planned in PLAN)


class DifferenceError(AssertionError):
    """Our layer answered, or did, something else than it had to."""

    def __init__(
        self, request: Request, ours: Outcome, right: Outcome, deviations: list[Deviation]
    ) -> None:
        names = ", ".join(deviation.name for deviation in deviations) or "none"
        lines = [
            repr(request),
            f"deviations that the request matches: {names}",
            f"ours : {ours.answer}",
            f"right: {right.answer}" if deviations else f"stock: {right.answer}",
        ]
        if ours.call != right.call:
            lines += [f"call by ours : {ours.call}", f"call that is right: {right.call}"]
        if ours.effect != right.effect:
            lines += [f"effect of ours : {ours.effect}", f"effect that is right: {right.effect}"]
        super().__init__("\n".join(lines))


@dataclass(slots=True)
class Figures:
    """What one run met.

    Attributes:
        matched: Requests by the deviation that they match.
        differed: Those of them that match no other one, and to which the stock application really
            answered something else.
    """

    seed: int = 0
    requests: int = 0
    clean: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    changes: int = 0
    matched: Counter[str] = field(default_factory=Counter)
    differed: Counter[str] = field(default_factory=Counter)

    @property
    def clean_share(self) -> float:
        return self.clean / max(1, self.requests)

    def table(self) -> str:
        """All figures, readable."""
        statuses = ", ".join(f"{status}: {n}" for status, n in sorted(self.statuses.items()))
        lines = [
            f"seed {self.seed}: {self.requests} requests, {self.clean_share:.1%} of them match no "
            f"deviation; {self.changes} changed the cluster; our answers {statuses}",
            f"{'deviation':32} {'matched':>8} {'differed':>8}",
        ]
        counts = [(each.name, self.matched, self.differed) for each in DEVIATIONS]
        lines += [f"{name:32} {all_[name]:8} {alone[name]:8}" for name, all_, alone in counts]
        return "\n".join(lines)


def matching(request: Request) -> list[Deviation]:
    """The deviations that a request matches."""
    reading = Reading(request, AUTHORIZATION, _MEMBERS)
    return [deviation for deviation in DEVIATIONS if deviation.applies(reading)]


async def right_outcome(servers: Servers, request: Request) -> Outcome:
    """What the stock application would do if it were not wrong."""
    reading = Reading(request, AUTHORIZATION, _MEMBERS)
    completions: list[Completed] = []
    for deviation in DEVIATIONS:
        if not deviation.applies(reading):
            continue
        if isinstance(deviation, Answered):
            return Outcome(deviation.answer(reading), "", servers.prepared)
        if isinstance(deviation, Understood):
            return await right_outcome(servers, deviation.instead(request))
        assert isinstance(deviation, Completed)
        completions.append(deviation)
    outcome = await servers.outcome(servers.stock, request)
    answer = outcome.answer
    for completion in completions:
        answer = completion.complete(reading, answer)
    return replace(outcome, answer=answer)


async def compare(servers: Servers, request: Request, figures: Figures) -> None:
    """Have one request answered by both, and count it.

    Raises:
        DifferenceError: They differ, and no deviation says that this is right.
    """
    deviations = matching(request)
    ours = await servers.outcome(servers.ours, request)
    right = await right_outcome(servers, request)
    figures.requests += 1
    figures.clean += not deviations
    figures.statuses[ours.answer.status] += 1
    figures.changes += ours.effect != servers.prepared
    if ours != right:
        raise DifferenceError(request, ours, right, deviations)
    figures.matched.update(deviation.name for deviation in deviations)
    if len(deviations) == 1 and await servers.outcome(servers.stock, request) != ours:
        figures.differed[deviations[0].name] += 1
