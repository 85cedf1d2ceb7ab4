"""The single writer: one transaction after the other, each with a certain outcome.

A change has two parts. Until its COMMIT is sent it can be given up at any moment, and it then
certainly was not made: the caller gives it up at its timeout or when its task is
cancelled. The writer *seals* a change just before COMMIT, with nothing awaited in between. A sealed
change is waited for until its outcome is known, however long that takes, because an answer before
that would be a guess: the databases bound this time as well as they can.

With SQLite all statements and the COMMIT are one trip to a thread: a change is sealed in a thread,
and given up on the event loop.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

import anyio
from anyio.lowlevel import checkpoint_if_cancelled
from sqlalchemy.exc import SQLAlchemyError

from mediafleet.domain.errors import MediafleetError, StoreUnavailableError
from mediafleet.jobs import Job
from mediafleet.store.errors import SupersededError, UncertainCommitError, translated
from mediafleet.store.leadership import Leadership
from mediafleet.store.statements import append_steps, claim, numbered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import Connection

    from mediafleet.domain.events import StoredEvent
    from mediafleet.store.leadership import Lease, Position, StoreLimits
    from mediafleet.store.statements import Step

log = logging.getLogger(__name__)

MAX_WAITING = 1024
"""Changes in the queue; more are refused at once."""

T = TypeVar("T")


class DatabaseConnection(Protocol):
    """A connection; SQLAlchemy's ``AsyncConnection`` is one."""

    async def run_sync(self, work: Callable[[Connection], T]) -> T:
        """Run statements without blocking the event loop; a cancellation waits for their end."""


class Database(Protocol):
    """A database that only this server uses.

    Attributes:
        name: For people; holds no secrets.
    """

    name: str

    def connect(
        self, *, limit_s: float | None = None
    ) -> AbstractAsyncContextManager[DatabaseConnection]:
        """Open a connection; uncommitted changes are rolled back at its end.

        Args:
            limit_s: Seconds that it may be needed for; the limit of a commit if not given.
        """

    def begin(self, connection: Connection) -> int | None:
        """Begin a transaction that writes; return its id for :meth:`was_committed`."""

    async def was_committed(self, transaction: int | None) -> bool:
        """Return whether a transaction whose COMMIT failed was committed; waits until known."""

    def require_unchanged(self) -> None:
        """Check, off the event loop, that the next start would find what is written now.

        Raises:
            StoreReplacedError: It would not.
        """

    def note_written(self) -> None:
        """Record, off the event loop, the state of the database after a commit of this server."""

    async def watch(self, position: Position, lease: Lease) -> None:
        """See to it that the leadership is right while the store is open; ends when cancelled."""


Work: TypeAlias = Callable[["Connection"], T]
"""Statements of one change, run inside its transaction."""


def _nothing(_: Connection) -> None:
    """Make a change without statements of its own."""


class _Job(Job[T], Generic[T]):
    """A queued change.

    Attributes:
        transaction: What :meth:`Database.begin` returned.
        result: Of the work, once the change is sealed.
    """

    def __init__(self, work: Work[T], steps: Sequence[Step]) -> None:
        super().__init__()
        self.work = work
        self.steps = steps
        self.events: tuple[StoredEvent, ...] = ()
        self.transaction: int | None = None
        self.result: T

    def end(self) -> None:
        """Give up, if it has no outcome; raise at the caller what is known of it."""
        if not self.outcome.done() and not self.is_given_up:
            closed = StoreUnavailableError("closed")
            self.outcome.set_exception(closed if self.give_up() else UncertainCommitError())


