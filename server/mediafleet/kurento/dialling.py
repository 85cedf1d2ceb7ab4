"""Makes WebSockets to media servers: only to checked addresses, within one time for everything."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import anyio
from websockets.uri import WebSocketURI

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.addresses import Resolver
from mediafleet.kurento.connection import WebSocket
from mediafleet.kurento.exchange import no_answer
from mediafleet.kurento.refusals import DIAL_ERRORS, reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.domain.addresses import Network
    from mediafleet.domain.uri import MediaServerUri
    from mediafleet.kurento.addresses import Endpoint
    from mediafleet.kurento.connection import Receiver
    from mediafleet.kurento.settings import LinkSettings

_TLS_FAREWELL_S = 1.0
_GIVEN_UP = "it was given up"
_TLS_SLACK_S = 1.0  # our own clock is to strike first, it knows the better reason


class Dialler:
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

    async def dial(
        self,
        uri: MediaServerUri,
        receiver: Receiver,
        within: Sequence[Network] | None = None,
        *,
        address: str | None = None,
    ) -> str:
        """Open a WebSocket; the receiver is given it, possibly before this returns.

        Args:
            uri: Where to.
            receiver: Of what comes in.
            within: Networks the address has to be in, besides the allowed ones.
            address: What the host of the uri stands for, if that is known already; it is checked
                like any other.

        Returns:
            The address that was dialled.

        Raises:
            UnreachableMediaServerError: It was not opened within ``handshake_timeout``.
        """
        timeout = self._settings.handshake_timeout
        late = f"its host name was not resolved within {timeout:g} s"
        try:
            with anyio.fail_after(timeout) as scope:
                endpoints = await self._resolver.resolve(
                    address or uri.host, uri.port, self._settings.allowed_networks, within
                )
                late = _late_connection(uri, timeout)
                websocket, endpoint = await self._connect(uri, endpoints, receiver, scope.deadline)
                late = no_answer(timeout)
                await _shake_hands(websocket)
        except TimeoutError:
            raise UnreachableMediaServerError(late) from None
        except DIAL_ERRORS as error:
            raise UnreachableMediaServerError(reason_of(error)) from error
        return str(endpoint.address)

    async def _connect(
        self,
        uri: MediaServerUri,
        endpoints: Sequence[Endpoint],
        receiver: Receiver,
        deadline: float,
    ) -> tuple[WebSocket, Endpoint]:
        """A connection to the first address that accepts one; the time is shared."""
        for left, endpoint in zip(range(len(endpoints), 1, -1), endpoints, strict=False):
            share = (deadline - anyio.current_time()) / left
            try:
                with anyio.fail_after(share):
                    return await self._connect_to(endpoint, uri, receiver), endpoint
            except OSError:
                continue
        return await self._connect_to(endpoints[-1], uri, receiver), endpoints[-1]

    async def _connect_to(
        self, endpoint: Endpoint, uri: MediaServerUri, receiver: Receiver
    ) -> WebSocket:
        """A TCP connection to exactly this address, and TLS where the uri wants it."""
        websocket = WebSocket(
            receiver,
            WebSocketURI(uri.is_secure, uri.host, uri.port, uri.path, "", None, None),
            max_message_size=self._settings.max_message_size,
            flood_timeout=self._settings.flood_timeout,
        )
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: websocket, str(endpoint.address), endpoint.port, **self._tls_options(uri)
            )
        except BaseException:
            websocket.end(_GIVEN_UP)  # not every event loop tells it that its transport is gone
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
            "ssl_shutdown_timeout": _TLS_FAREWELL_S,
        }


def _tls_context(settings: LinkSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.ca_file)


def _late_connection(uri: MediaServerUri, timeout_s: float) -> str:
    if uri.is_secure:
        return f"it does not accept connections, or does not answer in TLS, within {timeout_s:g} s"
    return f"it did not accept a connection within {timeout_s:g} s"


async def _shake_hands(websocket: WebSocket) -> None:
    try:
        await websocket.handshake
    except BaseException:
        websocket.end(_GIVEN_UP)
        raise
