"""When something is due: one heap of callbacks on a clock that may be a test's."""

from __future__ import annotations

import asyncio
import heapq
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_LEAST_WAIT = 0.001


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The moment it is: aware, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that is never set back."""


class Timer:
    """A callback that is due at a moment, unless cancelled before."""

    __slots__ = ("_callback", "_order", "due")

    def __init__(self, due: float, order: int, callback: Callable[[], None]) -> None:
        self.due = due
        self._order = order
        self._callback: Callable[[], None] | None = callback

    def __lt__(self, other: Timer) -> bool:
        return (self.due, self._order) < (other.due, other._order)

    @property
    def cancelled(self) -> bool:
        """Whether there is nothing to do any more."""
        return self._callback is None

    def cancel(self) -> None:
        """Make it do nothing; again is no error."""
        self._callback = None

    def run(self) -> None:
        """Do what is due, once."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class Timetable:
    """Runs callbacks when they are due by the clock; lives on one event loop.

    With a clock that a test moves by hand, call `run_due()` after moving it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[Timer] = []
        self._order = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Have a callback run when the clock is that many seconds further."""
        return self.at(self._clock.monotonic() + seconds, callback)

    def at(self, due: float, callback: Callable[[], None]) -> Timer:
        """Have a callback run at a moment of the monotonic clock."""
        self._order += 1
        timer = Timer(due, self._order, callback)
        heapq.heappush(self._heap, timer)
        if self._heap[0] is timer:
            self._arm()
        return timer

    def run_due(self) -> None:
        """Run everything that is due by now, in order."""
        while self._heap and (self._heap[0].cancelled or self._is_due(self._heap[0])):
            heapq.heappop(self._heap).run()
        self._arm()

    def _is_due(self, timer: Timer) -> bool:
        return timer.due <= self._clock.monotonic()

    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._heap and not self._closed:
            wait = max(self._heap[0].due - self._clock.monotonic(), _LEAST_WAIT)
            self._alarm = asyncio.get_running_loop().call_later(wait, self.run_due)

    def close(self) -> None:
        """Run nothing any more."""
        self._closed = True
        self._heap.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
