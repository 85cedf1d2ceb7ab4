"""What all links share: rate limits, worker pools and the context of connections."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from mediafleet.kurento.protocol import MAX_FIRST_ID, Peer

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable

    from mediafleet.clock import AwakeClock
    from mediafleet.domain.diagnostics import Finding
    from mediafleet.kurento.dial import Dialler
    from mediafleet.kurento.settings import LinkSettings
    from mediafleet.scheduler import Scheduler

    Job = Callable[[], Awaitable[None]]


class TokenBucket:
    """A token bucket whose balance may be negative.

    Args:
        rate: What is granted in a second.
        burst: What is saved up at most, and there is at the beginning.
        monotonic: Seconds on a clock that is never set back.
        max_wait: Longest time in seconds that a caller must wait.
    """

    __slots__ = ("_burst", "_left", "_max_wait", "_monotonic", "_rate", "_since")

    def __init__(
        self,
        rate: float,
        burst: float,
        monotonic: Callable[[], float],
        *,
        max_wait: float = math.inf,
    ) -> None:
        self._rate = rate
        self._max_wait = max_wait
        self._burst = burst
        self._monotonic = monotonic
        self._left = burst
        self._since = monotonic()

    def covers(self, cost: float) -> bool:
        """Whether that much can be spent without a debt."""
        now = self._monotonic()
        self._left = min(self._burst, self._left + self._rate * (now - self._since))
        self._since = now
        return self._left >= cost

    def spend(self, cost: float) -> float:
        """Spend something that is done already; for how many seconds no more may be done."""
        self.covers(cost)
        self._left = max(self._left - cost, -self._rate * self._max_wait)
        return max(0.0, -self._left / self._rate)


class ReadLimit:
    """What may be read from one node: its own share, and what all nodes share beyond it.

    Args:
        own: The node's share in bytes, so that the others cannot keep a calm node from speaking.
        shared: What all nodes may send beyond their shares.
    """

    __slots__ = ("_own", "_shared")

    def __init__(self, own: TokenBucket, shared: TokenBucket) -> None:
        self._own = own
        self._shared = shared

    def read(self, size: int) -> float:
        """Count bytes that were read; for how many seconds nothing more may be read."""
        if self._own.covers(size):
            return self._own.spend(size)
        return self._shared.spend(size)


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
        scheduler: When something is due.
        dials: Makes links.
        measurements: Measures loads.
    """

    scheduler: Scheduler
    dials: Workers
    measurements: Workers


@dataclass(frozen=True, slots=True)
class Tools:
    """What every connection needs.

    Attributes:
        settings: Bounds.
        clock: The time, as far as this process was awake.
        random: For the first request id and for jitter; must not be seeded with the time alone.
        dialler: Opens connections.
        shared_traffic: What all nodes together may send beyond their own shares.
        renewals: How many names all nodes together are asked again.
        linked: Links that have a connection, or are making one.
        findings: How often links found what about their nodes.
    """

    settings: LinkSettings
    clock: AwakeClock
    random: random.Random
    dialler: Dialler
    shared_traffic: TokenBucket
    renewals: TokenBucket
    linked: set[object] = field(default_factory=set)
    findings: Counter[Finding] = field(default_factory=Counter)

    def new_peer(self) -> Peer:
        """A session that is not known to any media server yet."""
        return Peer(self.random.randrange(1, MAX_FIRST_ID))

    def new_traffic(self) -> ReadLimit:
        """The bounds of what is read from one node; they outlive its connections."""
        settings = self.settings
        own = TokenBucket(settings.node_rate, settings.node_burst, self.clock.monotonic)
        return ReadLimit(own, self.shared_traffic)
