"""Opens WebSockets to media servers: only to checked addresses, within one timeout."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections import deque
from contextlib import suppress
from http import HTTPStatus
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING, Any

import anyio
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.uri import WebSocketURI

from mediafleet.domain.endpoints import is_in, may_be_dialled, unmapped
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.protocol import clean
from mediafleet.kurento.rpc import no_reply_reason
from mediafleet.kurento.websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.domain.endpoints import Address, MediaServerUri, Network
    from mediafleet.kurento.settings import LinkSettings
    from mediafleet.kurento.websocket import Receiver


MAX_ADDRESSES = 8
MAX_LOOKUPS = 64


class Resolver:
    """Finds the addresses of hosts.

    A look-up cannot be cancelled: the thread of a name that does not resolve stays blocked. So each
    name has one daemon thread at most, which does not delay the exit of the process.

    Args:
        limit: Most look-ups at once; others wait.
    """

    def __init__(self, limit: int = MAX_LOOKUPS) -> None:
        self._free = limit
        self._waiting: deque[str] = deque()
        self._found: dict[str, asyncio.Future[tuple[Address, ...]]] = {}

    async def resolve(
        self,
        host: str,
        allowed: Sequence[Network],
        within: Sequence[Network] | None = None,
    ) -> tuple[Address, ...]:
        """Return at most eight addresses of a host that may be dialled, in the resolver's order.

        The caller bounds the time.

        Raises:
            UnreachableMediaServerError: The host is not known, or all its addresses are forbidden.
        """
        addresses = await self._addresses_of(host)
        passed = [address for address in addresses if may_be_dialled(address, allowed)]
        if not passed:
            raise UnreachableMediaServerError(
                "its address is not one that may be dialled: it must be in a network of "
                "MEDIAFLEET_ALLOWED_NODE_NETWORKS and not link-local, multicast, unspecified or "
                "that of a cloud's metadata, and so must be any IPv4 address that it stands for"
            )
        if within is not None and not (passed := [each for each in passed if is_in(each, within)]):
            raise UnreachableMediaServerError(
                "its address is neither that of the registering connection nor in a network of "
                "MEDIAFLEET_REGISTRAR_NETWORKS"
            )
        return tuple(passed[:MAX_ADDRESSES])

    async def _addresses_of(self, host: str) -> tuple[Address, ...]:
        try:
            return (unmapped(ip_address(host)),)
        except ValueError:
            pass
        if host not in self._found:
            self._found[host] = asyncio.get_running_loop().create_future()
            self._waiting.append(host)
            self._begin()
        addresses = await asyncio.shield(self._found[host])  # others may wait for it too
        if not addresses:
            raise UnreachableMediaServerError("its host name cannot be resolved")
        return addresses

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._free:
            args = (loop, self._waiting[0])
            Thread(target=self._run_lookup, args=args, name="look-up", daemon=True).start()
            self._waiting.popleft()
            self._free -= 1

    def _run_lookup(self, loop: asyncio.AbstractEventLoop, host: str) -> None:
        """Run in a thread of its own."""
        addresses = _resolve(host)
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._end, host, addresses)

    def _end(self, host: str, addresses: tuple[Address, ...]) -> None:
        self._free += 1
        self._found.pop(host).set_result(addresses)
        self._begin()


def _resolve(host: str) -> tuple[Address, ...]:
    """Return the addresses; none if the name is not known."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        return tuple(dict.fromkeys(unmapped(ip_address(str(name[0]))) for *_, name in found))
    except (OSError, ValueError):
        return ()


DIAL_ERRORS = (OSError, InvalidHandshake)

_CERTIFICATE_FAULTS = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed and no authority vouches for it",
    19: "it is signed by an authority that is not trusted",
    20: "it is signed by an authority that is not trusted",
    21: "it is signed by an authority that is not trusted",
    62: "it was issued for another host name",
    64: "it was issued for another address",
}
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}
_REDIRECTS = range(300, 400)


def reason_of(error: OSError | InvalidHandshake) -> str:
    """Describe an error of a connection attempt."""
    if isinstance(error, ssl.SSLCertVerificationError):
        fault = _CERTIFICATE_FAULTS.get(
            error.verify_code, f"verification failed with code {error.verify_code}"
        )
        return f"its TLS certificate is refused: {fault}"
    if isinstance(error, ssl.SSLError):
        return _tls_reason(error)
    if isinstance(error, InvalidHandshake):
        return _handshake_reason(error)
    return _network_reason(error)


def _tls_reason(error: ssl.SSLError) -> str:
    if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return "it does not speak TLS on this port; the uri of a plain one begins with ws://"
    return f"the TLS handshake failed ({clean(error.reason, 60) or 'no reason given'})"


