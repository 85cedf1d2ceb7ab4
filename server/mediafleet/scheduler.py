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
_MOST_AT_ONCE = 50  # 1.3 ms of work: a request waits no longer for them
_SHORTEST_S = 0.001  # uvloop rounds: a shorter time would be none, again and again


class Timer:
    """A callback and the monotonic time at which it runs; :meth:`Scheduler.set` sets it, and again.

    Args:
        callback: It must not block or raise.

    Attributes:
        due: The time; infinite while it is not set.
        number: Of its entry in the heap; earlier entries no longer count.
    """

    __slots__ = ("_callback", "due", "number")

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self.due = math.inf
        self.number = -1

    def cancel(self) -> None:
        """Do not run the callback; no error if it is not set."""
        self.due = math.inf
        self.number = -1

    def run(self) -> None:
        """Run the callback."""
        self.cancel()
        self._callback()


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
        self._handle: asyncio.Handle | None = None
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
        timer = Timer(callback)
        self.set(timer, due)
        return timer

    def set(self, timer: Timer, due: float) -> None:
        """Run a timer at a monotonic time, and not at the one that was set before."""
        timer.due = due = max(due, self._earliest)
        timer.number = number = next(self._numbers)
        heapq.heappush(self._timers, (due, number, timer))
        if due < self._handle_due:
            self._arm()

    def clear(self) -> None:
        """Drop all timers."""
        self._timers.clear()
        self._arm()

    def run_due(self) -> None:
        """Run what is due now; what the callbacks make due at once runs in the next slot.

        Of many that are due, the event loop does other work in between.
        """
        now = self._clock.monotonic()
        self._earliest = math.nextafter(now, math.inf)
        try:
            for _ in range(_MOST_AT_ONCE):
                if not self._timers or self._timers[0][0] > now:
                    break
                _, number, timer = heapq.heappop(self._timers)
                if timer.number == number:
                    timer.run()
        finally:
            self._earliest = -math.inf
            self._handle_due = math.nan  # differs from every time: arm again
            self._arm()

    def _arm(self) -> None:
        while self._timers and self._timers[0][2].number != self._timers[0][1]:
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
            loop, delay = asyncio.get_running_loop(), due - self._clock.monotonic()
            if delay > 0:
                self._handle = loop.call_later(max(_SHORTEST_S, delay), self.run_due)
            else:  # the rest of many: a timer of its own would be one more wake-up
                self._handle = loop.call_soon(self.run_due)
