"""The door for media servers that announce themselves, by WebSocket beside the API."""

from __future__ import annotations

import hmac
import json
import logging
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from mediafleet.domain.endpoints import unmapped
from mediafleet.domain.errors import MediafleetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mediafleet.configuration import Configuration
    from mediafleet.contract import FailedLogins
    from mediafleet.services.additions import Registrations

PREFIX = "/registrar/"
MAX_FRAME_BYTES = 4096
MAX_REGISTRANTS = 1000
PATIENCE_S = 10.0

_WRONG_TOKEN = "its path or token is wrong"  # noqa: S105 - a reason
_POLICY_VIOLATION, _TRY_AGAIN_LATER = 1008, 1013

log = logging.getLogger(__name__)


def websocket_options(configuration: Configuration) -> Mapping[str, Any]:
    """What uvicorn is told of WebSockets; without a registrar there are none."""
    if configuration.registrar_token is None:
        return {"ws": "none"}
    return {
        "ws": "websockets-sansio",
        "ws_max_size": MAX_FRAME_BYTES,
        "ws_per_message_deflate": False,
    }


class BadAnnouncementError(Exception):
    """A frame is none of Kurento's registrar; says what is wrong with it."""


class RegistrarDoor:
    """Serves WebSockets, and hands everything else on to the application behind it.

    A media server that was taken in stays connected as long as it lives. One that was not is let
    go only after a while, since it comes back within 100 ms.

    Args:
        app: Serves everything else.
        registrations: Takes media servers in.
        token: Last part of the path.
        failed_logins: Is told of wrong tokens.
        patience: Seconds for the first frame, and until one that was not taken in is let go.
        most: Connections at once.
    """

    def __init__(
        self,
        app: ASGIApp,
        registrations: Registrations,
        token: str,
        failed_logins: FailedLogins,
        *,
        patience: float = PATIENCE_S,
        most: int = MAX_REGISTRANTS,
    ) -> None:
        self._app = app
        self._registrations = registrations
        self._failed_logins = failed_logins
        self._path = f"{PREFIX}{token}".encode()
        self._patience = patience
        self._most = most
        self._registrants = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        peer = _peer_of(scope)
        refusal = self._refusal(scope, peer)
        # uvicorn logs the path from this very scope.
        scope.update(path=f"{PREFIX}TOKEN", raw_path=b"", query_string=b"")
        websocket = WebSocket(scope, receive, send)
        if refusal is _WRONG_TOKEN:
            await self._failed_logins.note(scope)
            await websocket.close()
            return
        if peer is None or refusal is not None:
            log.warning("registrant refused", extra={"peer": str(peer), "reason": refusal})
            await websocket.close()  # before it is accepted: 403
            return
        self._registrants += 1
        try:
            await websocket.accept()
            await self._serve(websocket, peer)
        except WebSocketDisconnect:
            return
        finally:
            self._registrants -= 1

    def _refusal(self, scope: Scope, peer: IPv4Address | IPv6Address | None) -> str | None:
        path = str(scope["path"]).encode("utf-8", "surrogatepass")
        if peer is None or not self._registrations.may_come_from(peer):
            return "its address is in no network of MEDIAFLEET_REGISTRAR_NETWORKS"
        if not hmac.compare_digest(path, self._path):
            return _WRONG_TOKEN
        if self._registrants >= self._most:
            return "there are too many"
        return None

    async def _serve(self, websocket: WebSocket, peer: IPv4Address | IPv6Address) -> None:
        first: Message | None = None
        with anyio.move_on_after(self._patience):
            first = await websocket.receive()
            if first["type"] == "websocket.disconnect":
                return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._take_in, websocket, peer, first, name=f"registrar of {peer}")
            if (await websocket.receive())["type"] != "websocket.disconnect":
                log.warning("registrant let go, it says too much", extra={"peer": str(peer)})
                await websocket.close(_POLICY_VIOLATION)
            tasks.cancel_scope.cancel()

    async def _take_in(
        self, websocket: WebSocket, peer: IPv4Address | IPv6Address, first: Message | None
    ) -> None:
        try:
            await self._registrations.register(peer, _read(first))
        except BadAnnouncementError as error:
            await self._let_go(websocket, peer, _POLICY_VIOLATION, str(error))
        except MediafleetError as error:
            await self._let_go(websocket, peer, _TRY_AGAIN_LATER, str(error))

    async def _let_go(
        self, websocket: WebSocket, peer: IPv4Address | IPv6Address, code: int, reason: str
    ) -> None:
        log.warning("media server not taken in", extra={"peer": str(peer), "reason": reason})
        await anyio.sleep(self._patience)
        await websocket.close(code)


def _peer_of(scope: Scope) -> IPv4Address | IPv6Address | None:
    """Who is at the other end of the TCP connection; headers are never asked."""
    try:
        return unmapped(ip_address((scope.get("client") or ("",))[0]))
    except ValueError:
        return None


def _read(message: Message | None) -> str:
    """The endpoint in an announcement."""
    if message is None:
        raise BadAnnouncementError("it announced nothing")
    text = message.get("text")
    if text is None or len(text) > MAX_FRAME_BYTES:
        raise BadAnnouncementError(f"it sent no text of at most {MAX_FRAME_BYTES} bytes")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise BadAnnouncementError("it sent no JSON") from None
    match frame:
        case {"jsonrpc": "2.0", "method": "register", "params": {"ws": str(uri)}}:
            return uri
    raise BadAnnouncementError("it sent something else than an announcement")
