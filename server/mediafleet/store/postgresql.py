"""PostgreSQL as a store: one server on the database, which an advisory lock makes sure of.

The lock belongs to a connection of its own. If that connection breaks, another server may take the
lock: commits fail at once. They work again when this server has the lock again, if the epoch shows
that no other server opened the store in between.

If the database does not respond, the connection is closed. The driver would send a cancel request
to the same server instead, and wait for it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import anyio
import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from typing_extensions import override

from mediafleet.store.errors import StoreInUseError, UnsupportedStoreUrlError, describe
from mediafleet.store.leadership import Leadership
from mediafleet.store.statements import STORE_ID
from mediafleet.store.writer import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy import URL, Connection, ExceptionContext
    from sqlalchemy.ext.asyncio import AsyncConnection

    from mediafleet.store.leadership import Lease, Position, StoreLimits

LOCK = (0x6D666C74, 1)
"""The advisory lock's two numbers; there is one store in a database."""

_RETRY_S = 0.25
_MAX_NAME = 63
_TRANSACTION_UNKNOWN = "22023"
# InternalClientError is raised for a statement during a shutdown of the server.
_DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

_TRY_LOCK = "SELECT pg_try_advisory_lock($1, $2)"
_HOLDER = """
    SELECT coalesce(nullif(application_name, ''), 'session ' || pid)
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND (classid, objid, objsubid) = ($1::bigint, $2::bigint, 2)
      AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_STORE_ID = f"SELECT value FROM key_values WHERE key = '{STORE_ID}'"  # noqa: S608 - a constant
_ANOTHER = "the database holds another store than the one that this server opened"
# A database may be set to answer before a commit is on its disk; ours is not.
_BEGIN = """
    SELECT txid_current(),
      CASE WHEN current_setting('synchronous_commit') = 'off'
           THEN set_config('synchronous_commit', 'on', true) END
