"""Runs background work: it is restarted when it fails, and only cancellation ends it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import MediafleetError
from mediafleet.texts import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0
SETTLED_S = 5.0
TICK_S = 5.0
"""How often a loop that waits for work reports that it is alive."""
STALL_S = 30.0

_MAX_REASON_CHARACTERS = 500


class Loop:
    """The state of a background loop; :func:`supervise` records it, health checks read it.

    Args:
        name: Of the loop.
        monotonic: Seconds on a clock that is never set back, and that stops while this process
            is stopped.
        stall_s: Seconds without a beat after which the loop counts as stalled.

    Attributes:
        name: Of the loop.
    """

    def __init__(
        self, name: str, monotonic: Callable[[], float], *, stall_s: float = STALL_S
    ) -> None:
        self.name = name
        self._monotonic = monotonic
        self._stall_s = stall_s
        self._begun: float | None = None
        self._last_beat = 0.0
        self._failure: str | None = None
        self._has_ended = False

    def beat(self) -> None:
        """Record that the loop is alive; the loop calls it in each iteration."""
        self._last_beat = self._monotonic()

    def begin(self) -> None:
        """Record that the loop starts or restarts."""
        self._begun = self._last_beat = self._monotonic()
        self._has_ended = False

    def fail(self, reason: str) -> None:
        """Record that the loop failed and will be restarted."""
        self._begun, self._failure = None, reason

    def end(self) -> None:
        """Record that the loop has ended."""
        self._has_ended = True

    @property
    def problem(self) -> str | None:
        """Why the loop does not work, in words; ``None`` if it does."""
        now = self._monotonic()
        if self._has_ended:
            return "it has ended"
        if self._failure and (self._begun is None or now - self._begun < SETTLED_S):
            return f"it failed and is restarted: {self._failure}"
        if self._begun is not None and now - self._last_beat > self._stall_s:
            return f"it has made no progress for {now - self._last_beat:.0f} s"
        return None


async def supervise(loop: Loop, run: Callable[[], Awaitable[None]]) -> None:
    """Run a loop for ever; whenever it fails or ends, restart it after a growing pause."""
    pause = FIRST_PAUSE_S
    try:
        while True:
            loop.begin()
            failure = await failure_of(loop.name, run)
            if failure is None:
                failure = "it ended by itself"
                log.error("background work ended by itself", extra={"loop": loop.name})
            loop.fail(failure)
            await anyio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
    finally:
        loop.end()


async def accomplish(
    name: str,
    job: Callable[[], Awaitable[None]],
    note: Callable[[str | None], None] = lambda _: None,
) -> None:
    """Run a job until it succeeds, with a growing pause between the attempts.

    Args:
        name: For the log.
        job: May raise anything.
        note: Called after each attempt with the reason of its failure, ``None`` after success.
    """
    pause = FIRST_PAUSE_S
    while (failure := await failure_of(name, job)) is not None:
        note(failure)
        await anyio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)
    note(None)


async def succeeds(name: str, job: Callable[[], Awaitable[None]]) -> bool:
    """Run a job once and log its error; return whether it succeeded."""
    return await failure_of(name, job) is None


async def failure_of(name: str, job: Callable[[], Awaitable[None]]) -> str | None:
    """Run a job once and log its error; return the reason in one line, ``None`` after success.

    A `MediafleetError` is expected and logged in one line; other errors with their traceback.
    """
    try:
        await job()
    except MediafleetError as error:
        log.warning("background work failed", extra={"job": name, "reason": str(error)})
        return one_line(str(error), _MAX_REASON_CHARACTERS)
    except Exception as error:  # a bug must not end a loop
        log.exception("background work crashed", extra={"job": name})
        return f"{type(error).__name__}, see the log"
    return None
