"""Whether this server may write to the store, and how long things may take there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

log = logging.getLogger(__name__)


class Leadership(StrEnum):
    """What this server is to the store.

    Attributes:
        LEADER: The store's only writer.
        SUSPENDED: The lock was lost and is being asked for again; changes are refused until then.
        LOST: Another server has the store, for good; this one must end, its picture is outdated.
    """

    LEADER = "leader"
    SUSPENDED = "suspended"
    LOST = "lost"


LeadershipObserver: TypeAlias = Callable[[Leadership], None]
"""Is told of every new leadership; called on the event loop, must not block."""


class Lease:
    """The leadership as it is now, and why; ``LOST`` is the last one.

    Attributes:
        why: Why it is so, for people.
    """

    def __init__(self, observer: LeadershipObserver | None = None) -> None:
        self._observer = observer
        self._leadership = Leadership.LEADER
        self.why = ""

    @property
    def leadership(self) -> Leadership:
        """What this server is to the store now."""
        return self._leadership

    def become(self, leadership: Leadership, *, why: str) -> None:
        """Take a new leadership and tell of it; the same is no news, nor is any after ``LOST``."""
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
    """What this server knows to be in the store, as its only writer.

    Attributes:
        store_id: The store's own, made once.
        epoch: How often it has been opened; the last time by this server.
        last_sequence: Number of the newest event.
    """

    store_id: str
    epoch: int
    last_sequence: int

    def after(self, events: int) -> Position:
        """The position after some more events."""
        return replace(self, last_sequence=self.last_sequence + events)


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """Bounds of time, in seconds.

    Attributes:
        answer: A statement, or a wait for a lock inside the database.
        commit: A change as a whole, queueing included.
        close: The changes under way when the store is closed.
        open: The transaction that opens a store, with its migrations.
        takeover: A start on a database that another server holds, until it is refused; for a
            server that follows another one. A SQLite file is refused at once.
        heartbeat: Between two questions whether a PostgreSQL that holds our lock still answers, and
            between two tries after a change was refused.
        check: Without changes, until one that changes nothing is tried.
    """

    answer: float = 3.0
    commit: float = 5.0
    close: float = 10.0
    open: float = 60.0
    takeover: float = 3.0
    heartbeat: float = 2.0
    check: float = 30.0
