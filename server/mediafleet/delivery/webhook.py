"""The webhook: each event is posted to one HTTP endpoint, at least once and in order."""

from __future__ import annotations

import base64
import hmac
import logging
import socket
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import httpcore
import orjson
from typing_extensions import override

import mediafleet
from mediafleet import tracing
from mediafleet.domain.endpoints import may_be_dialled, unmapped
from mediafleet.domain.errors import (
    MediafleetError,
    NoDeadLetterError,
    ReplayUnderWayError,
    UnavailableError,
)
from mediafleet.domain.formats import to_milliseconds
from mediafleet.domain.ports import DeadLetter, Replay, WebhookState
from mediafleet.supervise import TICK_S
from mediafleet.texts import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path
    from random import Random

    from mediafleet.domain.endpoints import Network
    from mediafleet.domain.events import StoredEvent
    from mediafleet.domain.ports import Clock, Store
    from mediafleet.services.event_log import EventLog

log = logging.getLogger(__name__)

READER = "webhook"
"""The name under which the position is stored."""
TIMEOUT_S = 15.0
BODY_S = 5.0
"""How long the body of a response is read."""
CONNECT_S = 4.0
"""How long each address of a receiver that has further ones may take to accept a connection."""
MAX_RESPONSE_BYTES = 65536
MAX_REFUSALS = 5
"""Tries of an event that the receiver refuses with a 4xx."""
MAX_RETRY_AFTER_S = 3600.0
SCHEDULE_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 28800.0)
"""Pauses between the tries at a receiver that does not take an event, about a day in all; the last
one is repeated for as long as the store keeps the events."""
JITTER = 0.1
SAVE_INTERVAL_S = 1.0
BATCH = 100
MAX_REPLAYS = 100
REPLAY_S = 30.0
"""How long a replay may go on before it leaves the rest to the next one."""
CLOSE_S = 5.0

_RETRIED_4XX = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
_MAX_REASON = 200
_FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    OSError,
)


class Delivery(StrEnum):
    """What becomes of an event that the receiver does not take."""

    AT_LEAST_ONCE = "at-least-once"
    """It is sent again until it is taken, and later ones wait."""
    BEST_EFFORT = "best-effort"
    """It is lost, as with OpenVidu."""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """What the configuration says.

    Attributes:
        is_on: Whether events are sent at all.
        endpoint: ``http://`` or ``https://`` URL.
        headers: Names and values added to each request.
        events: Names of the events that are sent.
        secret: Key of the signatures; ``None``: there are none.
        networks: Where the receiver's address must be.
        ca_file: Certificate authorities; the system's if ``None``.
        delivery: What becomes of an event that the receiver does not take.
        schedule: Seconds between the tries.
    """

    is_on: bool
    endpoint: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    events: frozenset[str] = frozenset()
    secret: bytes | None = None
    networks: tuple[Network, ...] = ()
    ca_file: Path | None = None
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    schedule: tuple[float, ...] = SCHEDULE_S


