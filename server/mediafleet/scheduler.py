"""Runs callbacks at their times, all from one timer of the event loop.

A timer or a task for each of thousands of nodes costs twice as much as one heap with coarse slots.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.clock import Clock

SLOT_S = 0.02


class Timer:
    """A callback and the monotonic time at which it runs.

    Attributes:
        due: The time.
    """

    __slots__ = ("_callback", "due")

    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self._callback: Callable[[], None] | None = callback

    @property
    def cancelled(self) -> bool:
        """Whether the callback has run or was cancelled."""
        return self._callback is None

    def cancel(self) -> None:
        """Do not run the callback; no error if it has run."""
        self._callback = None

    def run(self) -> None:
        """Run the callback, once."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class Scheduler:
    """Runs callbacks when they are due, never early and at most a slot late; on one event loop.

    Args:
        clock: Its monotonic time counts. Call `run_due` after setting a clock by hand.
        slot_s: Seconds; timers that are due in the same slot run together.
    """

    def __init__(self, clock: Clock, *, slot_s: float = SLOT_S) -> None:
        self._clock = clock
        self._slot_s = slot_s
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = count()
        self._handle: asyncio.TimerHandle | None = None
        self._handle_due = math.inf
        self._earliest = -math.inf

    @property
    def now(self) -> float:
        """The monotonic time."""
        return self._clock.monotonic()

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run a callback when that many seconds have passed on the clock."""
        return self.at(self._clock.monotonic() + seconds, callback)

    def at(self, due: float, callback: Callable[[], None]) -> Timer:
        """Run a callback at a monotonic time; it must not block or raise."""
        timer = Timer(max(due, self._earliest), callback)
        heapq.heappush(self._timers, (timer.due, next(self._numbers), timer))
        if timer.due < self._handle_due:
            self._arm()
        return timer

    def clear(self) -> None:
        """Drop all timers."""
        self._timers.clear()
        self._arm()

    def run_due(self) -> None:
        """Run what is due now; what the callbacks make due at once runs in the next slot."""
        now = self._clock.monotonic()
        self._earliest = math.nextafter(now, math.inf)
        try:
            while self._timers and self._timers[0][0] <= now:
                heapq.heappop(self._timers)[2].run()
        finally:
            self._earliest = -math.inf
            self._handle_due = math.nan  # differs from every time: arm again
            self._arm()

    def _arm(self) -> None:
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        first = self._timers[0][0] if self._timers else math.inf
        due = first if first == math.inf else math.ceil(first / self._slot_s) * self._slot_s
        is_running = self._earliest != -math.inf
        if is_running or due == self._handle_due:
            return
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._handle_due = None, due
        if due != math.inf:
            delay = max(0.0, due - self._clock.monotonic())
            self._handle = asyncio.get_running_loop().call_later(delay, self.run_due)
