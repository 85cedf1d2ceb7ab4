"""What only a SQLite file can show: its modes, its lock, a full disk."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
import threading
from pathlib import Path

import anyio
import pytest
from sqlalchemy import Connection

from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.store import StoreInUseError, StoreLimits, StoreNotOpenedError, open_store
from support import store_disk_full
from support.store_cases import CLUSTER_ID, QUICK, SqliteCase, added

pytestmark = pytest.mark.anyio


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def pragma(store, name: str) -> object:
    async with store._database.connect() as connection:
        return await connection.run_sync(
            lambda work: work.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        )


async def commit_until_refused(store) -> tuple[int, StoreUnavailableError]:
    for made in range(500):
        try:
            await store.commit([added(f"kms_{made}", uri=f"ws://h/{'k' * 200}")])
        except StoreUnavailableError as error:
            return made, error
    pytest.fail("nothing was refused")


async def test_commits_go_to_the_disk_through_a_write_ahead_log(case, tasks):
    async with case.opened(tasks) as store:
        assert await pragma(store, "journal_mode") == "wal"
        assert await pragma(store, "synchronous") == 2
        assert await pragma(store, "foreign_keys") == 1
        assert await pragma(store, "busy_timeout") == 3000


async def test_only_the_owner_can_read_the_files(case, tasks):
    old = os.umask(0)
    try:
        async with case.opened(tasks) as store:
            await store.commit([added("kms_1")])
            files = {path.name: mode_of(path) for path in case.file.parent.iterdir()}
    finally:
        os.umask(old)

    assert files == dict.fromkeys(
        ["mediafleet.db", "mediafleet.db-wal", "mediafleet.db-shm", "mediafleet.db.lock"], 0o600
    )
    assert mode_of(case.file.parent) == 0o700


async def test_a_folder_that_is_there_keeps_its_mode(case, tasks):
    case.file.parent.mkdir(mode=0o750)
    async with case.opened(tasks):
        assert mode_of(case.file.parent) == 0o750


async def test_a_full_disk_refuses_changes_and_takes_them_again_later(case, tasks):
    async with case.opened(tasks) as store:
        await store.commit([added("kms_first")])
        pages = await pragma(store, "page_count")
        await pragma(store, f"max_page_count = {pages}")
        made, failure = await commit_until_refused(store)
        assert "full" in failure.detail

        ids = [node.id for node in await store.load()]
        assert ids == ["kms_first", *(f"kms_{number}" for number in range(made))]
        assert len(await store.events()) == len(ids)

        await pragma(store, "max_page_count = 1000000")
        await store.commit([added("kms_later")])
        assert [event.sequence for event in await store.events()] == list(range(1, made + 3))


async def test_a_write_that_fails_at_commit_was_not_made(case, tasks):
    # The log beside the database is what grows at COMMIT; a limit on file sizes stops it there.
    script = Path(store_disk_full.__file__)
    run = await anyio.run_process(
        [sys.executable, script, case.url],
        check=False,
        env={**os.environ, "PYTHONPATH": str(script.parents[1])},
    )
    assert run.returncode == 0, run.stderr.decode()
    made = int(run.stdout.split()[0])

    async with case.opened(tasks) as store:
        ids = [node.id for node in await store.load()]
    assert ids == [*(f"kms_{number}" for number in range(made)), "kms_later"]


async def test_the_error_of_a_second_store_names_file_and_process(case, tasks):
    async with case.opened(tasks):
        with pytest.raises(StoreInUseError) as raised:
            async with case.opened(tasks):
                pytest.fail("it was opened")

    assert str(case.file) in str(raised.value)
    assert f"process {os.getpid()}" in str(raised.value)


async def test_another_name_of_the_file_does_not_get_past_the_lock(case, tasks, tmp_path):
    (tmp_path / "link.db").symlink_to(case.file)
    async with case.opened(tasks):
        with pytest.raises(StoreInUseError):
            async with open_store(
                f"sqlite:///{tmp_path / 'link.db'}", tasks=tasks, make_cluster_id=str
            ):
                pytest.fail("it was opened")


async def test_the_lock_is_free_after_closing(case, tasks):
    for _ in range(2):
        async with case.opened(tasks):
            pass


async def test_a_lock_without_a_readable_holder_is_named_so(case, tasks):
    async with case.opened(tasks):
        case.file.with_name("mediafleet.db.lock").write_text("nonsense")
        with pytest.raises(StoreInUseError, match="not known"):
            async with case.opened(tasks):
                pytest.fail("it was opened")


async def test_a_folder_that_is_a_file_is_an_error_that_says_so(case, tasks):
    case.file.parent.write_text("")

    with pytest.raises(StoreNotOpenedError, match=r"exists|directory"):
        async with case.opened(tasks):
            pytest.fail("it was opened")


async def test_a_file_that_is_no_database_is_an_error_and_left_as_it_is(case, tasks):
    case.file.parent.mkdir()
    case.file.write_text("not a database, but long enough to look like one" * 40)

    with pytest.raises(StoreNotOpenedError, match="not a database"):
        async with case.opened(tasks):
            pytest.fail("it was opened")
    assert case.file.read_text().startswith("not a database")


async def test_a_database_of_another_program_is_an_error_and_left_as_it_is(case, tasks):
    case.file.parent.mkdir()
    case.execute("CREATE TABLE events (something TEXT)")

    with pytest.raises(StoreNotOpenedError, match="already exists"):
        async with case.opened(tasks):
            pytest.fail("it was opened")
    assert case.execute("SELECT name FROM sqlite_master") == [("events",)]


def remove(case: SqliteCase) -> None:
    for path in case.file.parent.glob("mediafleet.db*"):
        path.unlink()


def remove_the_log(case: SqliteCase) -> None:
    case.file.with_name("mediafleet.db-wal").unlink()


def replace_the_folder(case: SqliteCase) -> None:
    shutil.copytree(case.file.parent, case.file.parent.with_name("copy"))
    case.file.parent.rename(case.file.parent.with_name("old"))
    case.file.parent.with_name("copy").rename(case.file.parent)


def replace_by_a_copy(case: SqliteCase) -> None:
    copy = case.file.with_name("copy.db")
    shutil.copy(case.file, copy)
    copy.replace(case.file)


def write_over(case: SqliteCase) -> None:
    case.file.write_bytes(case.file.read_bytes())


def empty(case: SqliteCase) -> None:
    os.truncate(case.file, 0)


def cut_off_the_log(case: SqliteCase) -> None:
    os.truncate(case.file.with_name("mediafleet.db-wal"), 32)


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (remove, "removed"),
        (remove_the_log, "removed"),
        (replace_the_folder, "replaced"),
        (replace_by_a_copy, "replaced"),
        (write_over, "written to by another program"),
        (empty, "cut off"),
        (cut_off_the_log, "cut off"),
    ],
)
async def test_a_change_that_the_next_start_would_not_find_is_refused(case, tasks, harm, expected):
    async with case.opened(tasks, limits=QUICK) as store:
        await store.commit([added("kms_1")])
        harm(case)

        with anyio.fail_after(10):
            while store.problem is None:  # found before anybody asks for a change
                await anyio.sleep(QUICK.heartbeat / 4)
        assert expected in store.problem
        for _ in range(2):
            with pytest.raises(StoreUnavailableError, match="nothing was changed"):
                await store.commit([added("kms_2")])


async def test_a_file_that_is_moved_back_is_written_to_again(case, tasks):
    async with case.opened(tasks, limits=QUICK) as store:
        await store.commit([added("kms_1")])
        case.file.rename(case.file.with_name("elsewhere.db"))
        with pytest.raises(StoreUnavailableError):
            await store.commit([added("kms_2")])
        case.file.with_name("elsewhere.db").rename(case.file)
        await store.commit([added("kms_3")])
        assert store.problem is None
    async with case.opened(tasks) as store:
        assert [node.id for node in await store.load()] == ["kms_1", "kms_3"]


async def test_connections_that_break_are_no_change_of_the_files(case, tasks):
    async with case.opened(tasks, limits=QUICK) as store:
        await store.commit([added("kms_1")])
        await store.load()
        for _ in range(2):
            async with store._database.connect() as one, store._database.connect() as other:
                await one.run_sync(Connection.invalidate)
                await other.run_sync(Connection.invalidate)
            await store.commit([added(f"kms_{len(await store.load()) + 1}")])
        assert len(await store.load()) == 3


async def test_who_looks_at_the_file_does_no_harm(case, tasks):
    async with case.opened(tasks, limits=QUICK) as store:
        for number in range(3):
            await store.commit([added(f"kms_{number}")])
            assert case.execute("SELECT count(*) FROM events") == [(number + 1,)]


async def test_many_changes_are_copied_into_the_database_meanwhile(case, tasks):
    async with case.opened(tasks) as store:
        size = case.file.stat().st_size
        number = 0
        while case.file.stat().st_size == size:
            new = [added(f"kms_{number}_{n}", uri=f"ws://h/{'k' * 200}") for n in range(200)]
            await store.commit(new)
            number += 1
        await store.commit([added("kms_last")])
        assert store.problem is None


async def test_memory_is_a_store_too(tasks):
    async with open_store("sqlite://", tasks=tasks, make_cluster_id=lambda: CLUSTER_ID) as store:
        await store.commit([added("kms_1")])
        await store.commit([added("kms_2")])

        assert [node.id for node in await store.load()] == ["kms_1", "kms_2"]
        assert len(await store.events()) == 2


async def test_a_change_whose_statements_hang_when_the_store_is_closed_is_never_made(case, tasks):
    reached, released = anyio.Event(), threading.Event()

    def value() -> str:
        anyio.from_thread.run_sync(reached.set)
        released.wait()
        return "made"

    async with case.opened(tasks, limits=StoreLimits(answer=0.2, commit=5, close=0.1)) as store:
        task = asyncio.create_task(store.get_or_set("key", value))
        await reached.wait()
        await store._writer.close()
        with pytest.raises(StoreUnavailableError):
            await task
        released.set()

    async with case.opened(tasks) as store:
        assert await store.get_value("key") is None