class UndeliveredError(MediafleetError):
    """The receiver did not take an event.

    Attributes:
        reason: Why, for people; without anything that is secret.
        is_refused: It will not take this event later either.
        retry_after: Seconds that the receiver asks to wait.
    """

    def __init__(
        self, reason: str, *, is_refused: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason, self.is_refused, self.retry_after = reason, is_refused, retry_after


class UnusableAuthoritiesError(UnavailableError):
    """The file of certificate authorities cannot be read or holds none."""

    @override
    def __str__(self) -> str:
        return "MEDIAFLEET_WEBHOOK_CA_FILE cannot be read or holds no certificate"


@dataclass(slots=True)
class Counters:
    """What happened since the start of the server.

    Attributes:
        delivered: Events that the receiver took.
        failures: Requests that failed.
        dead_letters: Events that the receiver refused for good.
        lost: Events that were deleted from the store before they were delivered, or that the
            receiver did not take while delivery is best effort.
        consecutive: Requests that failed since the last one that did not.
        problem: Why the last request failed; ``None`` if it did not.
    """

    delivered: int = 0
    failures: int = 0
    dead_letters: int = 0
    lost: int = 0
    consecutive: int = 0
    problem: str | None = None


class Receiver:
    """Sends requests to the endpoint over a connection that is kept; only one at a time.

    Args:
        settings: Of the endpoint.

    Raises:
        UnusableAuthoritiesError: The file of certificate authorities is of no use.
    """

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._url = httpcore.URL(settings.endpoint)
        self._headers = [(name.encode(), value.encode()) for name, value in settings.headers]
        names = {name.lower() for name, _ in self._headers}
        self._headers += [
            (name, value)
            for name, value in (
                (b"Host", _host_header(self._url)),
                (b"Content-Type", b"application/json"),
                (b"User-Agent", f"mediafleet/{mediafleet.__version__}".encode()),
            )
            if name.lower() not in names
        ]
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls_context(settings.ca_file),
            max_connections=1,
            keepalive_expiry=60.0,
            network_backend=_CheckedBackend(settings.networks),
        )

    async def aclose(self) -> None:
        """Close the connection."""
        await self._pool.aclose()

    async def post(self, event: StoredEvent, now_s: int) -> None:
        """Send an event.

        Args:
            event: Which.
            now_s: Seconds since the epoch, for the signature.

        Raises:
            UndeliveredError: The receiver did not take it within the time limit.
        """
        attributes: dict[str, str | int] = {
            "mediafleet.event.name": event.name,
            "mediafleet.event.sequence": event.sequence,
        }
        with tracing.span("deliver event", attributes):
            await self._post(event, now_s)

    async def _post(self, event: StoredEvent, now_s: int) -> None:
        body = orjson.dumps({**event.payload, "event": event.name})
        headers = self._headers + self._signed(event, body, now_s)
        try:
            with anyio.fail_after(TIMEOUT_S):
                status, retry_after = await self._send(headers, body)
        except TimeoutError:
            raise UndeliveredError(f"no answer within {TIMEOUT_S:g} s") from None
        except _FAILURES as error:
            raise UndeliveredError(_reason_of(error)) from None
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise UndeliveredError(
                f"answered HTTP {status}",
                is_refused=HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
                and status not in _RETRIED_4XX,
                retry_after=retry_after,
            )

    async def _send(
        self, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> tuple[int, float | None]:
        async with self._pool.stream("POST", self._url, headers=headers, content=body) as response:
            # The body is read only so that the connection can be used again: what is wrong with it
            # does not change that the receiver has answered.
            with anyio.move_on_after(BODY_S), suppress(*_FAILURES):
                read = 0
                async for part in response.aiter_stream():
                    read += len(part)
                    if read > MAX_RESPONSE_BYTES:  # the connection is closed with the response
                        break
            return response.status, _retry_after(response.headers)

    def _signed(self, event: StoredEvent, body: bytes, now_s: int) -> list[tuple[bytes, bytes]]:
        """Return the headers of https://www.standardwebhooks.com."""
        identifier = f"{event.sequence}-{event.hash[:16]}".encode()
        at = b"%d" % now_s
        headers = [
            (b"Content-Length", b"%d" % len(body)),
            (b"Idempotency-Key", identifier),
            (b"webhook-id", identifier),
            (b"webhook-timestamp", at),
        ]
        if self._settings.secret is not None:
            signed = b".".join((identifier, at, body))
            code = base64.b64encode(hmac.digest(self._settings.secret, signed, sha256))
            headers.append((b"webhook-signature", b"v1," + code))
        return headers


class Webhook:
    """Posts the events to the endpoint, in order, and never loses one that the store keeps.

    The position is stored after the events, so after a crash some of them are sent again, with the
    same ``webhook-id``.

    Args:
        event_log: The events.
        settings: Returns the configuration in force.
        clock: For signatures and dead letters.
        random: For jitter.

    Attributes:
        counters: What happened since the start of the server.
    """

    def __init__(
        self,
        event_log: EventLog,
        settings: Callable[[], WebhookSettings],
        clock: Clock,
        random: Random,
    ) -> None:
        self._events = event_log
        self._settings = settings
        self._clock = clock
        self._random = random
        self._scope: anyio.CancelScope | None = None
        self._start: int | None = None
        self._position: int | None = None
        self._next_try: float | None = None
        self._is_replaying = False
        self.counters = Counters()

    @property
    def lag(self) -> int:
        """How many events are not handled yet; 0 while the webhook is off."""
        return 0 if self._position is None else self._events.newest - self._position

    def configure(self) -> None:
        """Go on with the configuration that is in force now; the pause after a failure ends."""
        if self._start is None and self._settings().is_on:
            self._start = self._events.newest
        if self._scope is not None:
            self._scope.cancel()

    async def begin(self, store: Store) -> None:
        """Store where to begin, before there are events of this server.

        Raises:
            StoreUnavailableError: The store does not respond.
        """
        if self._settings().is_on:
            self._start, self._position = self._events.newest, None
            self._position = await self._started(store)

    async def run(self, store: Store, beat: Callable[[], None]) -> None:
        """Deliver until cancelled.

        Raises:
            UnusableAuthoritiesError: The file of certificate authorities is of no use.
            StoreUnavailableError: The store does not respond; the next run goes on.
        """
        while True:
            with anyio.CancelScope() as self._scope:
                settings = self._settings()
                if settings.is_on:
                    async with _receiver(settings) as receiver:
                        await self._deliver(store, settings, receiver, beat)
                else:
                    await self._rest(store, beat)

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
            lost=counters.lost,
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
        async with _receiver(settings) as receiver:
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

    async def _rest(self, store: Store, beat: Callable[[], None]) -> None:
        """Forget the position, so that nothing of the time without a webhook is sent later."""
        self._start = self._position = None
        if await store.reader_position(READER) is not None:
            await store.set_reader_position(READER, None)
        while True:
            beat()
            await anyio.sleep(TICK_S)

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
                if position != stored and self._clock.monotonic() - saved_at >= SAVE_INTERVAL_S:
                    await store.set_reader_position(READER, position)
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
                    if self._clock.monotonic() - saved_at >= SAVE_INTERVAL_S:
                        break
        finally:
            if position != stored:
                with anyio.CancelScope(shield=True):
                    await store.set_reader_position(READER, position)

    async def _started(self, store: Store) -> int:
        """Return the stored position, or store where to begin.

        If the store takes no position any more, that of the run before is newer.
        """
        if self._position is not None:
            return self._position
        stored = await store.reader_position(READER)
        if stored is None or stored > self._events.newest:
            stored = self._events.newest if self._start is None else self._start
            await store.set_reader_position(READER, stored)
        return stored

    def _skip_deleted(self, position: int) -> int:
        missing = self._events.deleted_after(position)
        if missing:
            self.counters.lost += missing
            log.error("events were deleted before they were delivered", extra={"events": missing})
        return position + missing

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
                    self.counters.lost += 1
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
        await store.add_dead_letter(READER, DeadLetter(event, error.reason, at))

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


@asynccontextmanager
async def _receiver(settings: WebhookSettings) -> AsyncIterator[Receiver]:
    receiver = await anyio.to_thread.run_sync(Receiver, settings)
    try:
        yield receiver
    finally:
        with anyio.move_on_after(CLOSE_S, shield=True):
            await receiver.aclose()


async def _dead_letter(store: Store, sequence: int) -> DeadLetter:
    letters = await store.dead_letters(sequence - 1, 1)
    if not letters or letters[0].event.sequence != sequence:
        raise NoDeadLetterError(sequence)
    return letters[0]


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects only to addresses in allowed networks: what is checked is what is dialled."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        self._backend = httpcore.AnyIOBackend()

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        passed = [
            str(address)
            for address in dict.fromkeys(unmapped(ip_address(name[0])) for *_, name in found)
            if may_be_dialled(address, self._networks)
        ]
        if not passed:
            raise httpcore.ConnectError(_FORBIDDEN)
        for address in passed[:-1]:
            with anyio.move_on_after(CONNECT_S), suppress(*_FAILURES):
                return await self._backend.connect_tcp(address, port, timeout, local_address)
        return await self._backend.connect_tcp(passed[-1], port, timeout, local_address)


_FORBIDDEN = (
    "its address is not one that may be dialled: it must be in a network of "
    "MEDIAFLEET_WEBHOOK_NETWORKS and not link-local or that of a cloud's metadata"
)


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise UnusableAuthoritiesError from error


def _host_header(url: httpcore.URL) -> bytes:
    default = {b"http": 80, b"https": 443}[url.scheme]
    return url.host if url.port in (None, default) else b"%b:%d" % (url.host, url.port)


def _reason_of(error: Exception) -> str:
    if isinstance(error, httpcore.LocalProtocolError):  # its text would hold the header
        return "a header of OPENVIDU_WEBHOOK_HEADERS cannot be sent"
    return one_line(str(error), _MAX_REASON) or type(error).__name__


def _retry_after(headers: Sequence[tuple[bytes, bytes]]) -> float | None:
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit():
            return min(float(value[:9]), MAX_RETRY_AFTER_S)
    return None
