"""Time for the Clock port: the machine's own, and one that stands still while we do."""

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


class _Time(Protocol):
    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """Reads the machine's clocks."""

    def now(self) -> datetime:
        """The moment it is: aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251  # the one place that reads the wall clock

    def monotonic(self) -> float:
        """Seconds on a clock that is never set back."""
        return time.monotonic()


class AwakeClock:
    """A clock whose monotonic seconds pass only while this process gets to run.

    A stopped process, a paused machine or a blocked event loop cannot tell a silent node from one
    it did not listen to. So a patience measured on this clock is longer by the time we missed: as
    long as ``beat`` runs, it goes on by at most a beat between two looks at it.

    Args:
        clock: The time.

    Attributes:
        stalls: How often at least ``STALL_S`` were missed in one piece.
        missed: Seconds missed in all.
    """

    def __init__(self, clock: _Time) -> None:
        self._clock = clock
        self._seen = 0.0
        self._is_beating = False
        self._lags: deque[float] = deque(maxlen=_LAGS_KEPT)
        self.stalls = 0
        self.missed = 0.0

    def now(self) -> datetime:
        """The moment it is: aware, UTC."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Seconds of our own life; never set back."""
        seen = self._clock.monotonic()
        if self._is_beating and seen - self._seen > BEAT_S + _SLACK_S:
            self._miss(seen - self._seen - BEAT_S)
        self._seen = seen
        return seen - self.missed

    @property
    def lag(self) -> float:
        """How late the event loop came at worst in the last seconds, in seconds."""
        return max(self._lags, default=0.0)

    async def beat(self, on_beat: Callable[[], None] = lambda: None) -> None:
        """Look at the clock regularly, until cancelled; before and after nothing is missed."""
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
            log.warning("this server stood still", extra={"seconds": round(seconds, 3)})
