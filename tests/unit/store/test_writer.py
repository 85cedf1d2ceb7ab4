"""The outcome of a change is certain, also when the database hangs in the middle of COMMIT."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio.lowlevel import checkpoint

from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.store import StoreLimits, UncertainCommitError
from mediafleet.store.writer import MAX_WAITING
from support.commit_barrier import barrier_before_commit
from support.store_cases import QUICK, added

if TYPE_CHECKING:
    from mediafleet.store import SqlStore

DEADLINE_S = 30
pytestmark = pytest.mark.anyio


async def test_no_change_returns_before_the_outcome_of_commit_is_known(case, tasks):
    async with case.opened(tasks, limits=QUICK) as store:
        with barrier_before_commit(store) as barrier:
            task = asyncio.create_task(store.commit([added("kms_1")]))
            await barrier.reached.wait()
            done, _ = await asyncio.wait([task], timeout=3 * QUICK.commit)
            assert not done

            barrier.opened.set()
            await task

        assert [node.id for node in await store.load()] == ["kms_1"]


async def test_changes_behind_a_hanging_commit_are_refused_in_time_and_never_made(case, tasks):
    async with case.opened(tasks, limits=QUICK) as store:
        with barrier_before_commit(store) as barrier:
            task = asyncio.create_task(store.commit([added("kms_1")]))
            await barrier.reached.wait()
            with pytest.raises(StoreUnavailableError):
                await store.commit([added("kms_2")])
            barrier.opened.set()
            await task

        await store.commit([added("kms_3")])
        assert [node.id for node in await store.load()] == ["kms_1", "kms_3"]


@pytest.mark.parametrize("kind", ["task", "scope"])
async def test_cancellation_reaches_the_caller_after_what_follows_the_commit(case, tasks, kind):
    reported: list[str] = []
    scope = anyio.CancelScope()

    async def commit_and_report(store: SqlStore) -> None:
        with scope:
            await store.commit([added("kms_1")])
            reported.append("made")
            await checkpoint()
            reported.append("never")

    async with case.opened(tasks) as store:
        with barrier_before_commit(store) as barrier:
            task = asyncio.create_task(commit_and_report(store))
            await barrier.reached.wait()
            if kind == "task":
                task.cancel()
            else:
                scope.cancel()
            await anyio.sleep(0.05)
            assert not task.done()

            barrier.opened.set()
            await asyncio.wait([task])

        assert reported == ["made"]
        assert task.cancelled() is (kind == "task")
        assert [node.id for node in await store.load()] == ["kms_1"]


async def test_a_timeout_around_a_commit_still_ends_as_a_timeout(case, tasks):
    reported: list[str] = []
    limit = asyncio.timeout(None)

    async def commit_and_report(store: SqlStore) -> None:
        async with limit:
            await store.commit([added("kms_1")])
            reported.append("made")
            await asyncio.sleep(0)
            reported.append("never")

    async with case.opened(tasks) as store:
        with barrier_before_commit(store) as barrier:
            task = asyncio.create_task(commit_and_report(store))
            await barrier.reached.wait()
            limit.reschedule(0)
            while not limit.expired():
                await checkpoint()
            barrier.opened.set()
            with pytest.raises(TimeoutError):
                await task

        assert reported == ["made"]


async def test_a_cancelled_caller_begins_no_change(case, tasks):
    async with case.opened(tasks) as store:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await store.commit([added("kms_1")])

        assert await store.load() == ()


async def test_closing_a_store_over_a_hanging_commit_reports_an_unknown_outcome(case, tasks):
    limits = StoreLimits(answer=0.2, commit=0.4, close=0.2)
    async with case.opened(tasks, limits=limits) as store:
        with barrier_before_commit(store) as barrier:
            task = asyncio.create_task(store.commit([added("kms_1")]))
            await barrier.reached.wait()
            waiting = asyncio.create_task(store.commit([added("kms_2")]))
            await checkpoint()
            await store._writer.close()

            with pytest.raises(UncertainCommitError):
                await task
            with pytest.raises(StoreUnavailableError):
                await waiting


async def test_the_queue_is_bounded(case, tasks):
    refused: list[str] = []

    async def commit(store: SqlStore, number: int) -> None:
        try:
            await store.commit([added(f"kms_{number}")])
        except StoreUnavailableError as error:
            refused.append(error.detail)

    async with case.opened(tasks, limits=QUICK) as store:
        with barrier_before_commit(store) as barrier:
            async with anyio.create_task_group() as group:
                group.start_soon(commit, store, 0)
                await barrier.reached.wait()
                for number in range(1, MAX_WAITING + 11):
                    group.start_soon(commit, store, number)
                with anyio.fail_after(DEADLINE_S):
                    while len(refused) < MAX_WAITING + 10:
                        await anyio.sleep(QUICK.commit / 10)
                barrier.opened.set()

        assert refused.count(f"{MAX_WAITING} changes are waiting") == 10
        assert len(refused) == MAX_WAITING + 10
        assert [node.id for node in await store.load()] == ["kms_0"]
