"""What all links share: rate limits, worker pools, settings and clocks."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.connector import Connector
from mediafleet.kurento.protocol import MAX_FIRST_ID, RpcSession
from mediafleet.scheduler import Scheduler

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Collection

    from mediafleet.clock import AwakeClock
    from mediafleet.domain.cluster import OpenFiles
    from mediafleet.domain.diagnostics import Finding
    from mediafleet.kurento.link import Link
    from mediafleet.kurento.load import LoadMeter
    from mediafleet.kurento.protocol import Event
    from mediafleet.kurento.settings import LinkSettings

    Job = Callable[[], Awaitable[None]]


_CONCURRENT_CONNECTS = 200


class TokenBucket:
    """A token bucket whose balance may be negative.

    Args:
        rate: Tokens added in a second.
        burst: Most tokens in the bucket, which is full at the beginning.
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
        """Whether the bucket holds that many tokens."""
        now = self._monotonic()
        self._left = min(self._burst, self._left + self._rate * (now - self._since))
        self._since = now
        return self._left >= cost

    def take(self, cost: float) -> bool:
        """Take tokens if the bucket holds that many; return whether it did."""
        if not self.covers(cost):
            return False
        self._left -= cost
        return True

    def spend(self, cost: float) -> float:
        """Take tokens for something already done; return the seconds to wait before the next."""
        self.covers(cost)
        self._left = max(self._left - cost, -self._rate * self._max_wait)
        return max(0.0, -self._left / self._rate)


class ReadLimit:
    """How much may be read from one node: its own share, then a bucket shared by all nodes.

    Args:
        own: The node's share in bytes: no other node can use it up.
        shared: Bytes that all nodes together may send beyond their shares.
    """

    __slots__ = ("_own", "_shared")

    def __init__(self, own: TokenBucket, shared: TokenBucket) -> None:
        self._own = own
        self._shared = shared

    def read(self, size: int) -> float:
        """Count bytes that were read; return the seconds to wait before reading more."""
        return 0.0 if self._own.take(size) else self._shared.spend(size)


class WorkerPool:
    """Runs jobs in the order of their submission, while ``run`` runs; a job bounds its own time.

    Args:
        limit: Most jobs at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._busy = 0
        self._waiting: deque[Job] = deque()
        self._submitted = asyncio.Event()

    def submit(self, job: Job) -> None:
        """Run a job as soon as fewer than the limit run; the caller bounds the number of jobs.

        It only queues: timers call it outside of any task, where anyio cannot start one.
        """
        self._waiting.append(job)
        self._submitted.set()

    async def run(self) -> None:
        """Start jobs until cancelled."""
        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    await self._submitted.wait()
                    self._submitted.clear()
                    while self._waiting and self._busy < self._limit:
                        self._busy += 1
                        tasks.start_soon(self._work, self._waiting.popleft())
        finally:
            self._waiting.clear()

    async def _work(self, job: Job) -> None:
        try:
            await job()
            while self._waiting:
                await self._waiting.popleft()()
        finally:
            self._busy -= 1


class Slots:
    """Calls callbacks while fewer than a limit hold a slot, the others in their order.

    Args:
        limit: Most slots held at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: set[Callable[[], None]] = set()
        self._waiting: dict[Callable[[], None], None] = {}

    def acquire(self, start: Callable[[], None]) -> None:
        """Call *start*, now or as soon as a slot is free; it must not raise."""
        if len(self._held) < self._limit:
            self._held.add(start)
            start()
        else:
            self._waiting[start] = None

    def release(self, start: Callable[[], None]) -> None:
        """Give the slot back, or the place in the queue; no error if it has neither."""
        self._waiting.pop(start, None)
        self._held.discard(start)
        while self._waiting and len(self._held) < self._limit:
            following = next(iter(self._waiting))
            del self._waiting[following]
            self._held.add(following)
            following()

    def clear(self) -> None:
        """Drop those that wait."""
        self._waiting.clear()


