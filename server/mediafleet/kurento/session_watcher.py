"""Watches the pipelines of one node and keeps none of them alive: a query is followed by unref."""

from __future__ import annotations

import heapq
import logging
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.protocol import OBJECT_NOT_FOUND, Fault, Result, moment
from mediafleet.kurento.rpc import BUSY, MANAGER, NOT_KURENTO, RefusedError, invocation
from mediafleet.kurento.session_cache import SessionCache, is_pipeline_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.domain.cluster import Session
    from mediafleet.domain.ports import Clock
    from mediafleet.kurento.protocol import Event, Outcome
    from mediafleet.kurento.rpc import RpcConnection
    from mediafleet.kurento.settings import LinkSettings
    from mediafleet.kurento.shared import TokenBucket

CREATED, DESTROYED = "ObjectCreated", "ObjectDestroyed"

_CALLS_PER_LISTING = 2
_CALLS_PER_QUESTION = 3
_LISTING_SESSION = {"sessionId": ""}

log = logging.getLogger(__name__)


class SessionWatcher:
    """Follows the sessions of one node over all its connections.

    To ask a pipeline anything makes the media server keep it for our session. So each question is
    followed by ``unref`` in the same breath; the media server works through a connection in order.

    Args:
        node_id: Whose sessions.
        settings: Bounds.
        clock: The time.
        renewals: How many names may be asked again in a second, of all nodes together.
        on_change: Called when the sessions, or what is due next, changed.
    """

    __slots__ = (
        "_asking",
        "_cache",
        "_clock",
        "_interrupted",
        "_is_working",
        "_last_turn",
        "_node_id",
        "_on_change",
        "_planned",
        "_questions",
        "_renewals",
        "_rpc",
        "_settings",
        "_settled",
        "_shared_pause",
    )

    def __init__(
        self,
        node_id: str,
        settings: LinkSettings,
        clock: Clock,
        renewals: TokenBucket,
        on_change: Callable[[], None],
    ) -> None:
        self._node_id = node_id
        self._settings = settings
        self._clock = clock
        self._renewals = renewals
        self._on_change = on_change
        self._cache = SessionCache(settings.max_sessions_per_node)
        self._rpc: RpcConnection | None = None
        self._questions: list[tuple[float, str, tuple[float, ...]]] = []
        self._planned: set[str] = set()
        self._asking: set[str] = set()
        self._interrupted: set[str] = set()
        self._settled = anyio.Event()
        self._last_turn = self._shared_pause = 0.0
        self._is_working = False

    def sessions(self) -> tuple[Session, ...]:
        """As last learnt."""
        return self._cache.sessions()

    def object_ids(self) -> tuple[str, ...]:
        """Of the pipelines, as the node says them."""
        return self._cache.object_ids()

    def forget(self) -> None:
        """The process that held the pipelines is no more."""
        self._cache.clear()
        self._interrupted.clear()

    def begin(self, rpc: RpcConnection) -> None:
        """Watch over a new connection; what was asked over the old one is asked again."""
        self._rpc = rpc
        self._last_turn = self._clock.monotonic()

    def pause(self) -> None:
        """The connection is lost; the cache stays as it is."""
        self._rpc = None
        self._questions.clear()
        self._planned.clear()
        self._interrupted |= self._asking
        self._asking.clear()
        self._settled.set()

    def on_event(self, event: Event) -> None:
        """Follow what the server manager tells; everything else is passed over."""
        now = self._clock.now()
        if event.type == CREATED and is_pipeline_id(object_id := event.data.get("object")):
            told = moment(event.data.get("timestampMillis"), milliseconds_per_unit=1, now=now)
            if self._cache.create(str(object_id), told, now=now):
                self._expect(str(object_id), self._settings.name_delays)
                if self._questions[0][1] == object_id:  # else nothing changed, not even what is due
                    self._on_change()
        elif event.type == DESTROYED:
            destroyed = event.data.get("objectId")
            if is_pipeline_id(destroyed):
                was_shown = self._cache.is_shown(str(destroyed))
                self._cache.destroy(str(destroyed))
                self._check_settled()
                if was_shown:
                    self._on_change()

    async def subscribe(self, rpc: RpcConnection) -> None:
        """Ask for events; once in a session, as subscriptions outlive connections.

        Raises:
            UnreachableMediaServerError: It did not agree in time.
        """
        for kind in (CREATED, DESTROYED):
            params = {"object": MANAGER, "type": kind}
            try:
                await rpc.ask("subscribe", params, timeout_s=self._settings.request_timeout)
            except RefusedError as error:
                raise UnreachableMediaServerError(f"{NOT_KURENTO}: {error}") from error

    async def list_pipelines(self, rpc: RpcConnection) -> None:
        """Ask the node for all its pipelines and follow the answer.

        ``getPipelines`` makes the media server keep every object for the session "", whoever asks;
        with that session left open, the pipelines of applications that crashed would never end.
        It is closed in the same breath, so that it is closed even if the connection is lost now.

        Raises:
            UnreachableMediaServerError: It did not answer with a list in time.
        """
        timeout_s = self._settings.request_timeout

        def end_listing() -> None:
            rpc.call("closeSession", _LISTING_SESSION, lambda _: None, timeout_s=timeout_s)

        if rpc.is_open and not rpc.has_room_for(_CALLS_PER_LISTING):
            raise UnreachableMediaServerError(BUSY)
        window = self._cache.open_window()
        try:
            listed = await rpc.invoke("getPipelines", timeout_s=timeout_s, then=end_listing)
        finally:
            self._cache.close_window(window)
        if not isinstance(listed, list):
            raise UnreachableMediaServerError(NOT_KURENTO)
        found = (str(object_id) for object_id in listed if is_pipeline_id(object_id))
        for object_id in self._cache.follow(found, window, now=self._clock.now()):
            self._expect(object_id, self._late_delays)
        self._warn_when_full()
        self._on_change()

    def ask_again(self) -> None:
        """Ask for what an earlier connection left open: names, times, and to be let go."""
        for object_id in self._cache.object_ids():
            if object_id in self._interrupted or not self._cache.is_complete(object_id):
                self._expect(object_id, self._late_delays)
        self._interrupted.clear()

    async def settle(self) -> None:
        """Ask all pipelines for their names that were not asked yet, and wait for the answers.

        It takes ``settle_timeout`` at most.
        """
        if self._rpc is None or self._cache.is_settled:
            return
        now = self._clock.monotonic()
        self._questions = [
            (due if self._cache.is_shown(object_id) else now, object_id, later)
            for due, object_id, later in self._questions
        ]
        heapq.heapify(self._questions)
        self.work()
        if self._settled.is_set():
            self._settled = anyio.Event()
        self._check_settled()
        with anyio.move_on_after(self._settings.settle_timeout):
            await self._settled.wait()

    def show_all(self) -> None:
        """Show all pipelines, also those whose names are not known yet."""
        self._cache.show_all()
        self._check_settled()
        self._on_change()

    def next_due(self) -> float | None:
        """When there is a question to ask; ``None`` while there is none or no room for one."""
        if self._rpc is None or len(self._asking) >= self._settings.asks_at_once:
            return None
        dues = [self._questions[0][0]] if self._questions else []
        if len(self._cache):
            dues.append(self._next_turn())
        return min(dues, default=None)

    def work(self) -> None:
        """Ask what is due, as far as there is room."""
        if self._is_working:
            return
        self._is_working = True
        now = self._clock.monotonic()
        while self._questions and self._questions[0][0] <= now and self._has_room():
            _, object_id, later = heapq.heappop(self._questions)
            self._planned.discard(object_id)
            if object_id in self._cache and object_id not in self._asking:
                self._ask(object_id, later)
        if self._next_turn() <= now and self._has_room():
            self._ask_again_in_turn(now)
        self._is_working = False

    @property
    def _late_delays(self) -> tuple[float, ...]:
        """For pipelines that are not new: ask at once."""
        return (0.0, *self._settings.name_delays[1:])

    def _has_room(self) -> bool:
        return (
            self._rpc is not None
            and len(self._asking) < self._settings.asks_at_once
            and self._rpc.has_room_for(_CALLS_PER_QUESTION)
        )

    def _next_turn(self) -> float:
        """When the next pipeline may be asked for its name again."""
        pause = self._settings.name_interval / max(len(self._cache), 1)
        rarest = max(pause, 1 / self._settings.names_per_second, self._shared_pause)
        return self._last_turn + rarest

    def _ask_again_in_turn(self, now: float) -> None:
        """Ask one pipeline for its name, which may have changed: no event tells of that."""
        self._last_turn, self._shared_pause = now, 0.0
        object_id = self._cache.next_in_turn()
        if object_id is not None and object_id not in self._asking:
            self._shared_pause = self._renewals.spend(1)
            self._ask(object_id, ())

    def _expect(self, object_id: str, delays: tuple[float, ...]) -> None:
        """Plan to ask a pipeline after these seconds, the later ones while it has no name."""
        now = self._clock.monotonic()
        self._plan(object_id, tuple(now + delay for delay in delays))

    def _plan(self, object_id: str, times: tuple[float, ...]) -> None:
        """Keep one question for an id at most, however often a node says that it is new."""
        if not times or object_id in self._planned:
            return
        if len(self._questions) > 2 * self._settings.max_sessions_per_node:
            self._forget_questions_about_the_gone()
        self._planned.add(object_id)
        heapq.heappush(self._questions, (times[0], object_id, times[1:]))

    def _forget_questions_about_the_gone(self) -> None:
        """Drop at least half of them: the cache holds no more, and each is queried once."""
        self._questions = [ask for ask in self._questions if ask[1] in self._cache]
        heapq.heapify(self._questions)
        self._planned = {object_id for _, object_id, _ in self._questions}

    def _ask(self, object_id: str, later: tuple[float, ...]) -> None:
        if self._rpc is None:
            return
        self._asking.add(object_id)
        call = partial(self._rpc.call, timeout_s=self._settings.request_timeout)
        call("invoke", invocation(object_id, "getName"), partial(self._on_name, object_id))
        if not self._cache.is_dated(object_id):
            question = invocation(object_id, "getCreationTime")
            call("invoke", question, partial(self._on_creation_time, object_id))
        end = partial(self._on_unref, self._rpc, object_id, later)
        call("unref", {"object": object_id}, end)

    def _on_name(self, object_id: str, outcome: Outcome) -> None:
        match outcome:
            case Result(value) if self._cache.set_name(object_id, value.get("value")):
                self._on_change()
            case Fault(code=code) if code == OBJECT_NOT_FOUND and self._cache.destroy(object_id):
                self._on_change()

    def _on_creation_time(self, object_id: str, outcome: Outcome) -> None:
        if isinstance(outcome, Result):
            now = self._clock.now()
            told = moment(outcome.value.get("value"), milliseconds_per_unit=1000, now=now)
            if self._cache.set_creation_time(object_id, told):
                self._on_change()

    def _on_unref(
        self, rpc: RpcConnection, object_id: str, later: tuple[float, ...], outcome: Outcome
    ) -> None:
        if rpc is not self._rpc or not rpc.is_open:
            return
        self._asking.discard(object_id)
        self._cache.settle(object_id, is_last_try=not later)
        if object_id in self._cache and not self._cache.is_named(object_id):
            self._plan(object_id, later)
        self.work()
        self._check_settled()
        self._on_change()

    def _warn_when_full(self) -> None:
        if self._cache.has_overflowed:
            self._cache.has_overflowed = False
            log.warning(
                "sessions beyond the limit are not seen",
                extra={
                    "media_node_id": self._node_id,
                    "limit": self._settings.max_sessions_per_node,
                },
            )

    def _check_settled(self) -> None:
        if self._cache.is_settled:
            self._settled.set()
