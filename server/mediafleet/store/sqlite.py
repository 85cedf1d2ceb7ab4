"""SQLite as a store: one process on the file, every commit on the disk before it is answered."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
from contextlib import (
    AsyncExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
    nullcontext,
    suppress,
)
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from sqlalchemy import QueuePool, create_engine, event
from typing_extensions import override

from mediafleet.files import sync_folder
from mediafleet.store.errors import (
    StoreDamagedError,
    StoreInUseError,
    StoreNotOpenedError,
    StoreReplacedError,
    describe,
)
from mediafleet.store.writer import Database, DatabaseConnection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from sqlalchemy import URL, Connection, Engine

    from mediafleet.store.leadership import Lease, Position, StoreLimits

log = logging.getLogger(__name__)

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_MAX_PID_DIGITS = 20
_CONNECTIONS = 3
"""A writer, a reader, and one that stays open."""

T = TypeVar("T")


class _Connection(DatabaseConnection):
    """Runs statements in a thread, since SQLite blocks.

    A transaction is one trip to a thread, whatever its number of statements. A thread cannot be
    interrupted: one that hangs in the file system is left alone when the caller is cancelled, and
    gives the connection back when it ends.
    """

    def __init__(self, connection: Connection, threads: anyio.CapacityLimiter) -> None:
        self._connection = connection
        self._threads = threads
        self._lock = threading.Lock()
        self._is_working = False
        self._closed = threading.Event()

    @override
    async def run_sync(self, work: Callable[[Connection], T]) -> T:
        return await anyio.to_thread.run_sync(
            self._run, work, limiter=self._threads, abandon_on_cancel=True
        )

    def _run(self, work: Callable[[Connection], T]) -> T:
        with self._lock:
            if self._closed.is_set():
                raise OSError("the connection is closed")
            self._is_working = True
        try:
            return work(self._connection)
        finally:
            with self._lock:
                self._is_working = False
                is_left_alone = self._closed.is_set()
            if is_left_alone:
                self._connection.close()

    async def close(self) -> None:
        """Give the connection back; what it has not committed is rolled back."""
        with self._lock:
            if self._is_working:
                self._closed.set()
                return
        if self._connection.in_transaction():
            with anyio.CancelScope(shield=True):
                await self.run_sync(type(self._connection).rollback)
        self._closed.set()
        self._connection.close()


class SqliteDatabase(Database):
    """A file, or memory when there is none (for tests)."""

    def __init__(self, file: Path | None, limits: StoreLimits) -> None:
        self.name = str(file or "in memory")
        self.engine = _engine(file, limits)
        self._files = _Files(file) if file else None
        self._threads = anyio.CapacityLimiter(_CONNECTIONS)

    @override
    @asynccontextmanager
    async def connect(self, *, limit_s: float | None = None) -> AsyncIterator[DatabaseConnection]:
        # Nothing here waits but for locks, which the driver bounds.
        del limit_s
        connection = _Connection(await self._check_out(), self._threads)
        try:
            yield connection
        finally:
            await connection.close()

    async def _check_out(self) -> Connection:
        pool = self.engine.pool
        if isinstance(pool, QueuePool) and pool.checkedin():
            return self.engine.connect()  # without I/O
        return await anyio.to_thread.run_sync(self.engine.connect, limiter=self._threads)

    @override
    def begin(self, connection: Connection) -> int | None:
        # Taking the write lock here is the only place where SQLite waits for other processes.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return None

    @override
    async def was_committed(self, transaction: int | None) -> bool:
        # It is in this process: a COMMIT that failed is rolled back with its connection.
        return False

    @override
    def require_unchanged(self) -> None:
        if self._files is not None and (problem := self._files.problem()) is not None:
            raise StoreReplacedError(problem)

    @override
    def note_written(self) -> None:
        if self._files is not None:
            self._files.note_written()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold the files; a connection stays, so that SQLite makes none of them anew meanwhile."""
        stack = AsyncExitStack()
        try:
            if self._files is not None:
                # Given up last: to close any descriptor of a file drops SQLite's locks on it.
                stack.enter_context(self._files)
            stack.push_async_callback(self._close)
            if self._files is not None:
                connection = await stack.enter_async_context(self.connect())
                await connection.run_sync(_read_something)
            yield
        finally:
            with anyio.CancelScope(shield=True):
                await stack.aclose()

    async def _close(self) -> None:
        await anyio.to_thread.run_sync(self.engine.dispose)

    @override
    async def watch(self, position: Position, lease: Lease) -> None:
        # A process keeps its lock as long as it lives.
        await anyio.sleep_forever()


