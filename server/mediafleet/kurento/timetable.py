"""One timer for everything that is due at some time, over all nodes; bunches what is due together.

Thousands of nodes with a timer or a task each cost twice as much as one heap with a coarse grid.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.domain.ports import Clock

SLOT_S = 0.02


class Appointment:
    """Something due; it does not come when it was called off."""

    __slots__ = ("action", "due")

    def __init__(self, due: float, action: Callable[[], None]) -> None:
        self.due = due
        self.action: Callable[[], None] | None = action

    def __lt__(self, other: Appointment) -> bool:
        return self.due < other.due

    def call_off(self) -> None:
        """Forget it; it may have passed already."""
        self.action = None


class Timetable:
    """Calls actions when they are due, never early and at most a slot late.

    Args:
        clock: Whose monotonic time counts.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._appointments: list[Appointment] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = math.inf
        self._not_before = -math.inf

    def at(self, due: float, action: Callable[[], None]) -> Appointment:
        """Have an action called at a monotonic time; it must not block or raise."""
        appointment = Appointment(max(due, self._not_before), action)
        heapq.heappush(self._appointments, appointment)
        self._set_timer()
        return appointment

    def stop(self) -> None:
        """Call everything off."""
        self._appointments.clear()
        self._set_timer()

    def _set_timer(self) -> None:
        while self._appointments and self._appointments[0].action is None:
            heapq.heappop(self._appointments)
        first = self._appointments[0].due if self._appointments else math.inf
        due = first if first == math.inf else math.ceil(first / SLOT_S) * SLOT_S
        if due == self._timer_due or self._is_running:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_due = None, due
        if due != math.inf:
            delay = max(0.0, due - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._run)

    @property
    def _is_running(self) -> bool:
        return self._not_before != -math.inf

    def _run(self) -> None:
        """Call what is due; what that makes due at once comes in the next slot."""
        now = self._clock.monotonic()
        self._timer, self._timer_due = None, math.inf
        self._not_before = math.nextafter(now, math.inf)
        try:
            while self._appointments and self._appointments[0].due <= now:
                action = heapq.heappop(self._appointments).action
                if action is not None:
                    action()
        finally:
            self._not_before = -math.inf
            self._set_timer()
