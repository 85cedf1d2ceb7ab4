"""Pings one node and reports the state of its link."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mediafleet.domain.cluster import NEVER_CONNECTED
from mediafleet.domain.diagnostics import PINGS_KEPT, Finding
from mediafleet.domain.heartbeat import Action, Heartbeat
from mediafleet.kurento.protocol import NoReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.clock import Clock
    from mediafleet.domain.cluster import Connection, Session
    from mediafleet.domain.diagnostics import NodeDiagnostics
    from mediafleet.domain.ports import ConnectionObserver
    from mediafleet.kurento.protocol import Outcome
    from mediafleet.kurento.rpc import RpcConnection
    from mediafleet.kurento.shared import LinkContext


class Pinger:
    """The heartbeat of one node over all its connections.

    Args:
        context: For connections.
        diagnostics: Pings, replies, failed dials and decisions are recorded there.
        on_suspicion: Called when the node becomes suspect (``True``) or no longer is.
    """

    __slots__ = (
        "_clock",
        "_diagnostics",
        "_findings",
        "_heartbeat",
        "_on_suspicion",
        "_random",
        "_rpc",
        "_timeout",
        "_unanswered",
    )

    def __init__(
        self,
        context: LinkContext,
        diagnostics: NodeDiagnostics,
        on_suspicion: Callable[[bool], None],
    ) -> None:
        heartbeat = context.settings.heartbeat
        self._clock = context.clock
        self._random = context.random
        self._diagnostics = diagnostics
        self._findings = context.findings
        self._on_suspicion = on_suspicion
        self._heartbeat = Heartbeat(heartbeat)
        self._timeout = heartbeat.max_detection_time
        self._rpc: RpcConnection | None = None
        self._unanswered: list[float] = []

    def start(self, rpc: RpcConnection) -> None:
        """Ping over a connection that has just been made."""
        self._rpc = rpc
        self._diagnostics.record_connection()
        self._unanswered.clear()
        share = self._random.random()
        now = self._clock.monotonic()
        self._heartbeat.start(now, share=share, stalls=self._clock.stalls)

    def on_lost(self, reason: str, *, socket_error: str | None) -> None:
        """The connection is lost or was not made; *socket_error* is what the system reported."""
        if self._rpc is None:
            self._diagnostics.record_failed_dial(self._clock.now(), reason)
        else:
            self._rpc = None
            self._decide(Finding.DISCONNECTED, reason, socket_error)

    def stop(self) -> None:
        """The connection was closed on purpose."""
        self._rpc = None

    def next_due(self) -> float:
        """When ``work`` has something to do; infinite without a connection."""
        return math.inf if self._rpc is None else self._heartbeat.due

    def work(self, now: float) -> None:
        """Ping, suspect the node, or drop the connection."""
        rpc = self._rpc
        if rpc is None:
            return
        match self._heartbeat.work(now, self._clock.stalls):
            case Action.PING:
                self._ping(rpc, now)
            case Action.SUSPECT:
                self._decide(Finding.SUSPECT, f"it did not answer a ping{self._since(now)}")
                self._ping(rpc, now)
                self._on_suspicion(True)  # noqa: FBT003  # its only argument
            case Action.DISCONNECT:
                rpc.abort(f"it did not answer any ping{self._since(now)}")

    def on_reply(self) -> None:
        """The node replied to something."""
        self._diagnostics.last_reply = self._clock.now()
        if self._rpc is not None and self._heartbeat.replied(self._clock.monotonic()):
            self._on_suspicion(False)  # noqa: FBT003  # its only argument

    def _ping(self, rpc: RpcConnection, now: float) -> None:
        number = self._diagnostics.record_ping(self._clock.now())
        self._unanswered.append(now)
        del self._unanswered[:-PINGS_KEPT]
        on_pong = partial(self._on_pong, number, now)
        rpc.call("ping", {}, on_pong, timeout_s=self._timeout)

    def _on_pong(self, number: int, sent: float, outcome: Outcome) -> None:
        if isinstance(outcome, NoReply):
            return
        round_trip = self._clock.monotonic() - sent
        self._diagnostics.record_pong(number, round_trip)
        self._heartbeat.measured(round_trip)
        while self._unanswered and self._unanswered[0] <= sent:
            del self._unanswered[0]

    def _decide(self, finding: Finding, reason: str, socket_error: str | None = None) -> None:
        self._findings[finding] += 1
        self._diagnostics.record_decision(
            finding,
            reason,
            at=self._clock.now(),
            lag=self._clock.lag,
            socket_error=socket_error,
        )

    def _since(self, now: float) -> str:
        """Say for how long no ping has been answered."""
        first = self._unanswered[0] if self._unanswered else now
        return f" for {now - first:.1f} s"


class Reporter:
    """Keeps the state of a link and reports changes, at most once in an interval.

    Args:
        node_id: Whose link it is.
        observe: Called with the state of the link.
        sessions: Returns the last known sessions of the node.
        clock: The time.
        interval: Least seconds between two reports, unless the link is made or lost.
        diagnostics: The time of the last load is recorded there.

    Attributes:
        connection: The state of the link.
    """

    __slots__ = (
        "_clock",
        "_diagnostics",
        "_due",
        "_interval",
        "_is_changed",
        "_node_id",
        "_observe",
        "_sessions",
        "connection",
    )

    def __init__(
        self,
        node_id: str,
        observe: ConnectionObserver,
        sessions: Callable[[], tuple[Session, ...]],
        clock: Clock,
        *,
        interval: float,
        diagnostics: NodeDiagnostics,
    ) -> None:
        self._node_id = node_id
        self._observe = observe
        self._sessions = sessions
        self._clock = clock
        self._interval = interval
        self._diagnostics = diagnostics
        self._is_changed = False
        self._due = 0.0
        self.connection: Connection = NEVER_CONNECTED

    def on_connected(self, server_id: str) -> None:
        """The link was made; a load measured on an earlier process is discarded."""
        known = self.connection
        if server_id != known.server_id:
            known = replace(known, last_load=None)
            self._diagnostics.load_time = None
        self.connection = replace(
            known,
            connected=True,
            connection_time=self._clock.now(),
            disconnection_time=None,
            server_id=server_id,
        )
        self._report()

    def on_disconnected(self, *, notify: bool) -> None:
        """The link was lost, or closed on purpose; the sessions stay as they were."""
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
        if notify:
            self._observe(self._node_id, self.connection)

    def on_suspicion(self, *, is_suspect: bool) -> None:
        """A ping was not answered, or the node answers again."""
        if self.connection.connected and is_suspect != self.connection.suspect:
            self.connection = replace(self.connection, suspect=is_suspect)
            self._report()

    def on_load(self, load: float | None) -> None:
        """The load was measured, or could not be."""
        last = self.connection.last_load
        if load is not None:
            last, self._diagnostics.load_time = load, self._clock.now()
        if self.connection.connected and (load, last) != self._loads():
            self.connection = replace(self.connection, load=load, last_load=last)
            self._report()

    def on_sessions(self) -> None:
        """Sessions may have changed."""
        self._is_changed = True
        self.report_if_due(self._clock.monotonic())

    def report_if_due(self, now: float) -> None:
        """Report changes that came within the interval after the last report."""
        if self.connection.connected and self._is_changed and self._due <= now:
            self._report()

    def next_due(self) -> float:
        """When ``report_if_due`` has something to report; infinite if it has not."""
        return self._due if self._is_changed and self.connection.connected else math.inf

    def _loads(self) -> tuple[float | None, float | None]:
        return self.connection.load, self.connection.last_load

    def _report(self) -> None:
        self._is_changed = False
        self._due = self._clock.monotonic() + self._interval
        if (sessions := self._sessions()) != self.connection.sessions:
            self.connection = replace(self.connection, sessions=sessions)
        self._observe(self._node_id, self.connection)
