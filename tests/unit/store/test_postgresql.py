"""What only PostgreSQL can show: a lock that can be lost, a server that freezes, a lost answer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import count
from random import Random
from typing import TYPE_CHECKING

import anyio
import asyncpg  # type: ignore[import-untyped]
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.store import (
    Leadership,
    StoreInUseError,
    StoreLimits,
    StoreNotOpenedError,
    StoreRevisionError,
    open_store,
)
from mediafleet.store.migration import migrate
from mediafleet.store.postgresql import LOCK
from mediafleet.store.tables import metadata
from support.commit_barrier import barrier_before_commit
from support.cutting_proxy import cutting_proxy
from support.postgresql_server import SECRET, PostgresqlServer
from support.store_cases import QUICK, PostgresqlCase, added

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from mediafleet.store import SqlStore

pytestmark = pytest.mark.anyio

W, SUSPENDED, LOST = Leadership.LEADER, Leadership.SUSPENDED, Leadership.LOST
KILL_LOCK_HOLDER = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

KILL_BUT_LOCK_HOLDERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')
"""


@pytest.fixture(scope="module")
def server(postgresql: PostgresqlServer) -> PostgresqlServer:
    return postgresql


@pytest.fixture
def case(server: PostgresqlServer) -> Iterator[PostgresqlCase]:
    found = PostgresqlCase(server)
    yield found
    server.drop_database(found.database)


@pytest.fixture
def leaderships() -> list[Leadership]:
    return []


@pytest.fixture
async def store(case, tasks, leaderships) -> AsyncIterator[SqlStore]:
    async with case.opened(tasks, limits=QUICK, observer=leaderships.append) as opened:
        yield opened


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not condition():
            await anyio.sleep(0.01)


def nodes_in(case: PostgresqlCase) -> list[str]:
    rows = case.execute("SELECT id FROM media_nodes ORDER BY joined_sequence")
    return [row[0] for row in rows]


@asynccontextmanager
async def next_in_line(case: PostgresqlCase) -> AsyncIterator[asyncpg.Connection]:
    """A session that has the lock at the very moment its holder is gone."""
    session = await asyncpg.connect(case.url)
    try:
        waiting = asyncio.create_task(session.execute("SELECT pg_advisory_lock($1, $2)", *LOCK))
        await until(lambda: case.execute("SELECT 1 FROM pg_locks WHERE NOT granted") != [])
        case.execute(KILL_LOCK_HOLDER)
        await waiting
        yield session
    finally:
        await session.close()


async def test_a_lock_that_is_lost_and_free_is_taken_again(case, store, leaderships):
    await store.commit([added("kms_1")])
    case.execute(KILL_LOCK_HOLDER)
    await until(lambda: leaderships == [SUSPENDED, W])

    await store.commit([added("kms_2")])
    assert [node.id for node in await store.load()] == ["kms_1", "kms_2"]


async def test_without_the_lock_changes_are_refused_at_once(case, store, leaderships):
    await store.commit([added("kms_1")])
    async with next_in_line(case) as session:
        await until(lambda: leaderships == [SUSPENDED])
        with pytest.raises(StoreUnavailableError):
            await store.commit([added("kms_2")])
        assert [node.id for node in await store.load()] == ["kms_1"]
        await session.execute("SELECT pg_advisory_unlock($1, $2)", *LOCK)
        await until(lambda: leaderships == [SUSPENDED, W])

    await store.commit([added("kms_3")])
    assert nodes_in(case) == ["kms_1", "kms_3"]


async def test_a_change_under_way_when_the_lock_is_lost_is_not_made(case, store, leaderships):
    async with case.locked():
        task = asyncio.create_task(store.commit([added("kms_1")]))
        async with next_in_line(case):
            await until(lambda: leaderships == [SUSPENDED])
            with pytest.raises(StoreUnavailableError):
                await task

    assert nodes_in(case) == []


async def test_a_store_that_another_server_opened_meanwhile_is_lost(case, store, leaderships):
    await store.commit([added("kms_1")])
    async with next_in_line(case) as session:
        await session.execute("UPDATE journal SET epoch = epoch + 1")
        await until(lambda: leaderships == [SUSPENDED, LOST])
        await session.execute("SELECT pg_advisory_unlock($1, $2)", *LOCK)

    with pytest.raises(StoreUnavailableError):
        await store.commit([added("kms_2")])
    assert store.leadership is LOST
    assert nodes_in(case) == ["kms_1"]


