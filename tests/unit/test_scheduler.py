"""One timer for many due times."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from mediafleet.clock import SystemClock
from mediafleet.scheduler import SLOT_S, Scheduler, Timer

pytestmark = pytest.mark.anyio


async def test_actions_come_in_order_and_never_early():
    clock = SystemClock()
    scheduler = Scheduler(clock)
    start = clock.monotonic()
    came, last = [], anyio.Event()

    def note(due, *, is_last=False):
        came.append((due, clock.monotonic() - start))
        if is_last:
            last.set()

    for due in (0.06, 0.02, 0.04, -1.0):
        scheduler.at(start + due, lambda due=due: note(due))
    scheduler.at(start + 0.08, lambda: note(0.08, is_last=True))
    with anyio.fail_after(2):
        await last.wait()
    assert [due for due, _ in came] == [-1.0, 0.02, 0.04, 0.06, 0.08]
    assert all(at >= due for due, at in came)


async def test_what_is_called_off_does_not_come():
    clock = SystemClock()
    scheduler = Scheduler(clock)
    came, last = [], anyio.Event()
    scheduler.at(clock.monotonic(), lambda: came.append("off")).cancel()
    scheduler.at(clock.monotonic() + 2 * SLOT_S, last.set)
    with anyio.fail_after(2):
        await last.wait()
    assert came == []


async def test_the_loop_does_other_work_between_many_actions():
    scheduler = Scheduler(SystemClock())
    came, last = [], anyio.Event()
    for number in range(200):
        scheduler.at(0.0, lambda number=number: came.append(number))
    scheduler.at(0.0, last.set)
    scheduler.run_due()
    assert 0 < len(came) < 100
    seen = [len(came)]
    with anyio.fail_after(2):
        while not last.is_set():
            await asyncio.sleep(0)
            if len(came) != seen[-1]:
                seen.append(len(came))
    assert came == list(range(200))
    assert len(seen) > 2


async def test_an_action_that_is_due_again_at_once_does_not_hold_up_the_others():
    clock = SystemClock()
    scheduler = Scheduler(clock)
    rounds = 0

    def again():
        nonlocal rounds
        rounds += 1
        scheduler.at(0.0, again)

    again()
    await anyio.sleep(5 * SLOT_S)
    assert 1 < rounds < 500
    scheduler.clear()
    stopped = rounds
    await anyio.sleep(2 * SLOT_S)
    assert rounds == stopped


async def test_a_raising_action_does_not_stop_the_scheduler():
    clock = SystemClock()
    scheduler = Scheduler(clock)
    came = anyio.Event()
    met = []

    def fail():
        raise ValueError("a bug")

    asyncio.get_running_loop().set_exception_handler(lambda _, context: met.append(context))
    scheduler.at(0.0, fail)
    scheduler.at(clock.monotonic() + SLOT_S, came.set)
    with anyio.fail_after(2):
        await came.wait()
    assert isinstance(met[0]["exception"], ValueError)


async def test_a_timer_that_is_set_again_runs_once_at_the_last_time():
    clock = SystemClock()
    scheduler = Scheduler(clock)
    came, last = [], anyio.Event()
    timer = Timer(lambda: came.append(clock.monotonic()))
    begin = clock.monotonic()
    for slots in (1, 4, 2):
        scheduler.set(timer, begin + slots * SLOT_S)
    scheduler.at(begin + 6 * SLOT_S, last.set)
    with anyio.fail_after(2):
        await last.wait()
    assert len(came) == 1
    assert came[0] >= begin + 2 * SLOT_S
    last = anyio.Event()
    scheduler.set(timer, clock.monotonic())
    scheduler.at(clock.monotonic() + SLOT_S, last.set)
    with anyio.fail_after(2):
        await last.wait()
    assert len(came) == 2
