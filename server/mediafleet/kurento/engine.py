"""What drives all links: one timetable, and short work under a limit."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import TaskGroup

    from mediafleet.kurento.timetable import Timetable

    Job = Callable[[], Awaitable[None]]


class Workers:
    """Runs jobs in the order asked for; a job must bound its own time.

    Args:
        tasks: Where the jobs run.
        limit: Most jobs at once.
    """

    def __init__(self, tasks: TaskGroup, limit: int) -> None:
        self._tasks = tasks
        self._limit = limit
        self._busy = 0
        self._waiting: deque[Job] = deque()

    def submit(self, job: Job) -> None:
        """Run a job as soon as a place is free; the caller sees to it that jobs do not pile up."""
        if self._busy < self._limit:
            self._busy += 1
            self._tasks.start_soon(self._work, job)
        else:
            self._waiting.append(job)

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