class _Files:
    """The database and the log beside it, held open so that no other file can be taken for them.

    Only this process writes to them. So the database file changes only by its checkpoints, and the
    log never gets shorter while a connection is open.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = file.with_name(f"{file.name}-wal")
        self._held: dict[Path, int] = {}
        self._written: dict[Path, os.stat_result] = {}

    def __enter__(self) -> None:
        self._held[self._file] = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)

    def __exit__(self, *_: object) -> None:
        while self._held:
            os.close(self._held.popitem()[1])

    def note_written(self) -> None:
        """Record the files' state after a commit of this process."""
        with suppress(OSError):  # it is gone, which is found before the next change
            if self._log not in self._held:
                self._held[self._log] = os.open(self._log, os.O_RDONLY | os.O_CLOEXEC)
            self._written = {path: os.fstat(held) for path, held in self._held.items()}

    def problem(self) -> str | None:
        """Return why a commit would be lost; ``None`` if it would not."""
        for path, written in self._written.items():
            try:
                named = path.stat()
            except FileNotFoundError:
                return f"its file {path} was removed"
            except OSError as error:
                return f"its file {path} cannot be read: {error.strerror}"
            if not os.path.samestat(named, written):
                return f"its file {path} was replaced by another one"
            if named.st_size < written.st_size:
                return f"its file {path} was cut off"
            if path == self._file and named.st_mtime_ns != written.st_mtime_ns:
                return f"its file {path} was written to by another program"
        return None


@asynccontextmanager
async def hold_sqlite(
    url: URL,
    limits: StoreLimits,
    *,
    before_new: Callable[[str], None],
    accept_damaged: bool,
) -> AsyncIterator[SqliteDatabase]:
    """Open and lock the file of a URL; create it if it is missing.

    Args:
        url: Its address.
        limits: Bounds of time.
        before_new: Called with its name before an empty one is begun; may refuse that.
        accept_damaged: Put a damaged file aside, and begin an empty one.

    Raises:
        StoreInUseError: Another store, of this process or another, has it.
        StoreNotOpenedError: It cannot be made or opened for writing, or is damaged.
    """
    file = file_of(url)
    with _held(file) if file else nullcontext():
        if file:
            await anyio.to_thread.run_sync(
                partial(_prepare, file, before_new, accept_damaged=accept_damaged)
            )
        database = SqliteDatabase(file, limits)
        async with database.opened():
            yield database


def file_of(url: URL) -> Path | None:
    """The file that an address names; ``None`` for one in memory."""
    if url.database in {None, "", ":memory:"}:
        return None
    # A lock must not depend on the name by which the file is called.
    return Path(str(url.database)).absolute().resolve()


def _prepare(file: Path, before_new: Callable[[str], None], *, accept_damaged: bool) -> None:
    try:
        is_empty = not file.exists() or file.stat().st_size == 0
    except OSError as error:
        raise StoreNotOpenedError(str(file), error.strerror or str(error)) from error
    if is_empty:
        before_new(str(file))
    elif (damage := _damage_of(file)) is not None:
        if not accept_damaged:
            raise StoreDamagedError(str(file), damage)
        _rename_damaged(file)
    _make(file)


def _damage_of(file: Path) -> str | None:
    """Return what SQLite finds wrong with a file; ``None`` if nothing, or if it is not known."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            return None if found == "ok" else describe(ValueError(found))
    except sqlite3.OperationalError:
        return None  # opening the file reports it
    except sqlite3.DatabaseError as error:
        return describe(error)


def _rename_damaged(file: Path) -> None:
    moment = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = f"{file.name}.damaged-{moment}"
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            file.with_name(f"{file.name}{ending}").replace(file.with_name(f"{aside}{ending}"))
    log.warning("damaged store is renamed", extra={"store": str(file), "as": aside})


@contextmanager
def _held(file: Path) -> Iterator[None]:
    # The lock is on a file of its own: the kernel frees it however this process ends, and SQLite's
    # locks on the database itself are not disturbed.
    try:
        file.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        lock = _open(file.with_name(f"{file.name}.lock"))
    except OSError as error:
        raise StoreNotOpenedError(str(file), error.strerror or str(error)) from error
    try:
        _lock(lock, file)
        yield
    finally:
        os.close(lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _FILE_MODE)


def _lock(lock: int, file: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(lock, _MAX_PID_DIGITS, 0).strip()
        holder = f"process {int(pid)}" if pid.isdigit() else None
        raise StoreInUseError(str(file), holder) from None
    except OSError as error:
        raise StoreNotOpenedError(str(file), f"it cannot be locked: {error.strerror}") from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


def _make(file: Path) -> None:
    # SQLite gives the files it makes beside this one the same mode.
    try:
        os.close(_open(file))
        sync_folder(file.parent)
    except OSError as error:
        raise StoreNotOpenedError(str(file), error.strerror or str(error)) from error


def _engine(file: Path | None, limits: StoreLimits) -> Engine:
    engine = create_engine(
        f"sqlite:///{file or ':memory:'}",
        connect_args={
            # No transaction begins by itself: readers need none, the writer says BEGIN IMMEDIATE.
            "isolation_level": None,
            "timeout": limits.answer,
            # One thread after the other uses a connection, never two at a time.
            "check_same_thread": False,
        },
        poolclass=QueuePool,
        # The only connection to memory is the database itself.
        pool_size=_CONNECTIONS if file else 1,
        max_overflow=0,
        pool_timeout=limits.commit,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _configure)
    return engine


def _read_something(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")


def _configure(connection: Any, record: object) -> None:  # noqa: ANN401  # the driver's own
    del record
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    mode = cursor.fetchone()[0]
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
    if mode not in {"wal", "memory"}:
        raise OSError(f"its file system does not allow write-ahead logging (mode {mode})")
