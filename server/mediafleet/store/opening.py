"""Opens a store by its address: lock, migrations, a new term, the cluster's id, the writer."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import anyio
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from mediafleet.store.errors import StoreNotOpenedError, UnsupportedStoreUrlError, describe
from mediafleet.store.migration import upgrade
from mediafleet.store.sql import SqlStore
from mediafleet.store.sqlite import hold_sqlite
from mediafleet.store.standing import StoreLimits, Tenure
from mediafleet.store.statements import begin_term, claim, keep_fact, remember_fact
from mediafleet.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from anyio.abc import TaskGroup
    from sqlalchemy import URL

    from mediafleet.store.standing import StandingObserver
    from mediafleet.store.writer import Database

CLUSTER_ID = "cluster_id"
"""The key under which the cluster's id is kept."""

_SQLITE = frozenset({"sqlite", "sqlite+aiosqlite"})
_POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+asyncpg"})
_MAX_PORT = 65535
_EXPECTED = (
    "expected sqlite:///file (four slashes before an absolute path) or "
    "postgresql://user:password@host/database"
)


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
        url: ``sqlite:///relative/file``, ``sqlite:////absolute/file``, ``sqlite://`` for memory
            (for tests), or ``postgresql://user:password@host:port/database`` with the options of
            PostgreSQL's own clients, such as ``?sslmode=verify-full``.
        tasks: Carries what runs beside, which ends when the store is closed and not before, even if
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
    async with _held(_parse(url), limits) as database:
        with _told_as_start_error(database.name):
            async with database.connect(limit_s=limits.open) as connection:
                await database.begin(connection)
                await connection.run_sync(upgrade, database.name)
                term = await begin_term(connection)
                known_id = (
                    await keep_fact(connection, CLUSTER_ID, cluster_id)
                    if cluster_id
                    else await remember_fact(connection, CLUSTER_ID, make_cluster_id)
                )
                await connection.commit()
        writer = Writer(database, tenure, limits)
        async with (
            _beside(tasks, "store watch", partial(database.watch, term, tenure)),
            _writing(tasks, writer),
            _beside(
                tasks, "store retry", partial(writer.retry, partial(claim, term=term, count=0))
            ),
        ):
            yield SqlStore(database, writer, tenure, cluster_id=known_id, term=term, limits=limits)


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Never chained: these errors repeat parts of the address.
        raise UnsupportedStoreUrlError(_EXPECTED) from None
    if url.drivername in _POSTGRESQL and (url.port is None or 1 <= url.port <= _MAX_PORT):
        return url
    if url.drivername not in _SQLITE:
        raise UnsupportedStoreUrlError(_EXPECTED)
    if url.query or url.host or url.username or url.password:
        raise UnsupportedStoreUrlError("sqlite:// takes a file and nothing else")
    return url


@asynccontextmanager
async def _held(url: URL, limits: StoreLimits) -> AsyncIterator[Database]:
    if url.drivername in _SQLITE:
        async with hold_sqlite(url, limits) as database:
            yield database
        return
    try:
        module = import_module("mediafleet.store.postgresql")
    except ModuleNotFoundError:
        raise UnsupportedStoreUrlError(
            "for PostgreSQL install mediafleet with its extra: pip install 'mediafleet[postgresql]'"
        ) from None
    async with AsyncExitStack() as stack:
        with _told_as_start_error(f"postgresql://{url.host or 'localhost'}/{url.database or ''}"):
            database = await stack.enter_async_context(module.hold_postgresql(url, limits))
        yield database


@contextmanager
def _told_as_start_error(name: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StoreNotOpenedError(name, describe(error)) from error


@asynccontextmanager
async def _writing(tasks: TaskGroup, writer: Writer) -> AsyncIterator[None]:
    tasks.start_soon(writer.run, name="store writer")
    try:
        yield
    finally:
        await writer.close()


@asynccontextmanager
async def _beside(
    tasks: TaskGroup, name: str, work: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    scope, ended = anyio.CancelScope(shield=True), anyio.Event()

    async def run() -> None:
        try:
            with scope:
                await work()
        finally:
            ended.set()

    tasks.start_soon(run, name=name)
    try:
        yield
    finally:
        scope.cancel()
        with anyio.CancelScope(shield=True):
            await ended.wait()
