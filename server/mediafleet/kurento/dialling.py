"""Makes WebSockets to media servers: only to checked addresses, within one time for everything."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
from picows import ws_connect

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.uri import DEFAULT_PORTS, MediaServerUri
from mediafleet.kurento.addresses import resolve
from mediafleet.kurento.connection import LibraryLog, WebSocket
from mediafleet.kurento.refusals import DIAL_ERRORS, reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.domain.ports import Clock
    from mediafleet.kurento.addresses import Endpoint
    from mediafleet.kurento.connection import Receiver
    from mediafleet.kurento.settings import LinkSettings

_TLS_FAREWELL_S = 1.0
_LIBRARY_SLACK_S = 1.0
_READ_BUFFER = 2048

_library_log = LibraryLog(logging.getLogger(__name__), None)


class Dialler:
    """Opens connections.

    Args:
        settings: Bounds, allowed networks, certificate authorities.
        clock: The time.

    Raises:
        OSError: The file of certificate authorities cannot be read or holds none.
    """

    def __init__(self, settings: LinkSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._tls = None if settings.ca_file is None else _tls_context(settings)

    async def dial(self, uri: MediaServerUri, receiver: Receiver) -> str:
        """Open a WebSocket; the receiver is given it, possibly before this returns.

        Returns:
            The address that was dialled.

        Raises:
            UnreachableMediaServerError: It was not opened within ``handshake_timeout``.
        """
        timeout = self._settings.handshake_timeout
        deadline = self._clock.monotonic() + timeout
        late = f"its host name was not resolved within {timeout:g} s"
        try:
            with anyio.fail_after(timeout):
                endpoints = await resolve(uri.host, uri.port, self._settings.allowed_networks)
                late = f"it did not accept a connection within {timeout:g} s"
                connected, endpoint = await self._connect(endpoints, deadline)
                late = f"it accepts connections but does not answer within {timeout:g} s"
                await self._shake_hands(uri, connected, receiver, deadline)
        except TimeoutError:
            raise UnreachableMediaServerError(late) from None
        except DIAL_ERRORS as error:
            raise UnreachableMediaServerError(reason_of(error)) from error
        return str(endpoint.address)

    async def _connect(
        self, endpoints: Sequence[Endpoint], deadline: float
    ) -> tuple[socket.socket, Endpoint]:
        """A TCP connection to the first address that accepts one; the time is shared."""
        for left, endpoint in zip(range(len(endpoints), 1, -1), endpoints, strict=False):
            share = (deadline - self._clock.monotonic()) / left
            try:
                with anyio.fail_after(share):
                    return await _connect(endpoint), endpoint
            except OSError:
                continue
        return await _connect(endpoints[-1]), endpoints[-1]

    async def _shake_hands(
        self, uri: MediaServerUri, connected: socket.socket, receiver: Receiver, deadline: float
    ) -> None:
        settings = self._settings
        websocket = WebSocket(
            receiver,
            max_message_size=settings.max_message_size,
            max_frames=settings.max_frames,
        )
        left = max(deadline - self._clock.monotonic(), 0.001)
        try:
            await ws_connect(
                lambda *_: websocket,
                _url_of(uri),
                ssl_context=self._tls_of(uri),
                websocket_handshake_timeout=left + _LIBRARY_SLACK_S,
                logger_name=_library_log,
                enable_auto_pong=False,
                max_frame_size=settings.max_message_size,
                extra_headers={"Host": _host_header(uri)},
                max_redirects=0,
                read_buffer_init_size=_READ_BUFFER,
                socket_factory=lambda _: connected,
                use_aiofastnet=False,
                **_tls_options(uri, left + _LIBRARY_SLACK_S),
            )
        except BaseException:
            _shut(connected)
            raise
        if not websocket.has_opened:
            raise ConnectionResetError

    def _tls_of(self, uri: MediaServerUri) -> ssl.SSLContext | None:
        if not uri.is_secure:
            return None
        if self._tls is None:
            self._tls = _tls_context(self._settings)
        return self._tls


def _tls_context(settings: LinkSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.ca_file)


def _tls_options(uri: MediaServerUri, timeout_s: float) -> dict[str, Any]:
    if not uri.is_secure:
        return {}
    return {
        "server_hostname": uri.host.removesuffix("."),
        "ssl_handshake_timeout": timeout_s,
        "ssl_shutdown_timeout": _TLS_FAREWELL_S,
    }


async def _connect(endpoint: Endpoint) -> socket.socket:
    """A TCP connection to exactly this address."""
    dialling = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        dialling.settimeout(0)
        await asyncio.get_running_loop().sock_connect(dialling, endpoint.name)
    except BaseException:
        dialling.close()
        raise
    return dialling


def _shut(connected: socket.socket) -> None:
    """Cut a TCP connection whoever holds it now: the library lets go of it when it reads its end.

    Without this a handshake that is given up would keep its socket until its own timeout.
    """
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _host_header(uri: MediaServerUri) -> str:
    host = f"[{uri.host}]" if ":" in uri.host else uri.host
    return host if uri.port == DEFAULT_PORTS[uri.scheme] else f"{host}:{uri.port}"


def _url_of(uri: MediaServerUri) -> str:
    host = f"[{uri.host}]" if ":" in uri.host else uri.host
    return f"{uri.scheme}://{host}:{uri.port}{uri.path}"
