"""How long a quarantine may last, and what happens at the end of that time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from mediafleet.domain.drain_errors import HalfLimitError

if TYPE_CHECKING:
    from datetime import datetime


class AtDeadline(StrEnum):
    """What becomes of a node that still hosts sessions at its deadline; words of the wire."""

    FORCE = "force"
    """It is terminated and its sessions are ended."""
    ABORT = "abort"
    """It is running again."""
    EXTEND = "extend"
    """It gets the same time once more."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What was asked for.

    Attributes:
        seconds: How long the quarantine may last, 1 or more.
        at_deadline: What happens then.
    """

    seconds: int
    at_deadline: AtDeadline


@dataclass(frozen=True, slots=True)
class Drain:
    """A limit in force.

    Attributes:
        limit: What was asked for.
        deadline: When the time is over, by the wall clock of the moment it was set (aware, UTC).
            It counts over a restart only: a running process measures on a clock nobody sets.
        extensions: How often the time was granted once more.
    """

    limit: Limit
    deadline: datetime
    extensions: int = 0


def limit_of(seconds: int | None, at_deadline: str | None) -> Limit | None:
    """The limit that was asked for in two parts; ``None`` without either.

    Raises:
        HalfLimitError: One of them is missing.
    """
    if seconds is None and at_deadline is None:
        return None
    if seconds is None or at_deadline is None:
        raise HalfLimitError("deadline" if seconds is None else "atDeadline")
    return Limit(seconds, AtDeadline(at_deadline))


def begin(limit: Limit, *, at: datetime) -> Drain:
    """Put a limit in force from a moment on (aware, UTC)."""
    return Drain(limit, at + timedelta(seconds=limit.seconds))


def extend(drain: Drain, *, at: datetime) -> Drain:
    """Grant the same time once more from a moment on (aware, UTC)."""
    return replace(begin(drain.limit, at=at), extensions=drain.extensions + 1)


def due(drain: Drain | None, *, at: datetime, now: float) -> float | None:
    """When the deadline is on the monotonic clock; ``None`` if there is none.

    A wall clock that was set back in between cannot prolong the drain beyond its limit.

    Args:
        drain: As stored.
        at: The moment it is (aware, UTC).
        now: The same on the monotonic clock.
    """
    if drain is None:
        return None
    left = (drain.deadline - at).total_seconds()
    return now + min(max(left, 0.0), drain.limit.seconds)
