"""Whether this server may write to the store, and the timeouts of the store."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.domain.events import StoredEvent

log = logging.getLogger(__name__)


class Leadership(StrEnum):
    """Whether this server holds the lock of the store.

    Attributes:
        LEADER: It does, and is the only writer.
        SUSPENDED: It lost the lock and tries to take it again; commits fail meanwhile.
        LOST: Another server has opened the store. This one must end: its members are outdated.
    """

    LEADER = "leader"
    SUSPENDED = "suspended"
    LOST = "lost"


LeadershipObserver: TypeAlias = Callable[[Leadership], None]
"""Called with every change of the leadership, on the event loop; must not block."""


class Lease:
    """The current leadership; ``LOST`` is final.

    Attributes:
        why: Reason of the last change, for people.
    """

    def __init__(self, observer: LeadershipObserver | None = None) -> None:
        self._observer = observer
        self._leadership = Leadership.LEADER
        self.why = ""

    @property
    def leadership(self) -> Leadership:
        """The current leadership."""
        return self._leadership

    def become(self, leadership: Leadership, *, why: str) -> None:
        """Change the leadership and notify the observer, unless it is the same or ``LOST``."""
        if self._leadership is Leadership.LOST:
            return
        self.why = why
        if self._leadership is leadership:
            return
        self._leadership = leadership
        log.warning(
            "store leadership changed", extra={"leadership": str(leadership), "reason": why}
        )
        if self._observer is not None:
            self._observer(leadership)


@dataclass(frozen=True, slots=True)
class Position:
    """What the store must hold, as this server is its only writer.

    Attributes:
        store_id: Id of the store, created with it.
        epoch: How often the store was opened; the last time by this server.
        last_sequence: Sequence number of the newest event.
        last_hash: Its hash.
    """

    store_id: str
    epoch: int
    last_sequence: int
    last_hash: str

    def after(self, events: Sequence[StoredEvent]) -> Position:
        """Return the position after more events."""
        if not events:
            return self
        return replace(self, last_sequence=events[-1].sequence, last_hash=events[-1].hash)


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """Timeouts and intervals, in seconds.

    Attributes:
        answer: For a statement, or a wait for a lock in the database.
        commit: For a commit, including its time in the queue.
        close: For the commits under way when the store is closed.
        open: For the transaction that opens a store, including its migrations.
        takeover: How long a start waits for the lock of a database that another server holds, such
            as its predecessor. A locked SQLite file is refused at once.
        heartbeat: Interval of the checks of the lock on PostgreSQL, and of retries after a failed
            commit.
        check: Without commits for this long, an empty one is made.
    """

    answer: float = 3.0
    commit: float = 5.0
    close: float = 10.0
    open: float = 60.0
    takeover: float = 3.0
    heartbeat: float = 2.0
    check: float = 30.0