def _handshake_reason(error: InvalidHandshake) -> str:
    if not isinstance(error, InvalidStatus):
        return "it does not answer as a WebSocket server does"
    status = error.response.status_code
    if status in _REDIRECTS:
        return f"it answered with a redirect (HTTP {status}), which is not followed"
    if status == HTTPStatus.BAD_REQUEST:
        return "it answered HTTP 400; does it expect TLS, with a uri that begins with wss://?"
    return f"it answered HTTP {status} instead of opening a WebSocket"


def _network_reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, ConnectionError):
        return "it closed the connection during the handshake; is it ws:// or wss://?"
    if error.errno in _NO_ROUTE:
        return "there is no route to its address"
    name = errno.errorcode.get(error.errno or 0, "unknown error")
    return f"the connection failed ({name})"


_TLS_SHUTDOWN_S = 1.0
_CANCELLED = "the attempt was cancelled"
_TLS_SLACK_S = 1.0  # our own timeout comes first: it gives the better reason


class Connector:
    """Opens connections.

    Args:
        settings: Bounds, allowed networks, certificate authorities.

    Raises:
        OSError: The file of certificate authorities cannot be read or holds none.
    """

    def __init__(self, settings: LinkSettings) -> None:
        self._settings = settings
        self._resolver = Resolver()
        self._tls = None if settings.ca_file is None else _tls_context(settings)

    async def connect(
        self,
        uri: MediaServerUri,
        receiver: Receiver,
        within: Sequence[Network] | None = None,
        *,
        address: str | None = None,
    ) -> str:
        """Open a WebSocket; `on_open` of the receiver gets it, possibly before this returns.

        Args:
            uri: Of the media server.
            receiver: Of the events.
            within: Networks that the address must be in, besides the allowed ones.
            address: Of the host of the uri, if it is known already; it is checked like any other.

        Returns:
            The address that was dialled.

        Raises:
            UnreachableMediaServerError: It was not opened within ``handshake_timeout``.
        """
        timeout = self._settings.handshake_timeout
        timeout_reason = f"its host name was not resolved within {timeout:g} s"
        try:
            with anyio.fail_after(timeout) as scope:
                addresses = await self._resolver.resolve(
                    address or uri.host, self._settings.allowed_networks, within
                )
                timeout_reason = _connect_timeout_reason(uri, timeout)
                websocket, dialled = await self._connect(uri, addresses, receiver, scope.deadline)
                timeout_reason = no_reply_reason(timeout)
                await _wait_for_handshake(websocket)
        except TimeoutError:
            raise UnreachableMediaServerError(timeout_reason) from None
        except DIAL_ERRORS as error:
            raise UnreachableMediaServerError(reason_of(error)) from error
        return str(dialled)

    async def _connect(
        self,
        uri: MediaServerUri,
        addresses: Sequence[Address],
        receiver: Receiver,
        deadline: float,
    ) -> tuple[WebSocket, Address]:
        """Connect to the first address that accepts; the addresses share the time."""
        for left, address in zip(range(len(addresses), 1, -1), addresses, strict=False):
            share = (deadline - anyio.current_time()) / left
            try:
                with anyio.fail_after(share):
                    return await self._connect_to(address, uri, receiver), address
            except OSError:
                continue
        return await self._connect_to(addresses[-1], uri, receiver), addresses[-1]

    async def _connect_to(
        self, address: Address, uri: MediaServerUri, receiver: Receiver
    ) -> WebSocket:
        """Connect to exactly this address, with TLS if the uri has it."""
        websocket = WebSocket(
            receiver,
            WebSocketURI(uri.is_secure, uri.host, uri.port, uri.path, "", None, None),
            max_message_size=self._settings.max_message_size,
            flood_timeout=self._settings.flood_timeout,
        )
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: websocket, str(address), uri.port, **self._tls_options(uri)
            )
        except BaseException:
            websocket.abort(_CANCELLED)  # not every event loop calls connection_lost here
            raise
        return websocket

    def _tls_options(self, uri: MediaServerUri) -> dict[str, Any]:
        if not uri.is_secure:
            return {}
        if self._tls is None:
            self._tls = _tls_context(self._settings)
        return {
            "ssl": self._tls,
            "server_hostname": uri.host.removesuffix("."),
            "ssl_handshake_timeout": self._settings.handshake_timeout + _TLS_SLACK_S,
            "ssl_shutdown_timeout": _TLS_SHUTDOWN_S,
        }


def _tls_context(settings: LinkSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.ca_file)


def _connect_timeout_reason(uri: MediaServerUri, timeout_s: float) -> str:
    if uri.is_secure:
        return f"it does not accept connections, or does not answer in TLS, within {timeout_s:g} s"
    return f"it did not accept a connection within {timeout_s:g} s"


async def _wait_for_handshake(websocket: WebSocket) -> None:
    try:
        await websocket.handshake
    except BaseException:
        websocket.abort(_CANCELLED)
        raise