async def test_a_frozen_database_refuses_in_time_and_recovers(case, store, leaderships, server):
    await store.commit([added("kms_1")])
    server.freeze()
    try:
        with anyio.fail_after(10):
            for _ in range(5):
                with pytest.raises(StoreUnavailableError):
                    await store.commit([added("kms_2")])
            with pytest.raises(StoreUnavailableError):
                await store.load()
        await until(lambda: leaderships == [SUSPENDED])
    finally:
        server.thaw()
    await until(lambda: leaderships == [SUSPENDED, W])

    await store.commit([added("kms_3")])
    assert nodes_in(case) == ["kms_1", "kms_3"]
    assert [event.sequence for event in await store.events()] == [1, 2]


async def test_a_store_closes_in_time_while_its_database_is_frozen(
    case, tasks, leaderships, server
):
    with anyio.fail_after(10):
        async with case.opened(tasks, limits=QUICK, observer=leaderships.append) as store:
            await store.commit([added("kms_1")])
            server.freeze()
            try:
                await until(lambda: leaderships == [SUSPENDED])
                with pytest.raises(StoreUnavailableError):
                    await store.commit([added("kms_2")])
            except BaseException:
                server.thaw()
                raise
    server.thaw()

    assert nodes_in(case) == ["kms_1"]


@pytest.mark.parametrize("trial", range(3))
async def test_a_commit_sent_to_a_frozen_database_gets_its_true_outcome(
    case, store, leaderships, server, trial
):
    reported: list[str] = []

    async def commit() -> None:
        try:
            await store.commit([added("kms_1")])
            reported.append("kms_1")
        except StoreUnavailableError:
            pass

    with barrier_before_commit(store) as barrier:
        task = asyncio.create_task(commit())
        await barrier.reached.wait()
        server.freeze()
        try:
            barrier.opened.set()
            done, _ = await asyncio.wait([task], timeout=1.5 * QUICK.commit + trial / 2)
            assert not done
        finally:
            server.thaw()
        await task
    await until(lambda: store.leadership is W)

    assert nodes_in(case) == reported
    await store.commit([added("kms_after")])
    assert nodes_in(case) == [*reported, "kms_after"]


async def test_a_stopped_database_refuses_and_recovers_when_it_is_back(
    case, store, leaderships, server
):
    await store.commit([added("kms_1")])
    await anyio.to_thread.run_sync(server.stop)
    try:
        await until(lambda: leaderships == [SUSPENDED])
        with pytest.raises(StoreUnavailableError):
            await store.commit([added("kms_2")])
        with pytest.raises(StoreUnavailableError):
            await store.load()
    finally:
        await anyio.to_thread.run_sync(server.start)
    await until(lambda: leaderships == [SUSPENDED, W])

    await store.commit([added("kms_3")])
    assert [node.id for node in await store.load()] == ["kms_1", "kms_3"]


async def test_every_outcome_is_true_while_connections_are_killed_at_random(case, store):
    reported: list[str] = []
    refused: list[str] = []
    random = Random(11)

    async def write_on(writer: int) -> None:
        for number in count():
            node_id = f"kms_{writer}_{number}"
            try:
                await store.commit([added(node_id)])
                reported.append(node_id)
            except StoreUnavailableError:
                refused.append(node_id)
            if len(reported) >= 50 and len(refused) >= 20:
                return

    killer = await asyncpg.connect(case.url)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            for writer in range(4):
                group.start_soon(write_on, writer)
            while len(reported) < 50 or len(refused) < 20:
                await anyio.sleep(random.uniform(0, 0.05))
                await killer.execute(KILL_BUT_LOCK_HOLDERS)
    await killer.close()

    assert sorted(nodes_in(case)) == sorted(reported)
    numbers = case.execute("SELECT sequence FROM events ORDER BY sequence")
    assert numbers == [(number,) for number in range(1, len(reported) + 1)]


