"""Links under test: quick settings, an observer that remembers, and conditions awaited."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import anyio

from mediafleet.clock import AwakeClock, SystemClock
from mediafleet.domain.heartbeat import HeartbeatSettings
from mediafleet.kurento import KurentoMediaServers, LinkSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mediafleet.domain.cluster import Connection

QUICK: dict[str, Any] = {
    "handshake_timeout": 0.5,
    "request_timeout": 0.5,
    "heartbeat": HeartbeatSettings(interval=0.2, timeout=0.2, probes=2, probe_interval=0.15),
    "load_interval": 0.2,
    "measurement_timeout": 1.0,
    "name_delays": (0.05, 0.1),
    "name_interval": 0.3,
    "reconnect_delays": ((1000, 0.1),),
    "publish_interval": 0.02,
    "describe_timeout": 0.5,
    "release_timeout": 1.5,
    "close_timeout": 0.3,
    "settle_timeout": 0.5,
}
NODE = "kms_A"
# Each server has other request ids: in a session that it resumes they must not come again.
_SEEDS = count(1)


class Observer:
    """Remembers all reports, by node."""

    def __init__(self) -> None:
        self.reports: dict[str, list[Connection]] = {}

    def __call__(self, node_id: str, connection: Connection) -> None:
        self.reports.setdefault(node_id, []).append(connection)

    def last(self, node_id: str = NODE) -> Connection | None:
        return self.reports[node_id][-1] if node_id in self.reports else None

    def is_connected(self, node_id: str = NODE) -> bool:
        last = self.last(node_id)
        return last is not None and last.connected

    def session_ids(self, node_id: str = NODE) -> list[str]:
        last = self.last(node_id)
        return [] if last is None else sorted(session.id for session in last.sessions)

    def names(self, node_id: str = NODE) -> list[str]:
        """The present names of those that have one."""
        last = self.last(node_id)
        return [] if last is None else sorted(s.name for s in last.sessions if s.name is not None)

    def ids_ever(self, node_id: str = NODE) -> list[str]:
        """All ids that were ever reported."""
        reports = self.reports.get(node_id, [])
        return sorted({session.id for report in reports for session in report.sessions})


def make_media_servers(
    observer: Observer, clock: AwakeClock | None = None, **settings: Any
) -> KurentoMediaServers:
    return KurentoMediaServers(
        observer,
        clock=clock or AwakeClock(SystemClock()),
        random=random.Random(next(_SEEDS)),
        settings=LinkSettings(**{**QUICK, **settings}),
    )


@asynccontextmanager
async def links(**settings: Any) -> AsyncIterator[tuple[KurentoMediaServers, Observer]]:
    """Running links with quick settings; they disconnect from all servers at the end."""
    observer = Observer()
    clock = AwakeClock(SystemClock())
    media_servers = make_media_servers(observer, clock, **settings)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.beat)
        await tasks.start(media_servers.run)
        yield media_servers, observer
        tasks.cancel_scope.cancel()


async def until(condition: Callable[[], Any], within: float = 5.0) -> None:
    """Wait for a condition that has no event; a failing one is named by its source."""
    try:
        with anyio.fail_after(within):
            while not condition():  # there is no event for a condition
                await anyio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"not within {within} s: {condition.__qualname__}") from None
