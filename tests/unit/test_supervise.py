import logging

import anyio
import pytest

from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.supervise import SETTLED_S, Loop, succeeds, supervise

pytestmark = pytest.mark.anyio


async def test_a_loop_that_crashes_or_ends_is_restarted(caplog: pytest.LogCaptureFixture) -> None:
    begun, third = [], anyio.Event()

    async def loop() -> None:
        begun.append(len(begun))
        if len(begun) == 1:
            raise RuntimeError("a bug")
        if len(begun) == 3:
            third.set()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(supervise, Loop("loop", anyio.current_time), loop)
        with anyio.fail_after(5):
            await third.wait()
        tasks.cancel_scope.cancel()

    assert begun == [0, 1, 2]
    assert "background work crashed" in caplog.messages
    assert "background work ended by itself" in caplog.messages


async def test_cancellation_is_never_swallowed() -> None:
    with anyio.move_on_after(0.05) as scope:
        await supervise(Loop("loop", anyio.current_time), anyio.sleep_forever)

    assert scope.cancelled_caught


async def test_an_expected_error_is_logged_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def job() -> None:
        raise StoreUnavailableError("database is locked")

    assert not await succeeds("job", job)
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)


class Clock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


async def test_a_loop_that_fails_repeatedly_is_a_problem_until_it_has_run_for_a_while() -> None:
    clock, failed_twice = Clock(), anyio.Event()
    loop = Loop("loop", clock)
    failures = [RuntimeError("a bug"), StoreUnavailableError("database is locked")]

    async def run() -> None:
        if failures:
            raise failures.pop(0)
        failed_twice.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(supervise, loop, run)
        await anyio.wait_all_tasks_blocked()
        assert loop.problem == "it failed and is restarted: RuntimeError, see the log"
        with anyio.fail_after(5):
            await failed_twice.wait()
        assert loop.problem == f"it failed and is restarted: {StoreUnavailableError('')}"
        clock.seconds += SETTLED_S
        assert loop.problem is None
        tasks.cancel_scope.cancel()


async def test_a_loop_without_progress_is_stalled() -> None:
    clock, come_round = Clock(), anyio.Event()
    loop = Loop("loop", clock, stall_s=30)

    async def run() -> None:
        while True:
            await come_round.wait()
            loop.beat()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(supervise, loop, run)
        await anyio.wait_all_tasks_blocked()
        clock.seconds += 30
        assert loop.problem is None
        clock.seconds += 1
        assert loop.problem == "it has made no progress for 31 s"
        come_round.set()
        await anyio.wait_all_tasks_blocked()
        assert loop.problem is None
        tasks.cancel_scope.cancel()


async def test_a_loop_whose_task_has_ended_is_dead() -> None:
    loop = Loop("loop", Clock())
    with anyio.move_on_after(0.01):
        await supervise(loop, anyio.sleep_forever)

    assert loop.problem == "it has ended"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(supervise, loop, anyio.sleep_forever)
        await anyio.wait_all_tasks_blocked()
        assert loop.problem is None, "an application may be started again"
        tasks.cancel_scope.cancel()
