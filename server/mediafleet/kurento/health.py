"""Pings and measures one node, and reports what is known of its link."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.cluster import NEVER_CONNECTED
from mediafleet.domain.diagnostics import (
    DECISIONS_KEPT,
    FAILED_DIALS_KEPT,
    PINGS_KEPT,
    FailedDial,
    FailureDecision,
    Finding,
    Ping,
)
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.heartbeat import Act, Heartbeat
from mediafleet.kurento.protocol import NoAnswer, to_load
from mediafleet.kurento.rpc import visit

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mediafleet.domain.cluster import Connection, Session
    from mediafleet.domain.endpoints import MediaServerUri
    from mediafleet.domain.ports import Clock, ConnectionObserver
    from mediafleet.kurento.protocol import Outcome
    from mediafleet.kurento.rpc import Exchange
    from mediafleet.kurento.shared import Tools


class _Sent:
    """A ping on its way, or back."""

    __slots__ = ("at", "round_trip", "since")

    def __init__(self, at: datetime, since: float) -> None:
        self.at = at
        self.since = since
        self.round_trip: float | None = None


class Pulse:
    """The heartbeat of one node over all its connections.

    Args:
        tools: For connections.
        on_suspicion: Is told whether the node is suspect, when that changes.

    Attributes:
        last_reply: When the node last answered anything.
    """

    __slots__ = (
        "_began",
        "_clock",
        "_decisions",
        "_exchange",
        "_failed_dials",
        "_heartbeat",
        "_on_suspicion",
        "_patience",
        "_pings",
        "_random",
        "last_reply",
    )

    def __init__(self, tools: Tools, on_suspicion: Callable[[bool], None]) -> None:
        rhythm = tools.settings.rhythm
        self._clock = tools.clock
        self._random = tools.random
        self._on_suspicion = on_suspicion
        self._heartbeat = Heartbeat(rhythm)
        self._patience = rhythm.longest_silence
        self._exchange: Exchange | None = None
        self._began = 0.0
        self._pings: deque[_Sent] = deque(maxlen=PINGS_KEPT)
        self._failed_dials: deque[FailedDial] = deque(maxlen=FAILED_DIALS_KEPT)
        self._decisions: deque[FailureDecision] = deque(maxlen=DECISIONS_KEPT)
        self.last_reply: datetime | None = None

    def begin(self, exchange: Exchange) -> None:
        """Watch over a connection that has just been made."""
        self._exchange = exchange
        self._failed_dials.clear()
        self._began = self._clock.monotonic()
        share = self._random.random()
        self._heartbeat.begin(self._began, share=share, stalls=self._clock.stalls)

    def end(self, reason: str, *, socket_error: str | None) -> None:
        """The connection is gone, or was not made; why, and what the system said of its socket."""
        if self._exchange is None:
            self._failed_dials.append(FailedDial(self._clock.now(), reason))
        else:
            self._exchange = None
            self.judge(Finding.DISCONNECTED, reason, socket_error)

    def judge(self, finding: Finding, reason: str, socket_error: str | None = None) -> None:
        """Keep a finding, with all that is known now."""
        self._decisions.append(
            FailureDecision(
                at=self._clock.now(),
                finding=finding,
                reason=reason,
                last_reply=self.last_reply,
                pings=self.pings,
                failed_dials=self.failed_dials,
                socket_error=socket_error,
                lag=self._clock.lag,
            )
        )

    def pause(self) -> None:
        """The connection was ended on purpose."""
        self._exchange = None

    def next_due(self) -> float | None:
        """When ``work`` has something to do."""
        return None if self._exchange is None else self._heartbeat.due

    def work(self, now: float) -> None:
        """Ping, suspect, or give up the connection."""
        exchange = self._exchange
        if exchange is None:
            return
        match self._heartbeat.work(now, self._clock.stalls):
            case Act.PING:
                self._ping(exchange, now)
            case Act.SUSPECT:
                self.judge(Finding.SUSPECT, f"it did not answer a ping{self._since()}")
                self._ping(exchange, now)
                self._on_suspicion(True)  # noqa: FBT003  # its only argument
            case Act.LOSE:
                exchange.end(f"it did not answer any ping{self._since()}")

    def on_answer(self) -> None:
        """The node answered something."""
        self.last_reply = self._clock.now()
        if self._exchange is not None and self._heartbeat.replied(self._clock.monotonic()):
            self._on_suspicion(False)  # noqa: FBT003  # its only argument

    @property
    def pings(self) -> tuple[Ping, ...]:
        """The last ones, oldest first."""
        return tuple(Ping(sent.at, sent.round_trip) for sent in self._pings)

    @property
    def failed_dials(self) -> tuple[FailedDial, ...]:
        """The last ones since the last connection, oldest first."""
        return tuple(self._failed_dials)

    @property
    def decisions(self) -> tuple[FailureDecision, ...]:
        """The last ones, oldest first."""
        return tuple(self._decisions)

    def _ping(self, exchange: Exchange, now: float) -> None:
        sent = _Sent(self._clock.now(), now)
        self._pings.append(sent)
        exchange.call("ping", {}, partial(self._on_pong, sent), timeout_s=self._patience)

    def _on_pong(self, sent: _Sent, outcome: Outcome) -> None:
        if not isinstance(outcome, NoAnswer):
            sent.round_trip = self._clock.monotonic() - sent.since
            self._heartbeat.measured(sent.round_trip)

    def _since(self) -> str:
        """For how long pings have not been answered, in words."""
        first = now = self._clock.monotonic()
        for sent in reversed(self._pings):
            if sent.round_trip is not None or sent.since < self._began:
                break
            first = sent.since
        return f" for {now - first:.1f} s"


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


log = logging.getLogger(__name__)


async def measure_load(
    uri: MediaServerUri, address: str, server_id: str, tools: Tools
) -> float | None:
    """CPU load in percent of the machine, 0–100; ``None`` when it is not known.

    The media server sleeps over the measurement and answers nothing else on that connection
    meanwhile: hence a second one.

    Args:
        uri: Of the media server.
        address: Where it is. Its name may lead elsewhere by now, or to several servers in turn.
        server_id: Its process; the load of any other is not told.
        tools: For the connection.
    """
    settings = tools.settings
    interval = {"interval": settings.cpu_interval_ms}
    try:
        with anyio.fail_after(settings.measurement_timeout):
            async with visit(uri, tools, address=address) as guest:
                if guest.server_id != server_id:
                    return None
                ask = guest.exchange.invoke
                count = await ask("getCpuCount", timeout_s=settings.measurement_timeout)
                used = await ask("getUsedCpu", interval, timeout_s=settings.measurement_timeout)
                return to_load(used, count)
    except (TimeoutError, UnreachableMediaServerError) as error:
        log.debug("load not measured", extra={"reason": str(error)})
        return None
