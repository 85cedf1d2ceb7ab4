"""The link to one member's media server: connects, pings, detects a loss and reconnects."""

from __future__ import annotations

import logging
import math
from enum import Enum, auto
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.health import Pinger, Reporter
from mediafleet.kurento.load import LoadMeter
from mediafleet.kurento.rpc import MANAGER, NOT_CONNECTED, RpcConnection, perform_handshake
from mediafleet.kurento.session_watcher import SessionWatcher
from mediafleet.kurento.websocket import FLOODED
from mediafleet.scheduler import Timer

if TYPE_CHECKING:
    from mediafleet.domain.diagnostics import NodeDiagnostics
    from mediafleet.domain.endpoints import MediaServerUri
    from mediafleet.domain.ports import ConnectionObserver
    from mediafleet.kurento.protocol import Event
    from mediafleet.kurento.rpc import Handshake
    from mediafleet.kurento.shared import LinkContext

_FIRST_LOAD_WITHIN_S = 0.5
_RECONNECT_JITTER = 0.2

log = logging.getLogger(__name__)


class Phase(Enum):
    """State of a link."""

    IDLE = auto()
    WAITING = auto()
    CONNECTING = auto()
    CONNECTED = auto()


class Link:
    """Keeps one connection to a media server while it is started.

    Args:
        node_id: Whose link it is.
        uri: Where the media server is.
        context: For connections.
        observe: Called on every change, unless the link is idle.
        diagnostics: What is measured is recorded there.
    """

    __slots__ = (
        "_address",
        "_connecting",
        "_context",
        "_failures",
        "_is_measuring",
        "_is_subscribed",
        "_load_due",
        "_meter",
        "_phase",
        "_pinger",
        "_read_limit",
        "_reporter",
        "_retry_due",
        "_rpc",
        "_server_id",
        "_session",
        "_settings",
        "_timer",
        "diagnostics",
        "node_id",
        "uri",
        "watcher",
    )

    def __init__(
        self,
        node_id: str,
        uri: MediaServerUri,
        context: LinkContext,
        observe: ConnectionObserver,
        diagnostics: NodeDiagnostics,
    ) -> None:
        self.node_id = node_id
        self.uri = uri
        self.diagnostics = diagnostics
        self.watcher = SessionWatcher(
            node_id,
            context.settings,
            context.clock,
            context.name_queries,
            self._on_sessions,
            owner=context.owner,
        )
        self._context = context
        self._settings = context.settings
        self._reporter = Reporter(
            node_id,
            observe,
            self.watcher.cache.sessions,
            context.clock,
            interval=context.settings.publish_interval,
            diagnostics=diagnostics,
        )
        self._pinger = Pinger(context, diagnostics, self._on_suspicion)
        self._session = context.new_session()
        self._read_limit = context.new_read_limit()
        self._meter = LoadMeter(uri, context, self._read_limit, self._on_load)
        self._rpc: RpcConnection | None = None
        self._timer = Timer(self._on_due)
        self._connecting: anyio.CancelScope | None = None
        self._phase = Phase.IDLE
        self._server_id: str | None = None
        self._address = ""
        self._failures = 0
        self._is_subscribed = self._is_measuring = False
        self._retry_due = self._load_due = 0.0

    def start(self) -> None:
        """Start, or start again after ``stop``."""
        if self._phase is not Phase.IDLE:
            return
        self._phase = Phase.WAITING
        self._retry_due = self._now()
        self._schedule()

    def resume(self, server_id: str, session_id: str) -> None:
        """Before ``start``: continue a session of an earlier process of this server."""
        self._server_id, self._session.session_id = server_id, session_id

    @property
    def session(self) -> tuple[str | None, str | None]:
        """The process of the media server and the session with it, as last known."""
        return self._server_id, self._session.session_id

    @property
    def is_connected(self) -> bool:
        """Whether ``rpc`` returns a connection."""
        return self._phase is Phase.CONNECTED and self._rpc is not None

    async def stop(self, *, keeps_session: bool = False) -> None:
        """Close the link within ``close_timeout``; nothing is reported from now on.

        Args:
            keeps_session: The media server keeps the session and its objects for a while, and the
                next ``start`` resumes it.
        """
        self._phase = Phase.IDLE
        self._timer.cancel()
        if self._connecting is not None:
            self._connecting.cancel()
        rpc, self._rpc = self._rpc, None
        self.watcher.stop()
        self._pinger.stop()
        self._reporter.on_disconnected(notify=False)
        timeout_s = self._settings.close_timeout
        async with anyio.create_task_group() as closing:
            if (measuring := self._meter.stop()) is not None:
                closing.start_soon(measuring.close, timeout_s)
            if rpc is not None:
                await rpc.close(timeout_s, ends_session=not keeps_session)
        self._context.files.release_link(self)
        if not keeps_session:
            self._session.session_id = None
        self._is_subscribed = self._is_measuring = False

    def rpc(self) -> RpcConnection:
        """Return the connection, for calls.

        Raises:
            UnreachableMediaServerError: The link is not connected.
        """
        if self._phase is not Phase.CONNECTED or self._rpc is None:
            raise UnreachableMediaServerError(NOT_CONNECTED)
        return self._rpc

    async def _connect(self) -> None:
        if self._phase is not Phase.CONNECTING:
            return
        rpc = self._rpc = RpcConnection(
            self._session,
            self._context.clock,
            max_waiting=self._settings.max_waiting_calls,
            read_limit=self._read_limit,
            on_event=self._on_event,
            on_reply=self._on_reply,
            on_lost=self._on_lost,
        )
        with anyio.CancelScope() as self._connecting:
            try:
                self._context.files.reserve_link(self)
                self._address = await self._context.connector.connect(self.uri, rpc)
                await self._synchronise(rpc)
            except UnreachableMediaServerError as error:
                rpc.abort(error.reason)
        self._connecting = None

    async def _synchronise(self, rpc: RpcConnection) -> None:
        """Identify the process, and bring the sessions up to date.

        The subscription precedes the listing, so no session is missed between them.
        """
        self.watcher.start(rpc)
        self._schedule()
        handshake = await perform_handshake(rpc, self._settings.request_timeout)
        if handshake.server_id != self._server_id:
            self.watcher.clear()
        elif not handshake.is_resumed:
            self.watcher.cache.lose_own()
        self._server_id = handshake.server_id
        if not (handshake.is_resumed and self._is_subscribed):
            self._is_subscribed = False
            await self.watcher.subscribe(rpc)
            self._is_subscribed = True
        await self.watcher.list_pipelines(rpc)
        self.watcher.resume_queries()
        await self.watcher.settle()
        if rpc.is_open:
            self._on_connected(rpc, handshake)

    def _on_connected(self, rpc: RpcConnection, handshake: Handshake) -> None:
        now = self._now()
        vary = self._context.random.uniform
        self._phase = Phase.CONNECTED
        self._failures = 0
        self._load_due = now + vary(0, min(_FIRST_LOAD_WITHIN_S, self._settings.load_interval))
        log.info("media server connected", extra={"media_node_id": self.node_id})
        self._pinger.start(rpc)
        self._reporter.on_connected(handshake.server_id)
        self._context.media.on_connected(self)
        self._report_lost_media()
        self._schedule()

    def _on_event(self, event: Event) -> None:
        if event.source == MANAGER:
            self.watcher.on_event(event)
            self._report_lost_media()
        else:
            self._context.media.on_event(self, event)

    def _report_lost_media(self) -> None:
        if self._phase is Phase.CONNECTED and (lost := self.watcher.cache.take_lost()):
            self._context.media.on_pipelines_lost(self.node_id, lost)

    def _on_lost(self, reason: str) -> None:
        lost, self._rpc = self._rpc, None
        self._context.files.release_link(self)
        self.watcher.stop()
        if self._phase is Phase.IDLE:
            return
        self._failures += 1
        self._pinger.on_lost(reason, socket_error=None if lost is None else lost.socket_error)
        was_up = self._reporter.connection.connected
        log.log(
            logging.INFO if was_up or self._failures == 1 else logging.DEBUG,
            "media server lost" if was_up else "media server unreachable",
            extra={"media_node_id": self.node_id, "reason": reason, "failures": self._failures},
        )
        self._phase = Phase.WAITING
        if (measuring := self._meter.stop()) is not None:
            measuring.close_now()
        self._retry_due = self._now() + self._reconnect_pause(reason)
        self._reporter.on_disconnected(notify=True)
        self._schedule()

    def _reconnect_pause(self, reason: str) -> float:
        pause = self._settings.reconnect_pause(self._failures)
        if reason == FLOODED:
            pause = self._settings.reconnect_delay
        return pause * self._context.random.uniform(1 - _RECONNECT_JITTER, 1 + _RECONNECT_JITTER)

    def _on_due(self) -> None:
        """Do what is due; the phase changes if the connection is lost meanwhile."""
        now = self._now()
        if self._phase is Phase.WAITING and self._retry_due <= now:
            self._phase = Phase.CONNECTING
            self._context.connecting.submit(self._connect)
        if self._rpc is not None:
            self._rpc.check_deadlines(now)
            self.watcher.work()
        if self._phase is Phase.CONNECTED:
            self._monitor(now)
        self._schedule()

    def _monitor(self, now: float) -> None:
        self._reporter.report_if_due(now)
        if self._load_due <= now:
            due = now + self._settings.load_interval
            self._load_due = max(now, self._settings.heartbeat.aligned(due))
            state = self._reporter.connection
            if not self._is_measuring and not state.suspect and state.server_id is not None:
                self._is_measuring = True
                self._meter.measure(self._address, state.server_id)
        self._pinger.work(now)

    def _on_reply(self) -> None:
        """Postpone the timer that was set for a missing reply."""
        due = self._pinger.next_due()
        self._pinger.on_reply()
        if due != self._pinger.next_due():
            self._timer.cancel()
            self._schedule()

    def _on_suspicion(self, is_suspect: bool) -> None:  # noqa: FBT001  # its only argument
        log.log(
            logging.WARNING if is_suspect else logging.INFO,
            "media server suspect" if is_suspect else "media server answers again",
            extra={"media_node_id": self.node_id},
        )
        self._reporter.on_suspicion(is_suspect=is_suspect)

    def _on_load(self, load: float | None) -> None:
        self._is_measuring = False
        if self._phase is Phase.CONNECTED:
            self._reporter.on_load(load)

    def _on_sessions(self) -> None:
        if self._phase is Phase.CONNECTED:
            self._reporter.on_sessions()
        self._report_lost_media()
        self._schedule()

    def _schedule(self) -> None:
        """Schedule the next call of ``_on_due``."""
        due = self._next_due()
        if due < self._timer.due:
            self._context.scheduler.set(self._timer, due)

    def _next_due(self) -> float:
        if self._phase is Phase.WAITING:
            return self._retry_due
        if self._rpc is None:
            return math.inf
        due = self.watcher.next_due()
        if (deadline := self._session.next_deadline()) is not None:
            due = min(due, deadline)
        if self._phase is not Phase.CONNECTED:
            return due
        return min(due, self._pinger.next_due(), self._load_due, self._reporter.next_due())

    def _now(self) -> float:
        return self._context.clock.monotonic()
