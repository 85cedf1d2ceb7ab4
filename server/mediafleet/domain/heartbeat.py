"""Decides from pings and replies whether a node is up; it does no I/O and reads no clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

MAX_TIMEOUT_S = 1.0
PING_ALIGNMENT_S = 0.1

_RECHECK_S = 0.02
_ROUND_TRIPS = 3.0
_SMOOTHING = 0.125


@dataclass(frozen=True, slots=True)
class HeartbeatSettings:
    """How a node is pinged; all times in seconds.

    Attributes:
        interval: Between two pings of a node that answers.
        timeout: How long a reply may take until the node is suspect. A node with a
            long round trip gets three times that, but no more than ``MAX_TIMEOUT_S``.
        probes: Quick pings that a suspect node may leave unanswered until it is lost.
        probe_interval: Between two of them, and after the last.
        alignment: Pings are sent up to this much earlier, at multiples of it, so that the server
            wakes up for many nodes at once; 0: each when its interval is over.
    """

    interval: float = 2.0
    timeout: float = 0.3
    probes: int = 3
    probe_interval: float = 0.5
    alignment: float = 0.0

    @property
    def max_detection_time(self) -> float:
        """Most seconds from the last reply to the loss of the node, without our stalls."""
        first = self.interval + max(self.timeout, MAX_TIMEOUT_S)
        return first + (self.probes * (self.probe_interval + _RECHECK_S)) + _RECHECK_S

    def aligned(self, due: float) -> float:
        """The last multiple of the alignment that is not after *due*."""
        return due - due % self.alignment if self.alignment else due


DEFAULT_HEARTBEAT = HeartbeatSettings()


class Action(Enum):
    """What the caller of ``work`` must do."""

    NONE = auto()
    """Nothing."""
    PING = auto()
    """Send a ping."""
    SUSPECT = auto()
    """The first reply is missing: mark the node as suspect, and send a ping."""
    DISCONNECT = auto()
    """No ping was answered: close the connection."""


class Heartbeat:
    """Watches one connection, in constant memory.

    Every reply of the node counts, also a late one and one to another request. A reply is missing
    only if it is missing twice, 20 ms apart: what arrived while the server was busy is read in
    between. Misses before a stall of the server do not count.

    Args:
        settings: How it is pinged.

    Attributes:
        due: When ``work`` must be called next, in monotonic seconds.
        is_suspect: A reply is missing.
    """

    __slots__ = (
        "_is_recheck",
        "_is_waiting",
        "_misses",
        "_round_trip",
        "_sent",
        "_settings",
        "_stalls",
        "due",
        "is_suspect",
    )

    def __init__(self, settings: HeartbeatSettings) -> None:
        self._settings = settings
        self._round_trip = 0.0
        self._sent = 0.0
        self._stalls = 0
        self._misses = 0
        self._is_waiting = self._is_recheck = False
        self.due = 0.0
        self.is_suspect = False

    def start(self, now: float, *, share: float, stalls: int) -> None:
        """Start again with a connection that has just replied.

        Args:
            now: Monotonic seconds.
            share: Of the interval, 0–1, before the first ping: spreads the pings of many nodes.
            stalls: How often this process was stopped or blocked so far.
        """
        self.due = max(now, self._settings.aligned(now + share * self._settings.interval))
        self.is_suspect = False
        self._stalls = stalls
        self._sent = now
        self._clear_misses()

    def work(self, now: float, stalls: int) -> Action:
        """Return what must be done; a ping is taken to be sent at ``now``.

        Args:
            now: Monotonic seconds.
            stalls: How often this process was stopped or blocked so far.
        """
        if now < self.due:
            return Action.NONE
        if stalls != self._stalls:
            self._stalls = stalls
            self._clear_misses()
        if not self._is_waiting:
            return self._ping(now, self._timeout())
        if not self._is_recheck:
            self._is_recheck = True
            self.due = now + _RECHECK_S
            return Action.NONE
        return self._miss(now)

    def replied(self, now: float) -> bool:
        """The node replied to something; return whether that ends a suspicion."""
        if self._is_waiting:
            self._clear_misses()
            self.due = max(now, self._settings.aligned(self._sent + self._settings.interval))
        was_suspect, self.is_suspect = self.is_suspect, False
        return was_suspect

    def measured(self, round_trip: float) -> None:
        """A ping took that many seconds there and back."""
        self._round_trip += _SMOOTHING * (round_trip - self._round_trip)

    def _miss(self, now: float) -> Action:
        self._misses += 1
        if self._misses > self._settings.probes:
            return Action.DISCONNECT
        self._ping(now, self._settings.probe_interval)
        if self.is_suspect:
            return Action.PING
        self.is_suspect = True
        return Action.SUSPECT

    def _ping(self, now: float, timeout: float) -> Action:
        self._is_waiting = True
        self._is_recheck = False
        self._sent = now
        self.due = now + timeout
        return Action.PING

    def _clear_misses(self) -> None:
        self._is_waiting = self._is_recheck = False
        self._misses = 0

    def _timeout(self) -> float:
        usual = min(_ROUND_TRIPS * self._round_trip, MAX_TIMEOUT_S)
        return max(self._settings.timeout, usual)