"""


class PostgresqlDatabase(Database):
    """One database of a server; made by :func:`hold_postgresql`."""

    def __init__(self, url: URL, limits: StoreLimits) -> None:
        self.name = f"postgresql://{url.host or 'localhost'}/{url.database or ''}"
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._limits = limits
        self._dialled: WeakSet[Any] = WeakSet()
        self._lock: Any = None
        # A writer and a reader.
        self.engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._dial,
            pool_size=2,
            max_overflow=0,
            pool_timeout=limits.commit,
            hide_parameters=True,
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        event.listen(self.engine.sync_engine, "handle_error", _mark_as_disconnect)

    @override
    @asynccontextmanager
    async def connect(self, *, limit_s: float | None = None) -> AsyncIterator[AsyncConnection]:
        with ExitStack() as fuse:
            async with self.engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                fuse.enter_context(_cut_after(driver, limit_s or self._limits.commit))
                yield connection

    @override
    def begin(self, connection: Connection) -> int | None:
        return int(connection.exec_driver_sql(_BEGIN).scalar_one())

    @override
    async def was_committed(self, transaction: int | None) -> bool:
        while True:
            try:
                async with self.connect() as connection:
                    answer = await connection.exec_driver_sql(
                        "SELECT txid_status($1)", (transaction,)
                    )
                    status = answer.scalar_one()
                if status != "in progress":
                    return bool(status == "committed")
            except DBAPIError as error:
                if getattr(error.orig, "pgcode", None) == _TRANSACTION_UNKNOWN:
                    return False
            except (SQLAlchemyError, OSError):
                pass
            await anyio.sleep(_RETRY_S)

    @override
    def require_unchanged(self) -> None:
        """Nothing to do: every transaction checks it, see `claim`."""

    @override
    def note_written(self) -> None:
        """Nothing to do."""

    @override
    async def watch(self, position: Position, lease: Lease) -> None:
        while True:
            why = await self._until_the_lock_is_lost(position)
            lease.become(Leadership.SUSPENDED, why=why)
            if not await self._regain(position, lease):
                lease.become(Leadership.LOST, why="another server has opened the store")
                return
            lease.become(Leadership.LEADER, why="the lock was taken again")

    async def take_lock(self) -> None:
        """Take the lock; wait a moment for a server that is about to end.

        Raises:
            StoreInUseError: Another server keeps it.
            OSError: The database does not answer.
        """
        self._lock = await self._dial()
        try:
            for _ in range(max(1, round(self._limits.takeover / _RETRY_S))):
                if await self._ask(_TRY_LOCK, *LOCK):
                    return
                await anyio.sleep(_RETRY_S)
            holder = await self._ask(_HOLDER, *LOCK)
        except _DRIVER_ERRORS as error:
            raise ConnectionError(describe(error)) from error
        raise StoreInUseError(self.name, holder)

    async def close(self) -> None:
        """End all connections, and with them the lock."""
        with ExitStack() as fuses:
            for connection in list(self._dialled):
                fuses.enter_context(_cut_after(connection, self._limits.answer))
            await self.engine.dispose()
            if self._lock is not None:
                with suppress(*_DRIVER_ERRORS, OSError):
                    await self._lock.close()

    async def _dial(self) -> Any:  # noqa: ANN401  # the driver has no types
        milliseconds = round(self._limits.answer * 1000)
        name = f"mediafleet process {os.getpid()} on {socket.gethostname()}"
        try:
            connection = await asyncpg.connect(
                self._dsn,
                timeout=self._limits.commit,
                server_settings={
                    "application_name": name[:_MAX_NAME],
                    "lock_timeout": str(milliseconds),
                    # Connections of a server that hangs or is gone must not keep locks for long.
                    "idle_in_transaction_session_timeout": str(round(self._limits.open * 1000)),
                    "tcp_keepalives_idle": "5",
                    "tcp_keepalives_interval": "5",
                    "tcp_keepalives_count": "3",
                },
            )
        except ValueError:
            # Not chained: the driver's message may repeat parts of the URL.
            raise UnsupportedStoreUrlError("expected postgresql://user:password@host/db") from None
        except _DRIVER_ERRORS as error:
            raise ConnectionError(describe(error)) from error
        self._dialled.add(connection)
        return connection

    async def _ask(self, query: str, *values: object) -> Any:  # noqa: ANN401  # one value of SQL
        with anyio.CancelScope(shield=True), _cut_after(self._lock, self._limits.answer):
            return await self._lock.fetchval(query, *values)

    async def _until_the_lock_is_lost(self, position: Position) -> str:
        ended = anyio.Event()
        self._lock.add_termination_listener(lambda _: ended.set())
        while not self._lock.is_closed():
            with anyio.move_on_after(self._limits.heartbeat):
                await ended.wait()
                break
            try:
                if await self._ask(_STORE_ID) != position.store_id:
                    self._lock.terminate()
                    return _ANOTHER
            except (*_DRIVER_ERRORS, OSError) as error:
                self._lock.terminate()
                return describe(error)
        return "the database closed the connection"

    async def _regain(self, position: Position, lease: Lease) -> bool:
        while True:
            await anyio.sleep(_RETRY_S)
            try:
                self._lock = await self._dial()
                while True:
                    is_held = await self._ask(_TRY_LOCK, *LOCK)
                    # With the lock held, the epoch cannot change any more.
                    if await self._ask(_STORE_ID) != position.store_id:
                        raise ConnectionError(_ANOTHER)
                    if await self._ask("SELECT epoch FROM journal") != position.epoch:
                        return False
                    if is_held:
                        return True
                    await anyio.sleep(_RETRY_S)
            except (*_DRIVER_ERRORS, OSError) as error:
                self._lock.terminate()
                lease.become(Leadership.SUSPENDED, why=describe(error))


@asynccontextmanager
async def hold_postgresql(url: URL, limits: StoreLimits) -> AsyncIterator[PostgresqlDatabase]:
    """The database, kept from every other server.

    Raises:
        StoreInUseError: Another server has it.
        UnsupportedStoreUrlError: The driver cannot read the address.
        OSError: The database does not answer.
    """
    database = PostgresqlDatabase(url, limits)
    try:
        await database.take_lock()
        yield database
    finally:
        with anyio.CancelScope(shield=True):
            await database.close()


@contextmanager
def _cut_after(connection: Any, seconds: float) -> Iterator[None]:  # noqa: ANN401  # no types
    timer = asyncio.get_running_loop().call_later(seconds, connection.terminate)
    try:
        yield
    finally:
        timer.cancel()


def _refuse_closed(connection: Any, record: object, proxy: object) -> None:  # noqa: ANN401
    del record, proxy
    if connection.driver_connection.is_closed():
        # The pool then makes a new one.
        raise DisconnectionError


def _mark_as_disconnect(context: ExceptionContext) -> Exception | None:
    # The one error of the driver that SQLAlchemy does not know as such.
    if not isinstance(context.original_exception, asyncpg.InternalClientError):
        return None
    context.is_disconnect = True
    return ConnectionError(describe(context.original_exception))
