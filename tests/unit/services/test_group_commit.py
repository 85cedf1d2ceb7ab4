"""Changes of several calls that share a transaction."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager

import anyio
import pytest
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from mediafleet.domain import call_changes as changes
from mediafleet.domain.call_errors import SessionNotFoundError
from mediafleet.domain.calls import Reason
from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.domain.events import StoredEvent
from support.call_cluster import CLOCK, Cluster, opened
from support.commit_barrier import barrier_before_commit, refused_commits

pytestmark = pytest.mark.anyio

ROOMS = [f"room-{number}" for number in range(4)]
FIRST, SECOND, THIRD, FOURTH = ROOMS


class Closing:
    """Closes sessions.

    Attributes:
        commits: The sessions that ended, by transaction.
        failures: Of changes.
    """

    def __init__(self, cluster: Cluster, tasks: TaskGroup) -> None:
        self.commits: list[list[str]] = []
        self.failures: list[Exception] = []
        self._cluster = cluster
        self._tasks = tasks
        cluster.state.on_events = self._on_events

    def _on_events(self, events: Sequence[StoredEvent]) -> None:
        self.commits.append(
            [each.payload["sessionId"] for each in events if each.name == "sessionDestroyed"]
        )

    async def queue(self, *rooms: str) -> None:
        for room in rooms:
            self._tasks.start_soon(self.close, room)
            for _ in range(5):
                await checkpoint()

    async def close(self, room: str) -> None:
        try:
            await self._cluster.rooms.change(
                room,
                lambda call: changes.close(call, Reason.SESSION_CLOSED_BY_SERVER, at=CLOCK.now()),
            )
        except (SessionNotFoundError, StoreUnavailableError) as error:
            self.failures.append(error)


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with opened() as cluster:
        for room in ROOMS:
            await cluster.begin_call(room, participants=1)
        yield cluster


@asynccontextmanager
async def held(cluster: Cluster) -> AsyncIterator[Closing]:
    """Hold the end of the first session until the block is left."""
    with barrier_before_commit(cluster.store) as barrier:
        async with anyio.create_task_group() as tasks:
            closing = Closing(cluster, tasks)
            await closing.queue(FIRST)
            await barrier.reached.wait()
            try:
                yield closing
            finally:
                barrier.opened.set()


def rooms_left(cluster: Cluster) -> list[str]:
    return [each.id for each in cluster.calls.all()]


async def test_changes_that_come_during_a_commit_share_the_next_one(cluster: Cluster) -> None:
    async with held(cluster) as closing:
        await closing.queue(SECOND, THIRD, FOURTH)
        assert rooms_left(cluster) == ROOMS

    assert closing.commits == [[FIRST], [SECOND, THIRD, FOURTH]]
    assert rooms_left(cluster) == []
    assert await cluster.store.load_calls() == ()


async def test_changes_of_a_session_keep_their_order_and_see_each_other(cluster: Cluster) -> None:
    async with held(cluster) as closing:
        await closing.queue(SECOND, SECOND, THIRD)

    assert closing.commits == [[FIRST], [SECOND], [THIRD]]
    assert [type(each) for each in closing.failures] == [SessionNotFoundError]


async def test_a_change_that_is_refused_concerns_no_other_one(cluster: Cluster) -> None:
    async with held(cluster) as closing:
        await closing.queue("unknown", SECOND)

    assert closing.commits == [[FIRST], [SECOND]]
    assert [str(each) for each in closing.failures] == [str(SessionNotFoundError("unknown"))]


async def test_a_change_that_is_cancelled_before_its_commit_is_not_made(cluster: Cluster) -> None:
    async with held(cluster) as closing:
        await closing.queue(SECOND)
        waiting = asyncio.create_task(closing.close(THIRD))
        await closing.queue(FOURTH)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert closing.commits == [[FIRST], [SECOND, FOURTH]]
    assert rooms_left(cluster) == [THIRD]


async def test_a_store_that_refuses_a_group_refuses_all_of_it(cluster: Cluster) -> None:
    with ExitStack() as stack:
        async with held(cluster) as closing:
            await closing.queue(SECOND, THIRD)
            cluster.state.on_events = lambda _: stack.enter_context(refused_commits(cluster.store))

    assert [type(each) for each in closing.failures] == [StoreUnavailableError] * 2
    assert rooms_left(cluster) == [SECOND, THIRD, FOURTH]