class ConnectionFiles:
    """Shares the open files of this process between links and measurements.

    A connection for measurements that is idle is closed when its file is needed, the one first that
    has been idle longest.

    Args:
        limits: How many there are; ``None``: enough.
    """

    def __init__(self, limits: OpenFiles | None) -> None:
        self._limits = limits
        self._links: set[Link] = set()
        self._meters: dict[LoadMeter, None] = {}

    def reserve_link(self, link: Link) -> None:
        """Reserve the file of a link.

        Raises:
            UnreachableMediaServerError: All are in use.
        """
        if self._limits is not None and len(self._links) >= self._limits.media_nodes:
            raise UnreachableMediaServerError(str(self._limits))
        self._links.add(link)
        self._free_files()

    def release_link(self, link: Link) -> None:
        """The connection of a link is closed."""
        self._links.discard(link)

    def reserve_meter(self, meter: LoadMeter) -> None:
        """Reserve the file of a measurement; it keeps it until `release_meter`."""
        self._meters.pop(meter, None)
        self._meters[meter] = None
        self._free_files()

    def release_meter(self, meter: LoadMeter) -> None:
        """The connection for measurements is closed."""
        self._meters.pop(meter, None)

    def _free_files(self) -> None:
        if self._limits is None:
            return
        most = self._limits.media_nodes + self._limits.measurements
        while len(self._links) + len(self._meters) > most:
            idle = next((meter for meter in self._meters if meter.is_idle), None)
            if idle is None:
                return
            idle.close()


class LinkListener:
    """Called by the links on the event loop; it must not block or raise. This one does nothing."""

    def on_connected(self, link: Link) -> None:
        """A link is connected; requests can be sent."""

    def on_detached(self, node_id: str) -> None:
        """A link is closed on purpose, with its session and all objects of that."""

    def on_event(self, link: Link, event: Event) -> None:
        """An event of an object other than the server manager."""

    def on_pipelines_lost(self, node_id: str, pipelines: Collection[str]) -> None:
        """Pipelines of this server have ended, and it did not release them."""


class LinkContext:
    """What every connection needs.

    Attributes:
        settings: Bounds.
        clock: The time, as far as this process was awake.
        random: For the first request id and for jitter; must not be seeded with the time alone.
        connector: Opens connections.
        scheduler: Calls the links when something is due.
        connecting: Connects links.
        opening: Opens the connections for measurements.
        measuring: Limits the measurements at once.
        files: Shares the open files between these connections.
        findings: Counts of what the links found about their nodes.
        name_queries: Limits how many names of all nodes together are queried again.
        media: Called about the media objects of calls.
        owner: Tag of the pipelines of this server and of its earlier processes; empty: none.

    Raises:
        OSError: The file of certificate authorities cannot be read or holds none.
    """

    def __init__(self, settings: LinkSettings, clock: AwakeClock, random: random.Random) -> None:
        self.settings = settings
        self.clock = clock
        self.random = random
        self.connector = Connector(settings)
        self.scheduler = Scheduler(clock)
        self.connecting = WorkerPool(_CONCURRENT_CONNECTS)
        self.opening = WorkerPool(_CONCURRENT_CONNECTS)
        self.measuring = Slots(settings.max_measurements)
        self.files = ConnectionFiles(settings.open_files)
        self.findings: Counter[Finding] = Counter()
        self.media: LinkListener = LinkListener()
        self.owner = ""
        names = settings.shared_name_queries_per_second
        self.name_queries = TokenBucket(names, names, clock.monotonic)
        self._shared_reads = TokenBucket(
            settings.shared_rate,
            settings.shared_burst,
            clock.monotonic,
            max_wait=settings.flood_timeout,
        )

    def new_session(self) -> RpcSession:
        """Return a session that no media server knows yet."""
        return RpcSession(self.random.randrange(1, MAX_FIRST_ID))

    def new_read_limit(self) -> ReadLimit:
        """Return the read limit of one node; it outlives the node's connections."""
        settings = self.settings
        own = TokenBucket(settings.node_rate, settings.node_burst, self.clock.monotonic)
        return ReadLimit(own, self._shared_reads)
