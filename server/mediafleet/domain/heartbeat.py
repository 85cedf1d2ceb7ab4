"""Decides from pings and replies whether a node is up; it does no I/O and reads no clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

LONGEST_TIMEOUT_S = 1.0

_RECHECK_S = 0.02
_ROUND_TRIPS = 3.0
_SMOOTHING = 0.125


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a node is pinged; all times in seconds.

    Attributes:
        interval: Between two pings of a node that answers.
        timeout: How long the answer may take until the node is suspect. A node that is far away
            gets three times its usual round trip, but no more than ``LONGEST_TIMEOUT_S``.
        probes: Quick pings that a suspect node may leave unanswered until it is lost.
        probe_interval: Between two of them, and after the last.
    """

    interval: float = 2.0
    timeout: float = 0.3
    probes: int = 3
    probe_interval: float = 0.5

    @property
    def longest_silence(self) -> float:
        """Most seconds from the last reply to the loss of the node, without our stalls."""
        first = self.interval + max(self.timeout, LONGEST_TIMEOUT_S)
        return first + (self.probes * (self.probe_interval + _RECHECK_S)) + _RECHECK_S


DEFAULT_RHYTHM = Rhythm()


class Act(Enum):
    """What must be done now."""

    REST = auto()
    """Nothing."""
    PING = auto()
    """Send a ping."""
    SUSPECT = auto()
    """The first reply is missing: mark the node as suspect, and send a ping."""
    LOSE = auto()
    """No ping was answered: close the connection."""


class Heartbeat:
    """Watches one connection, in constant memory.

    Every reply of the node counts, also a late one and one to another request. A reply is missing
    only if it is missing twice, a moment apart: what arrived while the server was busy is read in
    between. Misses from before a stall of the server do not count.

    Args:
        rhythm: How it is pinged.

    Attributes:
        due: When ``work`` must be called next, in monotonic seconds.
        is_suspect: A reply is missing.
    """

    __slots__ = (
        "_is_recheck",
        "_is_waiting",
        "_misses",
        "_rhythm",
        "_round_trip",
        "_sent",
        "_stalls",
        "due",
        "is_suspect",
    )

    def __init__(self, rhythm: Rhythm) -> None:
        self._rhythm = rhythm
        self._round_trip = 0.0
        self._sent = 0.0
        self._stalls = 0
        self._misses = 0
        self._is_waiting = self._is_recheck = False
        self.due = 0.0
        self.is_suspect = False

    def begin(self, now: float, *, share: float, stalls: int) -> None:
        """Begin anew with a connection that has just answered.

        Args:
            now: Monotonic seconds.
            share: Of the interval, 0–1, before the first ping: the pings of many are spread by it.
            stalls: How often this process was stopped or blocked so far.
        """
        self.due = now + share * self._rhythm.interval
        self.is_suspect = False
        self._stalls = stalls
        self._sent = now
        self._clear_misses()

    def work(self, now: float, stalls: int) -> Act:
        """Return what must be done; a ping is taken to be sent at ``now``.

        Args:
            now: Monotonic seconds.
            stalls: How often this process was stopped or blocked so far.
        """
        if now < self.due:
            return Act.REST
        if stalls != self._stalls:
            self._stalls = stalls
            self._clear_misses()
        if not self._is_waiting:
            return self._ping(now, self._timeout())
        if not self._is_recheck:
            self._is_recheck = True
            self.due = now + _RECHECK_S
            return Act.REST
        return self._miss(now)

    def replied(self, now: float) -> bool:
        """The node answered something; whether that ends a suspicion."""
        if self._is_waiting:
            self._clear_misses()
            self.due = max(now, self._sent + self._rhythm.interval)
        was_suspect, self.is_suspect = self.is_suspect, False
        return was_suspect

    def measured(self, round_trip: float) -> None:
        """A ping took that many seconds there and back."""
        self._round_trip += _SMOOTHING * (round_trip - self._round_trip)

    def _miss(self, now: float) -> Act:
        self._misses += 1
        if self._misses > self._rhythm.probes:
            return Act.LOSE
        self._ping(now, self._rhythm.probe_interval)
        if self.is_suspect:
            return Act.PING
        self.is_suspect = True
        return Act.SUSPECT

    def _ping(self, now: float, timeout: float) -> Act:
        self._is_waiting = True
        self._is_recheck = False
        self._sent = now
        self.due = now + timeout
        return Act.PING

    def _clear_misses(self) -> None:
        self._is_waiting = self._is_recheck = False
        self._misses = 0

    def _timeout(self) -> float:
        usual = min(_ROUND_TRIPS * self._round_trip, LONGEST_TIMEOUT_S)
        return max(self._rhythm.timeout, usual)
