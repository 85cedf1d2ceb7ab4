"""Short work under a limit."""

from __future__ import annotations

import anyio
import pytest

from mediafleet.kurento.engine import Workers

pytestmark = pytest.mark.anyio


async def test_jobs_run_in_order_and_never_more_at_once_than_allowed():
    running = most = 0
    order = []
    async with anyio.create_task_group() as tasks:
        workers = Workers(tasks, 3)

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
    assert order == list(range(20))
    assert most == 3


async def test_there_is_room_again_after_the_work_is_done():
    done = []
    async with anyio.create_task_group() as tasks:
        workers = Workers(tasks, 1)

        async def job():
            done.append(len(done))

        for _ in range(3):
            workers.submit(job)
            await anyio.sleep(0.01)
    assert done == [0, 1, 2]
