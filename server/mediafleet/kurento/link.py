"""The link to one member's media server: connects, pings, detects a loss and reconnects."""

from __future__ import annotations

import logging
from enum import Enum, auto
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.health import Pinger, Reporter, measure_load
from mediafleet.kurento.rpc import NOT_CONNECTED, RpcConnection, shake_hands
from mediafleet.kurento.session_watcher import SessionWatcher
from mediafleet.kurento.websocket import FLOODED

if TYPE_CHECKING:
    from mediafleet.domain.diagnostics import NodeDiagnostics
    from mediafleet.domain.endpoints import MediaServerUri
    from mediafleet.domain.ports import ConnectionObserver
    from mediafleet.kurento.rpc import Handshake
    from mediafleet.kurento.shared import Engine, Tools
    from mediafleet.scheduler import Timer

_FIRST_LOAD_WITHIN_S = 0.5

log = logging.getLogger(__name__)


class Phase(Enum):
    """Life of a link."""

    IDLE = auto()
    WAITING = auto()
    DIALLING = auto()
    UP = auto()


class Link:
    """Keeps one connection to a media server for as long as it runs.

    Args:
        node_id: Whose link it is.
        uri: Where the media server is.
        tools: For connections.
        observe: Called on every change, unless the link is idle.
        diagnostics: What is measured is recorded there.
    """

    __slots__ = (
        "_address",
        "_dialling",
        "_engine",
        "_failures",
        "_is_measuring",
        "_is_subscribed",
        "_load_due",
        "_peer",
        "_phase",
        "_pinger",
        "_reporter",
        "_retry_due",
        "_rpc",
        "_settings",
        "_timer",
        "_tools",
        "_traffic",
        "diagnostics",
        "node_id",
        "uri",
        "watch",
    )

    def __init__(
        self,
        node_id: str,
        uri: MediaServerUri,
        tools: Tools,
        observe: ConnectionObserver,
        diagnostics: NodeDiagnostics,
    ) -> None:
        self.node_id = node_id
        self.uri = uri
        self.diagnostics = diagnostics
        self.watch = SessionWatcher(
            node_id, tools.settings, tools.clock, tools.renewals, self._on_sessions
        )
        self._tools = tools
        self._settings = tools.settings
        self._reporter = Reporter(
            node_id,
            observe,
            self.watch.sessions,
            tools.clock,
            interval=tools.settings.publish_interval,
            diagnostics=diagnostics,
        )
        self._pinger = Pinger(tools, diagnostics, self._on_suspicion)
        self._peer = tools.new_peer()
        self._traffic = tools.new_traffic()
        self._engine: Engine | None = None
        self._rpc: RpcConnection | None = None
        self._timer: Timer | None = None
        self._dialling: anyio.CancelScope | None = None
        self._phase = Phase.IDLE
        self._address = ""
        self._failures = 0
        self._is_subscribed = self._is_measuring = False
        self._retry_due = self._load_due = 0.0

    def start(self, engine: Engine) -> None:
        """Begin, or begin again after ``stop``."""
        if self._phase is not Phase.IDLE:
            return
        self._engine = engine
        self._phase = Phase.WAITING
        self._retry_due = self._now()
        self._plan()

    async def stop(self) -> None:
        """End the link on purpose, within ``close_timeout``; nothing is told from now on."""
        self._phase = Phase.IDLE
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._dialling is not None:
            self._dialling.cancel()
        rpc, self._rpc = self._rpc, None
        self.watch.pause()
        self._pinger.pause()
        self._reporter.on_down(is_told=False)
        if rpc is not None:
            await rpc.close(self._settings.close_timeout)
        self._tools.linked.discard(self)
        self._peer.session_id = None
        self._is_subscribed = self._is_measuring = False  # a measurement that waits is dropped

    def rpc(self) -> RpcConnection:
        """The connection, for calls.

        Raises:
            UnreachableMediaServerError: The link is not up.
        """
        if self._phase is not Phase.UP or self._rpc is None:
            raise UnreachableMediaServerError(NOT_CONNECTED)
        return self._rpc

    async def _dial(self) -> None:
        if self._phase is not Phase.DIALLING:
            return
        rpc = self._rpc = RpcConnection(
            self._peer,
            self._tools.clock,
            max_waiting=self._settings.max_waiting_calls,
            traffic=self._traffic,
            on_event=self.watch.on_event,
            on_answer=self._pinger.on_answer,
            on_lost=self._on_lost,
        )
        with anyio.CancelScope() as self._dialling:
            try:
                self._require_file()
                self._address = await self._tools.dialler.dial(self.uri, rpc)
                await self._synchronise(rpc)
            except UnreachableMediaServerError as error:
                rpc.end(error.reason)
        self._dialling = None

    def _require_file(self) -> None:
        """Leave files for the clients and the store: without them nobody could even be told."""
        files, linked = self._settings.open_files, self._tools.linked
        if files is not None and len(linked) >= files.media_nodes:
            raise UnreachableMediaServerError(str(files))
        linked.add(self)

    async def _synchronise(self, rpc: RpcConnection) -> None:
        """Learn who is there and what lives on it; what was missed meanwhile is made up for.

        Events come first and the listing after them, so that no session slips through between.
        """
        self.watch.begin(rpc)
        self._plan()
        handshake = await shake_hands(rpc, self._settings.request_timeout)
        if handshake.server_id != self._reporter.connection.server_id:
            self.watch.forget()
        if not (handshake.is_resumed and self._is_subscribed):
            self._is_subscribed = False
            await self.watch.subscribe(rpc)
            self._is_subscribed = True
        await self.watch.list_pipelines(rpc)
        self.watch.ask_again()
        await self.watch.settle()
        if rpc.is_open:
            self._on_up(rpc, handshake)

    def _on_up(self, rpc: RpcConnection, handshake: Handshake) -> None:
        now = self._now()
        vary = self._tools.random.uniform
        self._phase = Phase.UP
        self._failures = 0
        self._load_due = now + vary(0, min(_FIRST_LOAD_WITHIN_S, self._settings.load_interval))
        log.info("media server connected", extra={"media_node_id": self.node_id})
        self._pinger.begin(rpc)
        self._reporter.on_up(handshake.server_id)
        self._plan()

    def _on_lost(self, reason: str) -> None:
        lost, self._rpc = self._rpc, None
        self._tools.linked.discard(self)
        self.watch.pause()
        if self._phase is Phase.IDLE:
            return
        self._failures += 1
        self._pinger.end(reason, socket_error=None if lost is None else lost.socket_error)
        was_up = self._reporter.connection.connected
        log.log(
            logging.INFO if was_up or self._failures == 1 else logging.DEBUG,
            "media server lost" if was_up else "media server out of reach",
            extra={"media_node_id": self.node_id, "reason": reason, "failures": self._failures},
        )
        self._phase = Phase.WAITING
        self._retry_due = self._now() + self._reconnect_pause(reason)
        self._reporter.on_down(is_told=True)
        self._plan()

    def _reconnect_pause(self, reason: str) -> float:
        jitter = self._settings.reconnect_jitter
        pause = self._settings.reconnect_pause(self._failures)
        if reason == FLOODED:
            pause = self._settings.reconnect_delay
        return pause * self._tools.random.uniform(1 - jitter, 1 + jitter)

    def _on_due(self) -> None:
        """Do what is due; the losing of the connection on the way is a change of phase."""
        self._timer = None
        now = self._now()
        if self._phase is Phase.WAITING and self._retry_due <= now and self._engine is not None:
            self._phase = Phase.DIALLING
            self._engine.dials.submit(self._dial)
        if self._rpc is not None:
            self._rpc.check_deadlines(now)
            self.watch.work()
        if self._phase is Phase.UP:
            self._keep_up(now)
        self._plan()

    def _keep_up(self, now: float) -> None:
        self._reporter.check(now)
        if self._load_due <= now and self._engine is not None:
            self._load_due = now + self._settings.load_interval
            if not self._is_measuring and not self._reporter.connection.suspect:
                self._is_measuring = True
                self._engine.measurements.submit(self._measure)
        self._pinger.work(now)

    def _on_suspicion(self, is_suspect: bool) -> None:  # noqa: FBT001  # its only argument
        log.log(
            logging.WARNING if is_suspect else logging.INFO,
            "media server suspect" if is_suspect else "media server answers again",
            extra={"media_node_id": self.node_id},
        )
        self._reporter.on_suspicion(is_suspect=is_suspect)

    async def _measure(self) -> None:
        server_id = self._reporter.connection.server_id
        load = None
        try:
            if self._phase is Phase.UP and server_id is not None:
                load = await measure_load(self.uri, self._address, server_id, self._tools)
        finally:
            self._is_measuring = False
        if self._phase is Phase.UP and server_id == self._reporter.connection.server_id:
            self._reporter.on_load(load)

    def _on_sessions(self) -> None:
        if self._phase is Phase.UP:
            self._reporter.on_sessions()
        self._plan()

    def _plan(self) -> None:
        """See that the scheduler calls when the next thing is due."""
        if self._engine is None or (due := self._next_due()) is None:
            return
        if self._timer is not None:
            if self._timer.due <= due:
                return
            self._timer.cancel()
        self._timer = self._engine.scheduler.at(due, self._on_due)

    def _next_due(self) -> float | None:
        if self._phase is Phase.WAITING:
            return self._retry_due
        dues: list[float | None] = []
        if self._rpc is not None:
            dues = [self._peer.next_deadline(), self.watch.next_due()]
        if self._phase is Phase.UP:
            dues += [self._pinger.next_due(), self._load_due, self._reporter.next_due()]
        return min((due for due in dues if due is not None), default=None)

    def _now(self) -> float:
        return self._tools.clock.monotonic()
