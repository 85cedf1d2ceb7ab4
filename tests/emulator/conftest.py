"""Emulated clusters on a clock that the test sets."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from random import Random

import pytest

from mediafleet.emulator import EmulatedCluster, EmulatorSettings
from support.kurento_wire import ManualClock

Start = Callable[..., Awaitable[EmulatedCluster]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def start(clock: ManualClock) -> AsyncIterator[Start]:
    """Start a cluster; it stops at the end of the test."""
    async with AsyncExitStack() as stack:

        async def started(nodes: int = 1, **settings: object) -> EmulatedCluster:
            cluster = EmulatedCluster(
                nodes=nodes,
                settings=EmulatorSettings(**settings),  # type: ignore[arg-type]
                random=Random(7),
                clock=clock,
            )
            return await stack.enter_async_context(cluster)

        yield started


@pytest.fixture
def move(clock: ManualClock) -> Callable[[EmulatedCluster, float], None]:
    """Advance the clock and run everything that is due."""

    def moved(cluster: EmulatedCluster, seconds: float) -> None:
        clock.move(seconds)
        cluster.catch_up()

    return moved
