"""SQLite as a store: one process on the file, every commit on the disk before it is answered."""

from __future__ import annotations

import fcntl
import os
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from typing_extensions import override

from mediafleet.store.errors import StoreInUseError, StoreNotOpenedError
from mediafleet.store.writer import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from mediafleet.store.standing import StoreLimits, Tenure

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_MAX_PID_DIGITS = 20


class SqliteDatabase(Database):
    """A file, or memory when there is none (for tests)."""

    def __init__(self, file: Path | None, limits: StoreLimits) -> None:
        self.name = str(file or "in memory")
        self.engine = _engine(file, limits)

    @override
    def connect(
        self, *, limit_s: float | None = None
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        # Nothing here waits but for locks, which the driver bounds.
        del limit_s
        return self.engine.connect()

    @override
    async def begin(self, connection: AsyncConnection) -> int | None:
        # Taking the write lock here is the only place where SQLite waits for other processes.
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        return None

    @override
    async def was_committed(self, transaction: int | None) -> bool:
        # It is in this process: a COMMIT that failed is rolled back with its connection.
        return False

    @override
    async def watch(self, term: int, tenure: Tenure) -> None:
        # The kernel takes the lock of a living process from nobody.
        await anyio.sleep_forever()


@asynccontextmanager
async def hold_sqlite(url: URL, limits: StoreLimits) -> AsyncIterator[SqliteDatabase]:
    """The file of the address, made if it is missing, and kept from every other process.

    Raises:
        StoreInUseError: Another store, of this process or another, has it.
        StoreNotOpenedError: It cannot be made or opened for writing.
    """
    file = _file_of(url)
    with _held(file) if file else nullcontext():
        database = SqliteDatabase(file, limits)
        try:
            yield database
        finally:
            with anyio.CancelScope(shield=True):
                await database.engine.dispose()


def _file_of(url: URL) -> Path | None:
    if url.database in {None, "", ":memory:"}:
        return None
    # A lock must not depend on the name by which the file is called.
    return Path(str(url.database)).absolute().resolve()


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
        _make(file)
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
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreNotOpenedError(str(file), error.strerror or str(error)) from error


def _engine(file: Path | None, limits: StoreLimits) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{file or ':memory:'}",
        # No transaction begins by itself: readers need none, the writer says BEGIN IMMEDIATE.
        connect_args={"isolation_level": None, "timeout": limits.answer},
        poolclass=AsyncAdaptedQueuePool,
        # A writer and a reader; the only connection to memory is the database itself.
        pool_size=2 if file else 1,
        max_overflow=0,
        pool_timeout=limits.commit,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _configure)
    return engine


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
