"""The receiver of the webhook: one HTTP request at a time, to a checked address only."""

from __future__ import annotations

import asyncio
import base64
import hmac
import socket
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import anyio
import httpcore
import orjson
from typing_extensions import override

import mediafleet
from mediafleet import tracing
from mediafleet.domain.endpoints import may_be_dialled, unmapped
from mediafleet.domain.errors import MediafleetError, UnavailableError
from mediafleet.texts import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from mediafleet.domain.endpoints import Network
    from mediafleet.domain.events import StoredEvent

TIMEOUT_S = 15.0
BODY_S = 5.0
"""How long the body of a response is read."""
CONNECT_S = 4.0
"""How long each address of a receiver that has further ones may take to accept a connection."""
KEEP_ALIVE_S = 60.0
MAX_RESPONSE_BYTES = 65536
MAX_RETRY_AFTER_S = 3600.0
SCHEDULE_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 28800.0)
"""Pauses between the tries at a receiver that does not take an event, about a day in all; the last
one is repeated for as long as the store keeps the events."""
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
        self._tls = _tls_context(settings.ca_file)
        self._connection: httpcore.AsyncHTTP11Connection | None = None

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.aclose()

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
        connection = await self._connected()
        async with connection.stream("POST", self._url, headers=headers, content=body) as response:
            # The body is read only so that the connection can be used again: what is wrong with it
            # does not change that the receiver has answered.
            with anyio.move_on_after(BODY_S), suppress(*_FAILURES):
                read = 0
                async for part in response.aiter_stream():
                    read += len(part)
                    if read > MAX_RESPONSE_BYTES:  # the connection is closed with the response
                        break
            return response.status, _retry_after(response.headers)

    async def _connected(self) -> httpcore.AsyncHTTP11Connection:
        """Return the connection, or a new one if that cannot be used again."""
        kept = self._connection
        if kept is not None:
            if kept.is_available() and not kept.has_expired():
                return kept
            await kept.aclose()
        stream = _Stream(*await self._dial())
        self._connection = httpcore.AsyncHTTP11Connection(
            self._url.origin, stream, keepalive_expiry=KEEP_ALIVE_S
        )
        return self._connection

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to an address in the allowed networks: what is checked is what is dialled."""
        host, port = self._url.host.decode(), self._url.origin.port
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        passed = [
            str(address)
            for address in dict.fromkeys(unmapped(ip_address(name[0])) for *_, name in found)
            if may_be_dialled(address, self._settings.networks)
        ]
        if not passed:
            raise httpcore.ConnectError(_FORBIDDEN)
        tls: dict[str, Any] = {}
        if self._url.scheme == b"https":
            tls = {"ssl": self._tls, "server_hostname": host}
        for address in passed[:-1]:
            with anyio.move_on_after(CONNECT_S), suppress(*_FAILURES):
                return await asyncio.open_connection(address, port, **tls)
        return await asyncio.open_connection(passed[-1], port, **tls)

    def _signed(self, event: StoredEvent, body: bytes, now_s: int) -> list[tuple[bytes, bytes]]:
        """Return the headers of https://www.standardwebhooks.com."""
        identifier = event.unique_id.encode()
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


@asynccontextmanager
async def connected(settings: WebhookSettings) -> AsyncIterator[Receiver]:
    """Return a receiver, and close its connection at the end.

    Raises:
        UnusableAuthoritiesError: The file of certificate authorities is of no use.
    """
    receiver = await anyio.to_thread.run_sync(Receiver, settings)
    try:
        yield receiver
    finally:
        with anyio.move_on_after(CLOSE_S, shield=True):
            await receiver.aclose()


class _Stream(httpcore.AsyncNetworkStream):
    """A connection of asyncio, which costs half of that of httpcore's own at each request.

    What is written is sent when the answer is read, so head and body of a request are one packet.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._unsent: list[bytes] = []

    @override
    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._unsent.append(buffer)

    @override
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            self._writer.write(b"".join(self._unsent))
            self._unsent.clear()
        return await self._reader.read(max_bytes)

    @override
    async def aclose(self) -> None:
        # To close it would wait for what a receiver that reads nothing has not taken.
        self._writer.transport.abort()

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._reader.at_eof() if info == "is_readable" else None


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
    host = b"[%b]" % url.host if b":" in url.host else url.host
    return host if url.port in (None, default) else b"%b:%d" % (host, url.port)


def _reason_of(error: Exception) -> str:
    if isinstance(error, httpcore.LocalProtocolError):  # its text would hold the header
        return "a header of OPENVIDU_WEBHOOK_HEADERS cannot be sent"
    return one_line(str(error), _MAX_REASON) or type(error).__name__


def _retry_after(headers: Sequence[tuple[bytes, bytes]]) -> float | None:
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit():
            return min(float(value[:9]), MAX_RETRY_AFTER_S)
    return None
