"""The queue of the controller, on a clock that moves only when a test says so."""

import anyio
import pytest

from mediafleet.services.work_queue import WorkQueue

pytestmark = pytest.mark.anyio


class HandClock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def queue(clock: HandClock) -> WorkQueue:
    return WorkQueue(clock)


async def ready(queue: WorkQueue) -> list[str]:
    """Take every key that is ready now."""
    keys = []
    while (key := await queue.get(within=0)) is not None:
        keys.append(key)
    return keys


async def test_keys_come_in_order_and_each_once(queue: WorkQueue) -> None:
    for key in ("a", "b", "a", "c", "b"):
        queue.add(key)

    assert await ready(queue) == ["a", "b", "c"]


async def test_a_key_has_one_worker_at_a_time_and_no_change_is_lost(queue: WorkQueue) -> None:
    queue.add("a")
    assert await ready(queue) == ["a"]

    queue.add("a")
    queue.add("a")
    assert await ready(queue) == []

    queue.done("a", requeue_after=None)
    assert await ready(queue) == ["a"]
    queue.done("a", requeue_after=None)
    assert await ready(queue) == []


async def test_a_key_comes_again_when_it_is_due(queue: WorkQueue, clock: HandClock) -> None:
    queue.add("a")
    await ready(queue)
    queue.done("a", requeue_after=5)

    clock.seconds += 4.9
    assert await ready(queue) == []
    clock.seconds += 0.1
    assert await ready(queue) == ["a"]


@pytest.mark.parametrize(("again", "due"), [(1.0, 1.0), (60.0, 60.0), (None, None)])
async def test_a_later_plan_replaces_the_one_before(
    queue: WorkQueue, clock: HandClock, again: float | None, due: float | None
) -> None:
    queue.add("a")
    await ready(queue)
    queue.done("a", requeue_after=5)
    queue.add("a")
    assert await ready(queue) == ["a"]
    queue.done("a", requeue_after=again)

    came = []
    for second in range(1, 100):
        clock.seconds = 100.0 + second
        if await ready(queue):
            came.append(float(second))
            queue.done("a", requeue_after=None)
    assert came == ([] if due is None else [due])


async def test_a_key_that_backs_off_waits_whatever_is_added(
    queue: WorkQueue, clock: HandClock
) -> None:
    queue.add("a")
    await ready(queue)
    queue.add("a")
    queue.back_off("a", 2)
    queue.add("a")
    queue.add("b")
    assert await ready(queue) == ["b"]

    clock.seconds += 2
    queue.add("a")
    assert await ready(queue) == ["a"]
    queue.done("a", requeue_after=None)
    queue.add("a")
    assert await ready(queue) == ["a"], "the back-off is over"


async def test_a_waiter_is_woken_by_an_addition(queue: WorkQueue) -> None:
    got: list[str | None] = []

    async def wait() -> None:
        got.append(await queue.get(within=60))

    with anyio.fail_after(2):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.lowlevel.checkpoint()
            queue.add("a")

    assert got == ["a"]
