"""A queue of keys that need work, as Kubernetes controllers use one (client-go, util/workqueue)."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

# uvloop rounds to milliseconds: a shorter wait would be none, again and again.
_SHORTEST_WAIT_S = 0.001


class WorkQueue:
    """Holds each key at most once, and gives it to one worker at a time.

    A key that is added while a worker has it comes again when that worker is done with it. A key
    that is backing off comes when its pause is over and not before, whatever is added meanwhile.

    Args:
        monotonic: Seconds on a clock that is never set back.

    Attributes:
        retries: How often work on a key failed.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ready: deque[str] = deque()
        self._dirty: set[str] = set()
        """Keys that need work: those that are ready, and those to be ready after their worker."""
        self._processing: set[str] = set()
        self._backing_off: set[str] = set()
        self._due: dict[str, float] = {}
        self._timers: list[tuple[float, str]] = []
        self._changed = anyio.Event()
        self.retries = 0

    @property
    def depth(self) -> int:
        """How many keys wait for a worker."""
        return len(self._ready)

    @property
    def backing_off(self) -> int:
        """How many keys are kept back, as the work on them failed."""
        return len(self._backing_off)

    def add(self, key: str) -> None:
        """Have a key worked on soon."""
        if key in self._dirty or key in self._backing_off:
            return
        self._dirty.add(key)
        if key not in self._processing:
            self._make_ready(key)

    async def get(self, within: float) -> str | None:
        """Wait for a key and give it to the caller, who must call :meth:`done` or :meth:`back_off`.

        Args:
            within: Seconds to wait at most.

        Returns:
            The key; ``None`` if the time is over.
        """
        until = self._monotonic() + within
        while True:
            now = self._monotonic()
            self._add_due(now)
            if self._ready:
                key = self._ready.popleft()
                self._dirty.discard(key)
                self._processing.add(key)
                return key
            if now >= until:
                return None
            wake = min(until, self._timers[0][0]) if self._timers else until
            self._changed = anyio.Event()
            pause = max(wake - now, _SHORTEST_WAIT_S)
            # A cancel scope with a deadline would poll for the last fraction of a millisecond.
            timer = asyncio.get_running_loop().call_later(pause, self._changed.set)
            try:
                await self._changed.wait()
            finally:
                timer.cancel()

    def done(self, key: str, *, requeue_after: float | None) -> None:
        """End the work on a key.

        Args:
            key: Which.
            requeue_after: Seconds until it comes again even if it is not added; ``None``: it does
                not. An earlier plan for it is dropped.
        """
        self._processing.discard(key)
        if key in self._dirty:
            self._make_ready(key)
        if requeue_after is None:
            self._due.pop(key, None)
        else:
            self._add_at(key, self._monotonic() + requeue_after)

    def back_off(self, key: str, pause: float) -> None:
        """End the work on a key, which failed, and keep it back for some seconds."""
        self._processing.discard(key)
        self._dirty.discard(key)
        self._backing_off.add(key)
        self.retries += 1
        self._add_at(key, self._monotonic() + pause)

    def _add_at(self, key: str, moment: float) -> None:
        self._due[key] = moment
        heapq.heappush(self._timers, (moment, key))
        self._changed.set()

    def _add_due(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            moment, key = heapq.heappop(self._timers)
            if self._due.get(key) == moment:  # else another plan has taken its place
                del self._due[key]
                self._backing_off.discard(key)
                self.add(key)

    def _make_ready(self, key: str) -> None:
        self._ready.append(key)
        self._changed.set()
