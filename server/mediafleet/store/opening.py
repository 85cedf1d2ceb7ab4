"""Opens a store by its address: lock, migrations, a new epoch, the writer."""

from __future__ import annotations

import json
import logging
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import anyio
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from mediafleet.files import write_durably
from mediafleet.store.errors import (
    StoreChangedError,
    StoreNotOpenedError,
    UnsupportedStoreUrlError,
    describe,
)
from mediafleet.store.leadership import Lease, StoreLimits
from mediafleet.store.sql import SqlStore
from mediafleet.store.sqlite import file_of, hold_sqlite
from mediafleet.store.statements import begin_epoch, get_or_set, set_value
from mediafleet.store.tables import stored_revisions, upgrade
from mediafleet.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from anyio.abc import TaskGroup
    from sqlalchemy import URL, Connection

    from mediafleet.store.leadership import LeadershipObserver, Position
    from mediafleet.store.writer import Database


log = logging.getLogger(__name__)

NAME = "store.json"
_MAX_BYTES = 4096


CLUSTER_ID = "cluster_id"
"""The key under which the cluster's id is kept."""
_SQLITE = "sqlite"
_POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+asyncpg"})
_MAX_PORT = 65535
_EXPECTED = (
    "expected sqlite:///file (four slashes before an absolute path) or "
    "postgresql://user:password@host/database"
)


@dataclass(frozen=True, slots=True)
class Marker:
    """The store that was opened last with a data directory.

    Attributes:
        id: Id of the store; empty if the marker's file is damaged.
        epoch: Its epoch then.
    """

    id: str
    epoch: int


