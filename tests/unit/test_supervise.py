import logging

import anyio
import pytest

from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.supervise import succeeds, supervise

pytestmark = pytest.mark.anyio


async def test_a_loop_that_crashes_or_ends_is_begun_anew(caplog: pytest.LogCaptureFixture) -> None:
    begun, third = [], anyio.Event()

    async def loop() -> None:
        begun.append(len(begun))
        if len(begun) == 1:
            raise RuntimeError("a bug")
        if len(begun) == 3:
            third.set()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(supervise, "loop", loop)
        with anyio.fail_after(5):
            await third.wait()
        tasks.cancel_scope.cancel()

    assert begun == [0, 1, 2]
    assert "background work crashed" in caplog.messages
    assert "background work ended by itself" in caplog.messages


async def test_cancellation_is_never_swallowed() -> None:
    with anyio.move_on_after(0.05) as scope:
        await supervise("loop", anyio.sleep_forever)

    assert scope.cancelled_caught


async def test_an_error_of_ours_is_told_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def job() -> None:
        raise StoreUnavailableError("database is locked")

    assert not await succeeds("job", job)
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
