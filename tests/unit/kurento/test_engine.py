"""Short work under a limit."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from mediafleet.kurento.engine import Workers

pytestmark = pytest.mark.anyio


async def test_jobs_run_in_order_and_never_more_at_once_than_allowed():
    running = most = 0
    order = []
    async with anyio.create_task_group() as tasks:
        workers = Workers(3)
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


async def test_there_is_room_again_after_the_work_is_done():
    done = []
    async with anyio.create_task_group() as tasks:
        workers = Workers(1)
        tasks.start_soon(workers.run)

        async def job():
            done.append(len(done))

        for _ in range(3):
            workers.submit(job)
            await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert done == [0, 1, 2]


async def test_a_timer_may_ask_for_work():
    done = anyio.Event()
    async with anyio.create_task_group() as tasks:
        workers = Workers(1)
        tasks.start_soon(workers.run)

        async def job():
            done.set()

        asyncio.get_running_loop().call_soon(workers.submit, job)
        with anyio.fail_after(5):
            await done.wait()
        tasks.cancel_scope.cancel()
