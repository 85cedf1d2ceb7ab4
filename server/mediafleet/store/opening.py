"""Opens a store by its address: lock, migrations, a new term, the cluster's id, the writer."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from mediafleet.store.errors import StoreNotOpenedError, UnsupportedStoreUrlError, describe
from mediafleet.store.migration import upgrade
from mediafleet.store.sql import SqlStore
from mediafleet.store.sqlite import SqliteDatabase, file_of, hold_file
from mediafleet.store.standing import StoreLimits, Tenure
from mediafleet.store.statements import begin_term, keep_fact, remember_fact
from mediafleet.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import TaskGroup
    from sqlalchemy import URL

    from mediafleet.store.standing import StandingObserver
    from mediafleet.store.writer import Database

CLUSTER_ID = "cluster_id"
"""The key under which the cluster's id is kept."""


@asynccontextmanager
async def open_store(
    url: str,
    *,
    tasks: TaskGroup,
    make_cluster_id: Callable[[], str],
    cluster_id: str | None = None,
    observer: StandingObserver | None = None,
    limits: StoreLimits | None = None,
) -> AsyncIterator[SqlStore]:
    """Open a store as its only writer, made and brought to this version's tables if need be.

    Args:
        url: ``sqlite:///relative/file``, ``sqlite:////absolute/file``, or ``sqlite://`` for
            memory, which is for tests.
        tasks: Carries the writer, which ends when the store is closed and not before, even if
            the group is cancelled: leave the store before the group.
        make_cluster_id: Asked once in the life of a store, 1–1024 characters.
        cluster_id: The configured id; it wins over the kept one and is kept.
        observer: Is told when this server may not write any more, and when it may again.
        limits: Bounds of time.

    Raises:
        StoreStartError: The store cannot be used; says why and what helps.
    """
    limits = limits or StoreLimits()
    tenure = Tenure(observer)
    async with _database(_parse(url), limits) as (database, name):
        try:
            async with database.connect() as connection:
                await database.begin(connection)
                await connection.run_sync(upgrade, name)
                term = await begin_term(connection)
                known_id = (
                    await keep_fact(connection, CLUSTER_ID, cluster_id)
                    if cluster_id
                    else await remember_fact(connection, CLUSTER_ID, make_cluster_id)
                )
                await connection.commit()
        except (SQLAlchemyError, OSError) as error:
            raise StoreNotOpenedError(name, describe(error)) from error
        writer = Writer(database, tenure, limits)
        tasks.start_soon(writer.run, name="store writer")
        try:
            yield SqlStore(database, writer, tenure, cluster_id=known_id, term=term, limits=limits)
        finally:
            await writer.close()


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise UnsupportedStoreUrlError(
            "expected sqlite:///file, with four slashes before an absolute path"
        ) from None
    if url.drivername not in {"sqlite", "sqlite+aiosqlite"}:
        raise UnsupportedStoreUrlError("the databases known are: sqlite")
    if url.query or url.host or url.username or url.password:
        raise UnsupportedStoreUrlError("sqlite:// takes a file and nothing else")
    return url


@asynccontextmanager
async def _database(url: URL, limits: StoreLimits) -> AsyncIterator[tuple[Database, str]]:
    file = file_of(url)
    if file is None:
        database = SqliteDatabase(None, limits)
        try:
            yield database, "in memory"
        finally:
            await database.engine.dispose()
        return
    with hold_file(file):
        database = SqliteDatabase(file, limits)
        try:
            yield database, str(file)
        finally:
            await database.engine.dispose()