async def test_a_commit_whose_answer_is_lost_is_found_to_be_made(case, tasks, server):
    async with cutting_proxy(server.port) as proxy:
        url = server.url(case.database, proxy.port)
        async with open_store(url, tasks=tasks, make_cluster_id=lambda: "c") as store:
            with barrier_before_commit(store) as barrier:
                task = asyncio.create_task(store.commit([added("kms_1")]))
                await barrier.reached.wait()
                proxy.is_mute = True
                barrier.opened.set()
                await until(lambda: nodes_in(case) == ["kms_1"])
                assert not task.done()
                proxy.cut()
                await task
            await until(lambda: store.leadership is W)
            await store.commit([added("kms_2")])
            assert [node.id for node in await store.load()] == ["kms_1", "kms_2"]


async def test_a_commit_that_never_arrived_is_found_not_to_be_made(case, tasks, server):
    async with cutting_proxy(server.port) as proxy:
        url = server.url(case.database, proxy.port)
        async with open_store(url, tasks=tasks, make_cluster_id=lambda: "c") as store:
            with barrier_before_commit(store) as barrier:
                task = asyncio.create_task(store.commit([added("kms_1")]))
                await barrier.reached.wait()
                proxy.cut()
                barrier.opened.set()
                with pytest.raises(StoreUnavailableError):
                    await task
            await until(lambda: store.leadership is W)
            await store.commit([added("kms_2")])
            assert [node.id for node in await store.load()] == ["kms_2"]


async def test_a_transaction_that_the_database_never_saw_was_not_committed(store):
    assert await store._database.was_committed(2**40) is False


async def test_a_commit_is_on_the_disk_even_where_the_database_is_set_otherwise(case, tasks):
    case.execute(f"ALTER DATABASE {case.database} SET synchronous_commit = off")
    async with case.opened(tasks) as store, store._database.connect() as connection:

        def shown(transaction: Connection) -> object:
            store._database.begin(transaction)
            return transaction.exec_driver_sql("SHOW synchronous_commit").scalar_one()

        assert await connection.run_sync(shown) == "on"


async def test_the_error_of_a_second_server_names_the_first(case, tasks, store):
    with pytest.raises(StoreInUseError, match=r"mediafleet process \d+ on") as raised:
        async with case.opened(tasks, limits=QUICK):
            pytest.fail("it was opened")

    assert SECRET not in str(raised.value)


async def test_two_stores_of_one_server_are_independent(tasks, server, case, store):
    other = PostgresqlCase(server)
    async with other.opened(tasks) as second:
        await second.commit([added("kms_1")])
        assert await store.load() == ()
    server.drop_database(other.database)


async def test_the_migrations_make_the_tables_of_the_code(case, tasks):
    def compare(connection) -> list:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        migrate(connection, "test")
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    # Not within the time of a commit: a migration has the time of an opening.
    async with (
        case.opened(tasks) as store,
        store._database.connect(limit_s=StoreLimits().open) as connection,
    ):
        assert await connection.run_sync(compare) == []


async def test_a_failing_migration_changes_nothing(case, tasks):
    case.execute("CREATE TABLE key_values (something TEXT)")

    with pytest.raises(StoreNotOpenedError, match="already exists"):
        async with case.opened(tasks):
            pytest.fail("it was opened")
    tables = case.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert tables == [("key_values",)]


async def test_a_database_of_a_later_version_is_refused(case, tasks):
    async with case.opened(tasks):
        pass
    case.execute("UPDATE alembic_version SET version_num = 'from_the_future'")

    with pytest.raises(StoreRevisionError):
        async with case.opened(tasks):
            pytest.fail("it was opened")


@pytest.mark.parametrize("wrong", ["password", "database", "port"])
async def test_a_database_that_does_not_open_is_reported_without_the_password(case, tasks, wrong):
    url = {
        "password": case.url.replace("a-p", "canary-p"),
        "database": case.url + "_nothing",
        "port": case.server.url(case.database, port=1),
    }[wrong]
    assert url != case.url

    with pytest.raises(StoreNotOpenedError) as raised:
        async with open_store(url, tasks=tasks, make_cluster_id=str, limits=QUICK):
            pytest.fail("it was opened")

    shown = str(raised.value) + repr(raised.value.__cause__)
    assert "canary" not in shown
    assert SECRET[:5] not in shown