class Writer:
    """Commits changes in the order of their calls.

    Args:
        database: Held by this server.
        lease: Whether this server may write.
        limits: Timeouts.
        position: Position of the store at its opening.
        on_commit: Called with the seconds that a change took, its wait included.

    Attributes:
        refused: How many changes were not made since the start.
        problem: Why the last change was refused; ``None`` once another one was taken.
    """

    def __init__(
        self,
        database: Database,
        lease: Lease,
        limits: StoreLimits,
        position: Position,
        on_commit: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._lease = lease
        self._limits = limits
        self._position = position
        self._on_commit = on_commit
        self._send, self._receive = anyio.create_memory_object_stream[_Job[object]](MAX_WAITING)
        self._scope = anyio.CancelScope(shield=True)
        self._ended = anyio.Event()
        self.problem: str | None = None
        self.refused = 0
        self._last_taken = anyio.current_time()

    @property
    def last_sequence(self) -> int:
        """Sequence number of the newest event."""
        return self._position.last_sequence

    async def append(self, steps: Sequence[Step]) -> tuple[StoredEvent, ...]:
        """Save nodes and parts of calls and append events in one transaction; return the events.

        Raises:
            StaleMediaNodeError: A stored node is not one version behind; nothing was changed.
            StoreUnavailableError: As in :meth:`write`.
            UncertainCommitError: As in :meth:`write`.
        """
        job = _Job(_nothing, steps)
        await self._do(job)
        return job.events

    async def write(self, work: Work[T]) -> T:
        """Run statements in a transaction of their own and commit it.

        A caller that is cancelled meanwhile gets its cancellation as :meth:`Job.wait` says.

        Raises:
            StoreUnavailableError: The change was not made.
            UncertainCommitError: The store was closed while the database did not respond.
        """
        return await self._do(_Job(work, ()))

    async def _do(self, job: _Job[T]) -> T:
        await checkpoint_if_cancelled()
        begun = time.perf_counter()
        try:
            self._send.send_nowait(job)  # type: ignore[arg-type]  # jobs of all results, one queue
        except anyio.WouldBlock:
            raise StoreUnavailableError(f"{MAX_WAITING} changes are waiting") from None
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            raise StoreUnavailableError("the store is closed") from None
        try:
            result = await self._result(job)
        except StoreUnavailableError as error:
            self.refused += 1
            self._note_refusal(error)
            raise
        self._on_commit(time.perf_counter() - begun)
        return result

    async def _result(self, job: _Job[T]) -> T:
        limit_s = self._limits.commit
        try:
            return await job.wait(limit_s)
        except TimeoutError:
            raise StoreUnavailableError(f"not taken within {limit_s:g} s") from None

    async def watch(self) -> None:
        """Check the store between commits; never returns.

        After a failure, and without commits for a while, empty commits are made: callers may wait
        for the store to recover before they send the next change.
        """
        while True:
            await anyio.sleep(self._limits.heartbeat)
            is_quiet = anyio.current_time() - self._last_taken >= self._limits.check
            if self.problem is not None or is_quiet:
                with suppress(MediafleetError):
                    await self.write(_nothing)
                continue
            try:
                await anyio.to_thread.run_sync(self._database.require_unchanged)
            except StoreUnavailableError as error:
                self._note_refusal(error)

    async def run(self) -> None:
        """Serve the queue until :meth:`close`; a cancelled task group does not interrupt it."""
        try:
            with self._scope, self._receive:
                async for job in self._receive:
                    await self._serve(job)
        finally:
            self._ended.set()
            self._receive.close()

    async def close(self) -> None:
        """Refuse new changes and finish the queued ones, within the timeout."""
        self._send.close()
        with anyio.move_on_after(self._limits.close, shield=True) as limit:
            await self._ended.wait()
        if limit.cancelled_caught:
            log.error("store closed over an unfinished change")
            self._scope.cancel()
            with anyio.CancelScope(shield=True):
                await self._ended.wait()

    async def _serve(self, job: _Job[T]) -> None:
        try:
            with translated():
                await self._carry_out(job)
        except SupersededError as error:
            self._lease.become(Leadership.LOST, why=str(error.detail))
            job.fail(error)
        except StoreUnavailableError as error:
            self._note_refusal(error)
            job.fail(error)
        except MediafleetError as error:
            job.fail(error)
        finally:
            job.end()

    async def _carry_out(self, job: _Job[T]) -> None:
        self._require_leadership()
        if job.is_given_up:
            return
        async with self._database.connect() as connection:
            try:
                await connection.run_sync(partial(self._transact, job))
            except (SQLAlchemyError, OSError, ValueError):
                if not job.is_sealed or not await self._database.was_committed(job.transaction):
                    raise
            if not job.is_sealed:
                return
            self._position = self._position.after(job.events)
            job.outcome.set_result(job.result)
            self._last_taken = anyio.current_time()
            if self.problem is not None:
                self.problem = None
                log.warning("store takes changes again")

    def _transact(self, job: _Job[T], connection: Connection) -> None:
        """Run the statements of a change, and commit it unless it is given up meanwhile."""
        job.transaction = self._database.begin(connection)
        job.events = numbered(job.steps, self._position)
        claim(connection, self._position, len(job.events))
        append_steps(connection, job.steps, job.events)
        job.result = job.work(connection)
        self._database.require_unchanged()
        self._require_leadership()
        if job.seal():
            try:
                connection.commit()
            finally:
                self._database.note_written()

    def _note_refusal(self, error: StoreUnavailableError) -> None:
        if error.detail != self.problem:
            self.problem = error.detail
            log.warning("store refuses changes", extra={"detail": error.detail})

    def _require_leadership(self) -> None:
        if self._lease.leadership is not Leadership.LEADER:
            raise StoreUnavailableError(f"the lock of the store is {self._lease.leadership}")
