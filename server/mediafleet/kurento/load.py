"""Measures the load of one node, over a connection that is kept for the next measurement."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.protocol import NoReply, Result, to_load
from mediafleet.kurento.rpc import MANAGER, RpcConnection, invocation, perform_handshake
from mediafleet.scheduler import Timer

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.domain.endpoints import MediaServerUri
    from mediafleet.kurento.protocol import Outcome
    from mediafleet.kurento.shared import LinkContext, ReadLimit

_LONGEST_KEPT_S = 10.0

log = logging.getLogger(__name__)


class LoadMeter:
    """Measures one node, one measurement at a time.

    It has a connection and a session of its own: a media server that measures answers nothing else
    on that connection meanwhile. A measurement is two requests, sent at once: ``connect``, whose
    reply shows the process, and the load. The connection is closed in between if measurements are
    rare, or if its file is needed for another one.

    Args:
        uri: Of the media server.
        context: For connections, and the limits of all nodes together.
        read_limit: Of the node.
        on_load: Called at the end of each measurement with the CPU load in percent of the machine,
            0–100; with ``None`` when it is not known.
    """

    __slots__ = (
        "_address",
        "_context",
        "_cpu_count",
        "_has_measured",
        "_is_same_process",
        "_on_load",
        "_opening",
        "_read_limit",
        "_rpc",
        "_server_id",
        "_timer",
        "_uri",
    )

    def __init__(
        self,
        uri: MediaServerUri,
        context: LinkContext,
        read_limit: ReadLimit,
        on_load: Callable[[float | None], None],
    ) -> None:
        self._uri = uri
        self._context = context
        self._read_limit = read_limit
        self._on_load = on_load
        self._address = ""
        self._server_id: str | None = None
        self._rpc: RpcConnection | None = None
        self._opening: anyio.CancelScope | None = None
        self._timer = Timer(self._on_timeout)
        self._cpu_count: object = None
        self._has_measured = self._is_same_process = False

    @property
    def is_idle(self) -> bool:
        """Whether no measurement runs or waits."""
        return self._server_id is None

    def measure(self, address: str, server_id: str) -> None:
        """Measure as soon as fewer nodes than the limit are being measured.

        Args:
            address: Of the link. Its host name may resolve to another one by now.
            server_id: Its process; the load of any other one is discarded.
        """
        self._address = address
        self._server_id = server_id
        self._context.measuring.acquire(self._begin)

    def stop(self) -> RpcConnection | None:
        """End a measurement without a load; return the connection, which the caller must close."""
        rpc, self._rpc = self._rpc, None
        if self._opening is not None:
            self._opening.cancel()
        else:
            self._finish(None)
            self.close()
        return rpc

    def close(self) -> None:
        """Close the connection without waiting for replies; the next measurement opens another."""
        rpc, self._rpc = self._rpc, None
        self._context.files.release_meter(self)
        if rpc is not None:
            rpc.close_now()

    def _begin(self) -> None:
        self._context.files.reserve_meter(self)
        if self._rpc is None:
            self._context.opening.submit(self._open)
        else:
            self._ask(self._rpc)

    async def _open(self) -> None:
        if self.is_idle or self._opening is not None or self._rpc is not None:
            return  # the measurement that this was submitted for has ended
        settings = self._context.settings
        timeout_s = settings.measurement_timeout
        rpc = RpcConnection(
            self._context.new_session(),
            self._context.clock,
            max_waiting=settings.max_waiting_calls,
            read_limit=self._read_limit,
            on_lost=self._on_lost,
        )
        try:
            with anyio.CancelScope() as self._opening, anyio.fail_after(timeout_s):
                await self._context.connector.connect(self._uri, rpc, address=self._address)
                await perform_handshake(rpc, settings.request_timeout)
                self._cpu_count = await rpc.invoke("getCpuCount", timeout_s=timeout_s)
                self._rpc = rpc
                self._has_measured = False
        except (TimeoutError, UnreachableMediaServerError) as error:
            log.debug("load not measured", extra={"reason": str(error)})
        finally:
            self._opening = None
            if self._rpc is None:
                with anyio.CancelScope(shield=True):
                    await rpc.close(settings.close_timeout)
        if self._rpc is None:
            self._finish(None)
        else:
            self._ask(self._rpc)

    def _ask(self, rpc: RpcConnection) -> None:
        settings = self._context.settings
        timeout_s = settings.measurement_timeout
        self._is_same_process = False
        due = self._context.clock.monotonic() + timeout_s
        self._context.scheduler.set(self._timer, due)
        rpc.call("connect", {}, self._on_identity, timeout_s=timeout_s)
        used = invocation(MANAGER, "getUsedCpu", {"interval": settings.cpu_interval_ms})
        rpc.call("invoke", used, self._on_used_cpu, timeout_s=timeout_s)

    def _on_identity(self, outcome: Outcome) -> None:
        if isinstance(outcome, Result):
            self._is_same_process = outcome.value.get("serverId") == self._server_id

    def _on_used_cpu(self, outcome: Outcome) -> None:
        if isinstance(outcome, NoReply):
            return  # _on_lost follows
        load = None
        if not self._is_same_process:
            self.close()
        elif isinstance(outcome, Result):
            self._has_measured = True
            load = to_load(outcome.value.get("value"), self._cpu_count)
        self._finish(load)

    def _on_timeout(self) -> None:
        self.close()
        self._finish(None)

    def _on_lost(self, _reason: str) -> None:
        """The connection is lost; if it was kept, that may have happened while it was idle."""
        if self._rpc is None:
            return
        self._rpc = None
        if self.is_idle:
            self.close()
        elif self._has_measured:
            self._timer.cancel()
            self._context.opening.submit(self._open)
        else:
            self._finish(None)

    def _finish(self, load: float | None) -> None:
        if self.is_idle:
            return
        self._timer.cancel()
        self._server_id = None
        if self._rpc is None or self._context.settings.load_interval > _LONGEST_KEPT_S:
            self.close()
        self._context.measuring.release(self._begin)
        self._on_load(load)