def read_marker(path: Path) -> Marker | None:
    """Return the marker; ``None`` if no store was opened with this data directory.

    Raises:
        OSError: It could not be read.
    """
    try:
        with path.open("rb") as file:
            kept = json.loads(file.read(_MAX_BYTES))
        return Marker(str(kept["id"]), int(kept["epoch"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        return Marker("", 0)


def write_marker(path: Path, marker: Marker) -> None:
    """Write the marker; a failure is only logged, as the store itself is open."""
    try:
        write_durably(path, json.dumps(asdict(marker)))
    except OSError as error:
        extra = {"file": str(path), "reason": error.strerror or str(error)}
        log.warning("marker of the store could not be written", extra=extra)


@asynccontextmanager
async def open_store(
    url: str,
    *,
    tasks: TaskGroup,
    make_cluster_id: Callable[[], str],
    cluster_id: str | None = None,
    observer: LeadershipObserver | None = None,
    limits: StoreLimits | None = None,
    marker: Path | None = None,
    accept_changed: bool = False,
    on_commit: Callable[[float], None] = lambda _: None,
) -> AsyncIterator[SqlStore]:
    """Open a store as its only writer; create or migrate it if necessary.

    Args:
        url: ``sqlite:///relative/file``, ``sqlite:////absolute/file``, ``sqlite://`` for memory
            (for tests), or ``postgresql://user:password@host:port/database`` with the options of
            PostgreSQL's own clients, such as ``?sslmode=verify-full``.
        tasks: Group for the background tasks. They end when the store is closed, even if the group
            is cancelled earlier: close the store before the group.
        make_cluster_id: Called once in the life of a store; returns 1–1024 characters.
        cluster_id: The configured id; it replaces the stored one.
        observer: Called when this server may not write any more, and when it may again.
        limits: Timeouts.
        marker: File with the id of the last store; not used if ``None``, or for memory.
        accept_changed: Accept an empty store or one with another id, and rename a damaged file.
        on_commit: Called with the seconds that each change took, its wait included.

    Raises:
        StoreStartError: The store cannot be used; the message has the reason and the remedy.
    """
    limits = limits or StoreLimits()
    lease = Lease(observer)
    parsed = _parse(url)
    is_kept = parsed.drivername in _POSTGRESQL or file_of(parsed) is not None
    expected = _Expected(marker if is_kept else None, accept_changed=accept_changed)
    async with _held(parsed, limits, expected) as database:
        with _errors_at_start(database.name):
            async with database.connect(limit_s=limits.open) as opened:

                def prepare(connection: Connection) -> tuple[Position, str]:
                    database.begin(connection)
                    if not stored_revisions(connection):
                        expected.require_none(database.name)
                    upgrade(connection, database.name)
                    position = begin_epoch(connection)
                    expected.compare(database.name, position)
                    known_id = (
                        set_value(connection, CLUSTER_ID, cluster_id)
                        if cluster_id
                        else get_or_set(connection, CLUSTER_ID, make_cluster_id)
                    )
                    connection.commit()
                    database.note_written()
                    return position, known_id

                position, known_id = await opened.run_sync(prepare)
        await anyio.to_thread.run_sync(expected.remember, position)
        writer = Writer(database, lease, limits, position, on_commit)
        async with (
            _beside(tasks, "store watch", partial(database.watch, position, lease)),
            _writing(tasks, writer),
            _beside(tasks, "store writer watch", writer.watch),
        ):
            yield SqlStore(database, writer, lease, cluster_id=known_id, limits=limits)


class _Expected:
    """Compares the store with the marker in the data directory."""

    def __init__(self, path: Path | None, *, accept_changed: bool) -> None:
        self._path = path
        self.accept_changed = accept_changed
        self.marker = None
        if path is not None:
            try:
                self.marker = read_marker(path)
            except OSError as error:
                raise StoreNotOpenedError(str(path), error.strerror or str(error)) from error

    def require_none(self, name: str) -> None:
        """Refuse to create a store if there was one."""
        if self.marker is not None:
            self._object(name, "is missing or empty")

    def compare(self, name: str, position: Position) -> None:
        if self.marker is None or not self.marker.id:
            return
        if self.marker.id != position.store_id:
            self._object(name, "is another one")
        elif self.marker.epoch >= position.epoch:
            log.warning(
                "the store is older than when it was last used; later changes are missing",
                extra={"store": name, "opened": position.epoch, "remembered": self.marker.epoch},
            )

    def remember(self, position: Position) -> None:
        if self._path is not None:
            write_marker(self._path, Marker(position.store_id, position.epoch))

    def _object(self, name: str, what: str) -> None:
        if not self.accept_changed:
            raise StoreChangedError(name, what, str(self._path))
        log.warning("changed store is accepted", extra={"store": name, "it": what})


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Not chained: these errors repeat parts of the URL.
        raise UnsupportedStoreUrlError(_EXPECTED) from None
    if url.drivername in _POSTGRESQL and (url.port is None or 1 <= url.port <= _MAX_PORT):
        return url
    if url.drivername != _SQLITE:
        raise UnsupportedStoreUrlError(_EXPECTED)
    if url.query or url.host or url.username or url.password:
        raise UnsupportedStoreUrlError("sqlite:// takes a file and nothing else")
    return url


@asynccontextmanager
async def _held(url: URL, limits: StoreLimits, expected: _Expected) -> AsyncIterator[Database]:
    if url.drivername == _SQLITE:
        held = hold_sqlite(
            url, limits, before_new=expected.require_none, accept_damaged=expected.accept_changed
        )
        async with AsyncExitStack() as stack:
            with _errors_at_start(str(file_of(url) or "in memory")):
                database: Database = await stack.enter_async_context(held)
            yield database
        return
    try:
        module = import_module("mediafleet.store.postgresql")
    except ModuleNotFoundError:
        raise UnsupportedStoreUrlError(
            "for PostgreSQL install mediafleet with its extra: pip install 'mediafleet[postgresql]'"
        ) from None
    async with AsyncExitStack() as stack:
        with _errors_at_start(f"postgresql://{url.host or 'localhost'}/{url.database or ''}"):
            database = await stack.enter_async_context(module.hold_postgresql(url, limits))
        yield database


@contextmanager
def _errors_at_start(name: str) -> Iterator[None]:
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
