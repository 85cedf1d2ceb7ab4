"""Watches the pipelines of one node and holds no reference to them: each query ends with unref."""

from __future__ import annotations

import heapq
import logging
import math
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.protocol import OBJECT_NOT_FOUND, Fault, Result, to_datetime
from mediafleet.kurento.rpc import BUSY, MANAGER, NOT_KURENTO, RefusedError, invocation
from mediafleet.kurento.session_cache import SessionCache, is_pipeline_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mediafleet.clock import Clock
    from mediafleet.kurento.protocol import Event, Outcome
    from mediafleet.kurento.rpc import RpcConnection
    from mediafleet.kurento.settings import LinkSettings
    from mediafleet.kurento.shared import TokenBucket

OWNER_TAG = "mediafleet"
CREATED, DESTROYED = "ObjectCreated", "ObjectDestroyed"

_CALLS_PER_LISTING = 2
_CALLS_PER_QUERY = 5
_LISTING_SESSION = {"sessionId": ""}

log = logging.getLogger(__name__)


class SessionWatcher:
    """Follows the sessions of one node over all its connections.

    A query of a pipeline makes the media server keep it for our session. So ``unref`` follows each
    query at once; the media server handles the requests of a connection in order.

    Only our session keeps the pipelines that this server creates, so ``unref`` would end them. They
    are never queried: :meth:`adopt` registers them. While the reply to a creation is missing, no
    new pipeline is queried, as it may be that one.

    Pipelines with the tag of this server that are there at first, and that nobody has adopted, were
    left by an earlier process, which was killed before it could release them. They are released.

    Args:
        node_id: Of the node.
        settings: Bounds.
        clock: The time.
        name_queries: Limits how many names of all nodes together are queried again.
        on_change: Called when the sessions, or what is due next, changed.
        owner: Tag of the pipelines of this server; empty: none is released.

    Attributes:
        cache: The pipelines of the node, as last known.
    """

    __slots__ = (
        "_clock",
        "_creations",
        "_in_flight",
        "_interrupted",
        "_is_working",
        "_last_refresh",
        "_left",
        "_name_queries",
        "_node_id",
        "_on_change",
        "_owner",
        "_queries",
        "_rpc",
        "_scheduled",
        "_settings",
        "_settled",
        "_shared_wait",
        "cache",
    )

    def __init__(
        self,
        node_id: str,
        settings: LinkSettings,
        clock: Clock,
        name_queries: TokenBucket,
        on_change: Callable[[], None],
        *,
        owner: str = "",
    ) -> None:
        self._node_id = node_id
        self._owner = owner
        self._left: set[str] | None = None
        self._settings = settings
        self._clock = clock
        self._name_queries = name_queries
        self._on_change = on_change
        self.cache = SessionCache(settings.max_sessions_per_node)
        self._rpc: RpcConnection | None = None
        self._queries: list[tuple[float, str, tuple[float, ...]]] = []
        self._scheduled: set[str] = set()
        self._in_flight: set[str] = set()
        self._interrupted: set[str] = set()
        self._settled: anyio.Event | None = None
        self._last_refresh = self._shared_wait = 0.0
        self._creations = 0
        self._is_working = False

    def begin_creation(self) -> None:
        """This server requests a pipeline; ``end_creation`` must follow its outcome."""
        self._creations += 1

    def end_creation(self) -> None:
        """The creation has failed, or its pipeline was adopted."""
        self._creations -= 1
        self._on_change()

    def adopt(self, object_id: str, name: str, created_at: datetime) -> None:
        """Show a pipeline that this server created, under its name."""
        self.cache.adopt(object_id, name, created_at)
        self._check_settled()
        self._on_change()

    def clear(self) -> None:
        """Remove all pipelines: their process has ended."""
        self.cache.clear()
        self._interrupted.clear()

    def start(self, rpc: RpcConnection) -> None:
        """Watch over a new connection."""
        self._rpc = rpc
        self._last_refresh = self._clock.monotonic()

    def stop(self) -> None:
        """The connection is lost; the cache stays as it is."""
        self._rpc = None
        self._queries.clear()
        self._scheduled.clear()
        self._interrupted |= self._in_flight
        self._in_flight.clear()
        self._end_waits()

    def on_event(self, event: Event) -> None:
        """Handle an event of the server manager; others are ignored."""
        now = self._clock.now()
        if event.type == CREATED and is_pipeline_id(object_id := event.data.get("object")):
            created_at = to_datetime(
                event.data.get("timestampMillis"), milliseconds_per_unit=1, now=now
            )
            if self.cache.create(str(object_id), created_at, now=now):
                self._schedule_after(str(object_id), self._settings.name_delays)
                if self._queries[0][1] == object_id:  # else the next due time is the same
                    self._on_change()
        elif event.type == DESTROYED:
            destroyed = event.data.get("objectId")
            if is_pipeline_id(destroyed):
                was_shown = self.cache.is_shown(str(destroyed))
                self.cache.destroy(str(destroyed))
                self._check_settled()
                if was_shown:
                    self._on_change()

    async def subscribe(self, rpc: RpcConnection) -> None:
        """Subscribe to events; once in a session, as subscriptions outlive connections.

        Raises:
            UnreachableMediaServerError: It did not confirm in time.
        """
        for kind in (CREATED, DESTROYED):
            params = {"object": MANAGER, "type": kind}
            try:
                await rpc.request("subscribe", params, timeout_s=self._settings.request_timeout)
            except RefusedError as error:
                raise UnreachableMediaServerError(f"{NOT_KURENTO}: {error}") from error

    async def list_pipelines(self, rpc: RpcConnection) -> None:
        """List all pipelines of the node and apply the listing.

        ``getPipelines`` makes the media server keep every object for the session "", for any
        client; while that session is open, the pipelines of applications that crashed never end.
        So it is closed at once, before the reply: also if the connection is lost now.

        Raises:
            UnreachableMediaServerError: It did not reply with a list in time.
        """
        timeout_s = self._settings.request_timeout

        def end_listing() -> None:
            rpc.call("closeSession", _LISTING_SESSION, lambda _: None, timeout_s=timeout_s)

        if rpc.is_open and not rpc.can_send(_CALLS_PER_LISTING):
            raise UnreachableMediaServerError(BUSY)
        window = self.cache.open_window()
        try:
            listed = await rpc.invoke("getPipelines", timeout_s=timeout_s, then=end_listing)
        finally:
            self.cache.close_window(window)
        if not isinstance(listed, list):
            raise UnreachableMediaServerError(NOT_KURENTO)
        found = (str(object_id) for object_id in listed if is_pipeline_id(object_id))
        new = self.cache.apply_listing(found, window, now=self._clock.now())
        if self._left is None:
            self._left = set(new) if self._owner else set()
        for object_id in new:
            self._schedule_after(object_id, self._late_delays)
        self._warn_when_full()
        self._on_change()

    def resume_queries(self) -> None:
        """Repeat the queries that an earlier connection did not complete, with their unref."""
        for object_id in self.cache.object_ids():
            if object_id in self._interrupted or not self.cache.is_complete(object_id):
                self._schedule_after(object_id, self._late_delays)
        self._interrupted.clear()

    async def settle(self) -> None:
        """Query all names that were not queried yet, and wait for the replies.

        It takes ``settle_timeout`` at most.
        """
        if self._rpc is None or self.cache.is_settled:
            return
        now = self._clock.monotonic()
        self._queries = [
            (due if self.cache.is_shown(object_id) else now, object_id, later)
            for due, object_id, later in self._queries
        ]
        heapq.heapify(self._queries)
        settled = self._settled = self._settled or anyio.Event()
        self.work()
        self._check_settled()
        with anyio.move_on_after(self._settings.settle_timeout):
            await settled.wait()

    def show_all(self) -> None:
        """Show all pipelines, also those whose names are not known yet."""
        self.cache.show_all()
        self._check_settled()
        self._on_change()

    def next_due(self) -> float:
        """When the next query is due; infinite if there is none or too many are in flight."""
        if self._rpc is None or len(self._in_flight) >= self._settings.concurrent_queries:
            return math.inf
        due = self._queries[0][0] if self._queries and not self._creations else math.inf
        return min(due, self._next_refresh()) if self.cache.refreshable else due

    def work(self) -> None:
        """Send the queries that are due, as far as limits allow."""
        if self._is_working:
            return
        now = self._clock.monotonic()
        if not self._queries and not self.cache.refreshable:
            self._last_refresh = now
            return
        self._is_working = True
        while self._queries and self._queries[0][0] <= now and self._can_query_new():
            _, object_id, later = heapq.heappop(self._queries)
            self._scheduled.discard(object_id)
            self._query(object_id, later)
        if self._next_refresh() <= now and self._can_query():
            self._refresh_next_name(now)
        self._is_working = False

    @property
    def _late_delays(self) -> tuple[float, ...]:
        """For pipelines that are not new: query at once."""
        return (0.0, *self._settings.name_delays[1:])

    def _can_query(self) -> bool:
        return (
            self._rpc is not None
            and len(self._in_flight) < self._settings.concurrent_queries
            and self._rpc.can_send(_CALLS_PER_QUERY)
        )

    def _can_query_new(self) -> bool:
        """Whether a pipeline may be queried that this server may have created just now."""
        return not self._creations and self._can_query()

    def _next_refresh(self) -> float:
        """When the next name may be queried again."""
        pause = self._settings.name_interval / max(self.cache.refreshable, 1)
        rarest = max(pause, 1 / self._settings.name_queries_per_second, self._shared_wait)
        return self._last_refresh + rarest

    def _refresh_next_name(self, now: float) -> None:
        """Query one name again: no event reports that a name has changed."""
        self._last_refresh, self._shared_wait = now, 0.0
        object_id = self.cache.next_to_refresh()
        if object_id is not None and self._query(object_id, ()):
            self._shared_wait = self._name_queries.spend(1)

    def _schedule_after(self, object_id: str, delays: tuple[float, ...]) -> None:
        """Schedule queries of a pipeline, the later ones for while it has no name."""
        now = self._clock.monotonic()
        self._schedule(object_id, tuple(now + delay for delay in delays))

    def _schedule(self, object_id: str, times: tuple[float, ...]) -> None:
        """Schedule one query of an id at most, however often a node reports it as new."""
        if not times or object_id in self._scheduled:
            return
        if len(self._queries) > 2 * self._settings.max_sessions_per_node:
            self._drop_queries_of_ended()
        self._scheduled.add(object_id)
        heapq.heappush(self._queries, (times[0], object_id, times[1:]))

    def _drop_queries_of_ended(self) -> None:
        """Drop at least half of them: the cache holds no more, and each is scheduled once."""
        self._queries = [query for query in self._queries if query[1] in self.cache]
        heapq.heapify(self._queries)
        self._scheduled = {object_id for _, object_id, _ in self._queries}

    def _query(self, object_id: str, later: tuple[float, ...]) -> bool:
        """Query a pipeline, unless it has ended, is queried already, or is own."""
        is_foreign = object_id in self.cache and not self.cache.is_own(object_id)
        if self._rpc is None or not is_foreign or object_id in self._in_flight:
            return False
        self._in_flight.add(object_id)
        call = partial(self._rpc.call, timeout_s=self._settings.request_timeout)
        if self._left and object_id in self._left:
            request = invocation(object_id, "getTag", {"key": OWNER_TAG})
            call("invoke", request, partial(self._on_owner, self._rpc, object_id))
        call("invoke", invocation(object_id, "getName"), partial(self._on_name, object_id))
        if not self.cache.has_creation_time(object_id):
            request = invocation(object_id, "getCreationTime")
            call("invoke", request, partial(self._on_creation_time, object_id))
        end = partial(self._on_unref, self._rpc, object_id, later)
        call("unref", {"object": object_id}, end)
        return True

    def _on_owner(self, rpc: RpcConnection, object_id: str, outcome: Outcome) -> None:
        """Release a pipeline of an earlier process of this server; it is not shown."""
        if self._left is not None and isinstance(outcome, Result | Fault):
            self._left.discard(object_id)
        if not isinstance(outcome, Result) or outcome.value.get("value") != self._owner:
            return
        extra = {"media_node_id": self._node_id}
        log.info("pipeline that an earlier process has left is released", extra=extra)
        timeout_s = self._settings.request_timeout
        rpc.call("release", {"object": object_id}, lambda _: None, timeout_s=timeout_s)
        self.cache.destroy(object_id)

    def _on_name(self, object_id: str, outcome: Outcome) -> None:
        match outcome:
            case Result(value) if self.cache.set_name(object_id, value.get("value")):
                self._on_change()
            case Fault(code=code) if code == OBJECT_NOT_FOUND and self.cache.destroy(object_id):
                self._on_change()

    def _on_creation_time(self, object_id: str, outcome: Outcome) -> None:
        if isinstance(outcome, Result):
            now = self._clock.now()
            created_at = to_datetime(
                outcome.value.get("value"), milliseconds_per_unit=1000, now=now
            )
            if self.cache.set_creation_time(object_id, created_at):
                self._on_change()

    def _on_unref(
        self, rpc: RpcConnection, object_id: str, later: tuple[float, ...], outcome: Outcome
    ) -> None:
        if rpc is not self._rpc or not rpc.is_open:
            return
        self._in_flight.discard(object_id)
        self.cache.settle(object_id, is_last_try=not later)
        if object_id in self.cache and not self.cache.is_named(object_id):
            self._schedule(object_id, later)
        self.work()
        self._check_settled()
        self._on_change()

    def _warn_when_full(self) -> None:
        if self.cache.has_overflowed:
            self.cache.has_overflowed = False
            log.warning(
                "sessions beyond the limit are ignored",
                extra={
                    "media_node_id": self._node_id,
                    "limit": self._settings.max_sessions_per_node,
                },
            )

    def _check_settled(self) -> None:
        if self.cache.is_settled:
            self._end_waits()

    def _end_waits(self) -> None:
        if self._settled is not None:
            self._settled.set()
            self._settled = None
