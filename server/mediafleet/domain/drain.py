"""The limit of a drain: how long a quarantine may last, and what happens then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from mediafleet.domain.errors import HalfLimitError

if TYPE_CHECKING:
    from datetime import datetime


class AtDeadline(StrEnum):
    """What happens to a node that still hosts sessions at its deadline; values of the wire."""

    FORCE = "force"
    """It is terminated and its sessions are ended."""
    ABORT = "abort"
    """It is running again."""
    EXTEND = "extend"
    """The deadline is extended by the same time."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit that was requested.

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
        limit: The limit that was requested.
        deadline: When the time is over, by the wall clock of the moment it was set (aware, UTC).
            It counts over a restart only: a running process measures on the monotonic clock.
        extensions: How often the deadline was extended.
    """

    limit: Limit
    deadline: datetime
    extensions: int = 0


def limit_of(seconds: int | None, at_deadline: str | None) -> Limit | None:
    """The limit of two request parameters; ``None`` without either.

    Raises:
        HalfLimitError: Only one of them is given.
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
    """Extend a drain by the same time, from a moment on (aware, UTC)."""
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
