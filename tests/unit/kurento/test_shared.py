from __future__ import annotations

import asyncio

import anyio
import pytest

from mediafleet.kurento.shared import ReadLimit, Slots, TokenBucket, WorkerPool


class Seconds:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Seconds()


def test_tokens_beyond_the_burst_are_waited_for(clock):
    bucket = TokenBucket(10, 30, clock)
    assert bucket.spend(30) == 0
    assert bucket.spend(5) == pytest.approx(0.5)
    clock.now += 0.5
    assert bucket.spend(1) == pytest.approx(0.1)


def test_no_more_is_saved_up_than_the_burst(clock):
    bucket = TokenBucket(10, 30, clock)
    clock.now += 1000
    assert bucket.spend(31) == pytest.approx(0.1)


def test_no_wait_is_longer_than_the_limit(clock):
    bucket = TokenBucket(10, 30, clock, max_wait=2)
    assert [bucket.spend(10**9) for _ in range(3)] == [2.0] * 3


def test_a_bucket_shared_by_many_is_not_exceeded(clock):
    bucket = TokenBucket(10, 10, clock)
    due = [clock.now] * 1000
    spent = 0
    while clock.now < 200:
        for one, at in enumerate(due):
            if at <= clock.now:
                due[one] = clock.now + max(bucket.spend(1), 1)
                spent += 1
        clock.now += 0.5
    assert spent <= 1000 + 10 + 10 * 100


def test_a_calm_node_is_read_whatever_the_others_send(clock):
    shared = TokenBucket(1000, 1000, clock, max_wait=2)
    calm, loud = (ReadLimit(TokenBucket(10, 100, clock), shared) for _ in range(2))
    assert loud.read(100_000) == 2.0
    assert [calm.read(10) for _ in range(10)] == [0] * 10
    assert calm.read(10) > 0
    clock.now += 1
    assert calm.read(10) == 0


def test_what_is_read_in_a_second_is_bounded_for_one_and_for_all(clock):
    shared = TokenBucket(1000, 1000, clock)
    nodes = {ReadLimit(TokenBucket(10, 100, clock), shared): 100.0 for _ in range(5)}
    read = 0
    while clock.now < 110:
        for node, due in nodes.items():
            if due <= clock.now:
                nodes[node] = clock.now + node.read(80)
                read += 80
        clock.now += 0.01
    assert read <= 5 * (100 + 10 * 10) + 1000 + 10 * 1000 + 5 * 80


pytestmark = pytest.mark.anyio


async def test_jobs_run_in_order_and_never_more_at_once_than_allowed():
    running = most = 0
    order = []
    async with anyio.create_task_group() as tasks:
        workers = WorkerPool(3)
        tasks.start_soon(workers.run)

        def job(number):
            async def work():
                nonlocal running, most
                running += 1
                most = max(most, running)
                order.append(number)
                await anyio.sleep(0.001)
                running -= 1

            return work

        for number in range(20):
            workers.submit(job(number))
        while len(order) < 20 or running:
            await anyio.sleep(0.001)
        tasks.cancel_scope.cancel()
    assert order == list(range(20))
    assert most == 3


async def test_a_finished_job_makes_place_for_the_next():
    done = []
    async with anyio.create_task_group() as tasks:
        workers = WorkerPool(1)
        tasks.start_soon(workers.run)

        async def job():
            done.append(len(done))

        for _ in range(3):
            workers.submit(job)
            await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert done == [0, 1, 2]


async def test_a_timer_may_submit_a_job():
    done = anyio.Event()
    async with anyio.create_task_group() as tasks:
        workers = WorkerPool(1)
        tasks.start_soon(workers.run)

        async def job():
            done.set()

        asyncio.get_running_loop().call_soon(workers.submit, job)
        with anyio.fail_after(5):
            await done.wait()
        tasks.cancel_scope.cancel()


def test_slots_are_given_in_order_and_places_given_back():
    slots, came = Slots(2), []
    starts = [lambda name=name: came.append(name) for name in "abcde"]
    for start in starts:
        slots.acquire(start)
    assert came == ["a", "b"]
    slots.release(starts[2])  # it leaves the queue
    slots.release(starts[1])
    slots.release(starts[1])  # a second time changes nothing
    assert came == ["a", "b", "d"]
    slots.clear()
    slots.release(starts[0])
    assert came == ["a", "b", "d"]
