"""Makes WebSockets to media servers: only to checked addresses, within one time for everything."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, Any

import anyio
from websockets.uri import WebSocketURI

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.addresses import resolve
from mediafleet.kurento.connection import WebSocket
from mediafleet.kurento.refusals import DIAL_ERRORS, reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.domain.ports import Clock
    from mediafleet.domain.uri import MediaServerUri
    from mediafleet.kurento.addresses import Endpoint
    from mediafleet.kurento.connection import Receiver
    from mediafleet.kurento.settings import LinkSettings

_TLS_FAREWELL_S = 1.0
_TLS_SLACK_S = 1.0  # our own clock is to strike first, it knows the better reason


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
                await self._shake_hands(uri, connected, receiver)
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
        self, uri: MediaServerUri, connected: socket.socket, receiver: Receiver
    ) -> None:
        websocket = WebSocket(
            receiver,
            WebSocketURI(uri.is_secure, uri.host, uri.port, uri.path, "", None, None),
            max_message_size=self._settings.max_message_size,
            max_frames=self._settings.max_frames,
        )
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: websocket, sock=connected, **self._tls_options(uri)
            )
        except BaseException:
            connected.close()  # not every event loop does that
            raise
        try:
            await websocket.handshake
        except BaseException:
            websocket.end("it was given up")
            raise

    def _tls_options(self, uri: MediaServerUri) -> dict[str, Any]:
        if not uri.is_secure:
            return {}
        if self._tls is None:
            self._tls = _tls_context(self._settings)
        return {
            "ssl": self._tls,
            "server_hostname": uri.host.removesuffix("."),
            "ssl_handshake_timeout": self._settings.handshake_timeout + _TLS_SLACK_S,
            "ssl_shutdown_timeout": _TLS_FAREWELL_S,
        }


def _tls_context(settings: LinkSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.ca_file)


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
