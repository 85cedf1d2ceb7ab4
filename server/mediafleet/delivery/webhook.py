"""The webhook: each event is posted to one HTTP endpoint, at least once and in order."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
from typing_extensions import override

from mediafleet.delivery.reader import Reader
from mediafleet.delivery.receiver import (
    Delivery,
    Receiver,
    UndeliveredError,
    WebhookSettings,
    connected,
)
from mediafleet.domain.errors import (
    NoDeadLetterError,
    ReplayUnderWayError,
)
from mediafleet.domain.formats import to_milliseconds
from mediafleet.domain.ports import DeadLetter, Replay, WebhookState
from mediafleet.supervise import TICK_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.domain.events import StoredEvent
    from mediafleet.domain.ports import Store
    from mediafleet.services.event_log import EventLog

log = logging.getLogger(__name__)

MAX_REFUSALS = 5
"""Tries of an event that the receiver refuses with a 4xx."""
JITTER = 0.1
SAVE_INTERVAL_S = 5.0
BATCH = 100
"""The position is stored after so many events or seconds: the most that a crash makes it repeat."""
MAX_REPLAYS = 100
REPLAY_S = 30.0
"""How long a replay may go on before it leaves the rest to the next one."""


@dataclass(slots=True)
class Counters:
    """What happened since the start of the server.

    Attributes:
        delivered: Events that the receiver took.
        failures: Requests that failed.
        dead_letters: Events that the receiver refused for good.
        consecutive: Requests that failed since the last one that did not.
        problem: Why the last request failed; ``None`` if it did not.
    """

    delivered: int = 0
    failures: int = 0
    dead_letters: int = 0
    consecutive: int = 0
    problem: str | None = None


class Webhook(Reader):
    """Posts the events to the endpoint, in order, and never loses one that the store keeps.

    The position is stored after the events, so after a crash some of them are sent again, with the
    same ``webhook-id``. A new configuration ends the pause after a failure.

    Args:
        event_log: The events.
        settings: Returns the configuration in force.
        clock: For signatures and dead letters.
        random: For jitter.

    Attributes:
        counters: What happened since the start of the server.
        lost: While delivery is best effort, events that the receiver did not take are among them.
    """

    NAME = "webhook"

    def __init__(
        self,
        event_log: EventLog,
        settings: Callable[[], WebhookSettings],
        clock: Clock,
        random: Random,
    ) -> None:
        super().__init__(event_log)
        self._settings = settings
        self._clock = clock
        self._random = random
        self._next_try: float | None = None
        self._is_replaying = False
        self.counters = Counters()

    @property
    @override
    def is_on(self) -> bool:
        return self._settings().is_on

    @override
    async def _read(self, store: Store, beat: Callable[[], None]) -> None:
        """Deliver until cancelled.

        Raises:
            UnusableAuthoritiesError: The file of certificate authorities is of no use.
            StoreUnavailableError: The store does not respond; the next run goes on.
        """
        settings = self._settings()
        async with connected(settings) as receiver:
            await self._deliver(store, settings, receiver, beat)

    def state(self) -> WebhookState:
        """Return what it does now."""
        settings, counters = self._settings(), self.counters
        return WebhookState(
            is_on=settings.is_on,
            host=urlsplit(settings.endpoint).hostname if settings.is_on else None,
            lag=self.lag,
            delivered=counters.delivered,
            failures=counters.failures,
            consecutive_failures=counters.consecutive,
            dead_letters=counters.dead_letters,
            lost=self.lost,
            problem=counters.problem if settings.is_on else None,
            next_try=self._next_try_time(),
        )

    async def replay(self, store: Store, sequences: Iterable[int] | None) -> Replay:
        """Send dead letters again, until the receiver is not reached or the time is over.

        Args:
            store: Keeps them.
            sequences: Numbers of events; the oldest if ``None``. At most 100 are sent.

        Raises:
            NoDeadLetterError: There is none with one of the numbers; nothing was sent.
            ReplayUnderWayError: Another replay has not ended.
            UnusableAuthoritiesError: The file of certificate authorities is of no use.
            StoreUnavailableError: The store does not respond.
        """
        if self._is_replaying:
            raise ReplayUnderWayError
        self._is_replaying = True
        try:
            if sequences is None:
                letters: Iterable[DeadLetter] = await store.dead_letters(limit=MAX_REPLAYS)
            else:
                letters = [await _dead_letter(store, each) for each in dict.fromkeys(sequences)]
            return await self._replay(store, letters)
        finally:
            self._is_replaying = False

    async def _replay(self, store: Store, letters: Iterable[DeadLetter]) -> Replay:
        settings = self._settings()
        if not settings.is_on:
            return Replay((), "the webhook is off")
        delivered: list[int] = []
        problem: str | None = None
        # Over a connection of its own, so that neither delays or ends the other.
        async with connected(settings) as receiver:
            end = anyio.current_time() + REPLAY_S
            for letter in letters:
                if anyio.current_time() >= end:
                    break
                try:
                    await receiver.post(letter.event, self._now_s())
                except UndeliveredError as error:
                    problem = error.reason
                    if error.is_refused:  # another event may be accepted
                        continue
                    break
                await store.delete_dead_letter(letter.event.sequence)
                delivered.append(letter.event.sequence)
        return Replay(tuple(delivered), problem)

    async def _deliver(
        self,
        store: Store,
        settings: WebhookSettings,
        receiver: Receiver,
        beat: Callable[[], None],
    ) -> None:
        self._position = position = stored = await self._started(store)
        saved_at = self._clock.monotonic()
        try:
            while True:
                beat()
                if self._must_save(position - stored, saved_at):
                    await store.set_reader_position(self.NAME, position)
                    stored, saved_at = position, self._clock.monotonic()
                position = self._skip_deleted(position)
                events = await self._events.read(position, BATCH)
                if not events:
                    with anyio.move_on_after(TICK_S if position == stored else SAVE_INTERVAL_S):
                        await self._events.wait_beyond(position)
                for event in events:
                    if event.name in settings.events:
                        await self._deliver_one(event, store, settings, receiver, beat)
                    self._position = position = event.sequence
                    if self._must_save(position - stored, saved_at):
                        break
        finally:
            if position != stored:
                with anyio.CancelScope(shield=True):
                    await store.set_reader_position(self.NAME, position)

    def _must_save(self, moved: int, saved_at: float) -> bool:
        return moved >= BATCH or (
            moved > 0 and self._clock.monotonic() - saved_at >= SAVE_INTERVAL_S
        )

    async def _deliver_one(
        self,
        event: StoredEvent,
        store: Store,
        settings: WebhookSettings,
        receiver: Receiver,
        beat: Callable[[], None],
    ) -> None:
        """Send an event until the receiver takes it, or refuses it for good."""
        tries = refusals = 0
        while True:
            try:
                await receiver.post(event, self._now_s())
            except UndeliveredError as error:
                self._note_failure(event, error)
                refusals += error.is_refused
                if settings.delivery is Delivery.BEST_EFFORT:
                    self.lost += 1
                    return
                if refusals >= MAX_REFUSALS:
                    await self._give_up(event, error, store)
                    return
                pause = settings.schedule[min(tries, len(settings.schedule) - 1)]
                pause *= self._random.uniform(1 - JITTER, 1 + JITTER)
                tries += 1
                await self._pause(max(pause, error.retry_after or 0.0), beat)
            else:
                self.counters.delivered += 1
                if self.counters.problem is not None:
                    log.warning("the receiver of the webhook takes events again")
                self.counters.consecutive, self.counters.problem = 0, None
                return

    async def _give_up(self, event: StoredEvent, error: UndeliveredError, store: Store) -> None:
        self.counters.dead_letters += 1
        log.error(
            "an event is undeliverable: the receiver refuses it",
            extra={"sequence": event.sequence, "event": event.name, "reason": error.reason},
        )
        at = to_milliseconds(self._clock.now())
        await store.add_dead_letter(self.NAME, DeadLetter(event, error.reason, at))

    def _note_failure(self, event: StoredEvent, error: UndeliveredError) -> None:
        self.counters.failures += 1
        self.counters.consecutive += 1
        if error.reason != self.counters.problem:
            self.counters.problem = error.reason
            log.warning(
                "the receiver of the webhook did not take an event",
                extra={"sequence": event.sequence, "event": event.name, "reason": error.reason},
            )

    async def _pause(self, seconds: float, beat: Callable[[], None]) -> None:
        self._next_try = end = anyio.current_time() + seconds
        try:
            while (left := end - anyio.current_time()) > 0:
                beat()
                await anyio.sleep(min(left, TICK_S))
        finally:
            self._next_try = None

    def _next_try_time(self) -> datetime | None:
        if self._next_try is None:
            return None
        return self._clock.now() + timedelta(seconds=self._next_try - anyio.current_time())

    def _now_s(self) -> int:
        return int(self._clock.now().timestamp())


async def _dead_letter(store: Store, sequence: int) -> DeadLetter:
    letters = await store.dead_letters(sequence - 1, 1)
    if not letters or letters[0].event.sequence != sequence:
        raise NoDeadLetterError(sequence)
    return letters[0]
