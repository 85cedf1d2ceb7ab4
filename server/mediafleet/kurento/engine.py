"""What drives all links: one timetable, and short work under a limit."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mediafleet.kurento.timetable import Timetable

    Job = Callable[[], Awaitable[None]]


class Workers:
    """Runs jobs in the order asked for, while ``run`` runs; a job must bound its own time.

    Args:
        limit: Most jobs at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._busy = 0
        self._waiting: deque[Job] = deque()
        self._asked = asyncio.Event()

    def submit(self, job: Job) -> None:
        """Run a job as soon as a place is free; the caller sees to it that jobs do not pile up.

        It starts nothing itself: it is called by timers, outside of any task, and there anyio does
        not know its event loop if the package sniffio is installed.
        """
        self._waiting.append(job)
        self._asked.set()

    async def run(self) -> None:
        """Start jobs until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                await self._asked.wait()
                self._asked.clear()
                while self._waiting and self._busy < self._limit:
                    self._busy += 1
                    tasks.start_soon(self._work, self._waiting.popleft())

    async def _work(self, job: Job) -> None:
        try:
            await job()
            while self._waiting:
                await self._waiting.popleft()()
        finally:
            self._busy -= 1


@dataclass(frozen=True, slots=True)
class Engine:
    """What all links share while they run.

    Attributes:
        timetable: When something is due.
        dials: Makes links.
        measurements: Measures loads.
    """

    timetable: Timetable
    dials: Workers
    measurements: Workers
