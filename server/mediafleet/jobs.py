"""Jobs that one task asks for and another does: they can be given up until they are sealed."""

from __future__ import annotations

import asyncio
import threading
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class Job(Generic[T]):
    """A job that somebody waits for; it may be sealed in a thread.

    Attributes:
        outcome: Set by the task that does it.
        is_sealed: It is being done, and cannot be given up any more.
        is_given_up: Nobody waits for it any more; it is never done.
    """

    def __init__(self) -> None:
        self.outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.is_sealed = False
        self.is_given_up = False
        self._lock = threading.Lock()

    def seal(self) -> bool:
        """Forbid to give up; return false if the job is given up already."""
        with self._lock:
            self.is_sealed = not self.is_given_up
            return self.is_sealed

    def give_up(self) -> bool:
        """Ensure that the job is never done; return false if it is too late."""
        with self._lock:
            self.is_given_up = not self.is_sealed
            return self.is_given_up

    def fail(self, error: Exception) -> None:
        """Raise an error where the job is waited for, unless it has ended."""
        if not self.outcome.done() and not self.is_given_up:
            self.outcome.set_exception(error)

    async def wait(self, limit_s: float | None = None) -> T:
        """Wait for the outcome; a job that is sealed is waited for however long it takes.

        A caller that is cancelled meanwhile either gets its cancellation at once and the job is
        never done, or this returns normally and the cancellation reaches the caller at its next
        ``await``: code that follows without an ``await`` always runs.

        Args:
            limit_s: After so many seconds the job is given up, unless it is sealed.

        Raises:
            TimeoutError: It was given up.
        """
        was_cancelled = False
        with anyio.CancelScope(shield=True):
            while not self.outcome.done():
                try:
                    await asyncio.wait([self.outcome], timeout=limit_s)
                except asyncio.CancelledError:
                    if self.give_up():
                        raise
                    was_cancelled = True
                if not self.outcome.done() and limit_s is not None and self.give_up():
                    raise TimeoutError
                limit_s = None
        if was_cancelled:
            _cancel_at_next_await()
        return self.outcome.result()


def _cancel_at_next_await() -> None:
    task = asyncio.current_task()
    if task is not None:
        # The count of requests stays what it was: timeouts around the caller rely on it.
        task.uncancel()
        task.cancel()
