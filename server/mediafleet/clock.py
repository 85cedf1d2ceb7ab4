"""Clocks of the Clock port: the system's, and one that stops while this process is stopped."""

from __future__ import annotations

import logging
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

BEAT_S = 0.25
STALL_S = 0.5

_SLACK_S = 0.1
_LAGS_KEPT = 20

log = logging.getLogger(__name__)


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The current time: aware, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that is never set back."""


class SystemClock:
    """Reads the clocks of the system."""

    def now(self) -> datetime:
        """The current time: aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251  # the one place that reads the wall clock

    def monotonic(self) -> float:
        """Seconds on a clock that is never set back."""
        return time.monotonic()


class AwakeClock:
    """A clock whose monotonic seconds pass only while this process runs.

    While the process is stopped, the machine is paused or the event loop is blocked, the replies
    of nodes are not read. So timeouts measured on this clock are longer by the time that was
    missed: while ``beat`` runs, the clock advances by at most one beat between two readings.

    Args:
        clock: The time.

    Attributes:
        stalls: How often at least ``STALL_S`` were missed at once.
        missed: Seconds missed in all.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen = 0.0
        self._is_beating = False
        self._lags: deque[float] = deque(maxlen=_LAGS_KEPT)
        self.stalls = 0
        self.missed = 0.0

    def now(self) -> datetime:
        """The current time: aware, UTC."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Seconds for which this process has run; never set back."""
        seen = self._clock.monotonic()
        if self._is_beating and seen - self._seen > BEAT_S + _SLACK_S:
            self._miss(seen - self._seen - BEAT_S)
        self._seen = seen
        return seen - self.missed

    @property
    def lag(self) -> float:
        """The largest delay of the event loop in the last seconds, in seconds."""
        return max(self._lags, default=0.0)

    async def beat(self, on_beat: Callable[[], None] = lambda: None) -> None:
        """Read the clock regularly until cancelled; the clock corrects itself only meanwhile."""
        self._seen = self._clock.monotonic()
        self._is_beating = True
        try:
            while True:
                due = self._clock.monotonic() + BEAT_S
                await anyio.sleep(BEAT_S)
                self._lags.append(max(0.0, self._clock.monotonic() - due))
                self.monotonic()
                on_beat()
        finally:
            self._is_beating = False

    def _miss(self, seconds: float) -> None:
        self.missed += seconds
        if seconds >= STALL_S:
            self.stalls += 1
            log.warning("the event loop stalled", extra={"seconds": round(seconds, 3)})
