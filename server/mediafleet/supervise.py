"""The one way background work runs: named, never silently dead, ended only by cancellation."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import MediafleetError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0


async def supervise(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run a loop for ever; begin it anew, after a growing pause, whenever it fails or ends."""
    pause = FIRST_PAUSE_S
    while True:
        if await succeeds(name, run):
            log.error("background work ended by itself", extra={"loop": name})
        await anyio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)


async def accomplish(name: str, job: Callable[[], Awaitable[None]]) -> None:
    """Run one job until it succeeds, after a growing pause each time."""
    pause = FIRST_PAUSE_S
    while not await succeeds(name, job):
        await anyio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)


async def succeeds(name: str, job: Callable[[], Awaitable[None]]) -> bool:
    """Run one job to its end and log what it met; whether it met nothing.

    An error of ours is an expected fact and logged in one line; anything else with its traceback.
    """
    try:
        await job()
    except MediafleetError as error:
        log.warning("background work failed", extra={"job": name, "reason": str(error)})
        return False
    except Exception:  # the one place where a bug of ours meets a loop that must go on
        log.exception("background work crashed", extra={"job": name})
        return False
    return True
