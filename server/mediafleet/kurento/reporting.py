"""What is known of one link, and when its observer is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mediafleet.domain.cluster import NEVER_CONNECTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mediafleet.domain.cluster import Connection, Session
    from mediafleet.domain.ports import Clock, ConnectionObserver


class Reporter:
    """Keeps the facts of a link; tells of changed sessions at once, but not of each in a flood.

    Args:
        node_id: Whose link it is.
        observe: Is told.
        sessions: The node's sessions as last learnt.
        clock: The time.
        interval: Seconds that lie at least between two reports, unless the link comes or goes.

    Attributes:
        connection: The facts.
        load_time: When the load of this process was last learnt.
    """

    __slots__ = (
        "_clock",
        "_due",
        "_interval",
        "_is_changed",
        "_node_id",
        "_observe",
        "_sessions",
        "connection",
        "load_time",
    )

    def __init__(
        self,
        node_id: str,
        observe: ConnectionObserver,
        sessions: Callable[[], tuple[Session, ...]],
        clock: Clock,
        interval: float,
    ) -> None:
        self._node_id = node_id
        self._observe = observe
        self._sessions = sessions
        self._clock = clock
        self._interval = interval
        self._is_changed = False
        self._due = 0.0
        self.connection: Connection = NEVER_CONNECTED
        self.load_time: datetime | None = None

    def on_up(self, server_id: str) -> None:
        """The link was made; what was measured of another process tells nothing of this one."""
        known = self.connection
        if server_id != known.server_id:
            known, self.load_time = replace(known, last_load=None), None
        self.connection = replace(
            known,
            connected=True,
            connection_time=self._clock.now(),
            disconnection_time=None,
            server_id=server_id,
        )
        self._tell()

    def on_down(self, *, is_told: bool) -> None:
        """The link was lost, or ended on purpose; the sessions stay as they were."""
        if not self.connection.connected:
            return
        self.connection = replace(
            self.connection,
            connected=False,
            disconnection_time=self._clock.now(),
            suspect=False,
            load=None,
            sessions=self._sessions(),
        )
        self._is_changed = False
        if is_told:
            self._observe(self._node_id, self.connection)

    def on_suspicion(self, *, is_suspect: bool) -> None:
        """A ping was not answered, or the node answers again."""
        if self.connection.connected and is_suspect != self.connection.suspect:
            self.connection = replace(self.connection, suspect=is_suspect)
            self._tell()

    def on_load(self, load: float | None) -> None:
        """The load was measured, or could not be."""
        last = self.connection.last_load
        if load is not None:
            last, self.load_time = load, self._clock.now()
        if self.connection.connected and (load, last) != self._loads():
            self.connection = replace(self.connection, load=load, last_load=last)
            self._tell()

    def on_sessions(self) -> None:
        """Sessions may have changed."""
        self._is_changed = True
        self.check(self._clock.monotonic())

    def check(self, now: float) -> None:
        """Tell what could not be told before."""
        if self.connection.connected and self._is_changed and self._due <= now:
            self._tell()

    def next_due(self) -> float | None:
        """When ``check`` has something to tell."""
        return self._due if self.connection.connected and self._is_changed else None

    def _loads(self) -> tuple[float | None, float | None]:
        return self.connection.load, self.connection.last_load

    def _tell(self) -> None:
        self._is_changed = False
        self._due = self._clock.monotonic() + self._interval
        self.connection = replace(self.connection, sessions=self._sessions())
        self._observe(self._node_id, self.connection)
