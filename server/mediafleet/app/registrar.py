"""The registrar: media servers register themselves by WebSocket, beside the API."""

from __future__ import annotations

import hmac
import json
import logging
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from mediafleet.contract import AUTHENTICATED
from mediafleet.domain.endpoints import unmapped
from mediafleet.domain.errors import MediafleetError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mediafleet.contract import FailedLogins
    from mediafleet.services.additions import Registrations

PREFIX = "/registrar/"
MAX_FRAME_CHARACTERS = 4096
MAX_REGISTRANTS = 1000
TIMEOUT_S = 10.0

_WRONG_TOKEN = "its path or token is wrong"  # noqa: S105 - a reason
_POLICY_VIOLATION, _TOO_LARGE, _TRY_AGAIN_LATER = 1008, 1009, 1013

log = logging.getLogger(__name__)


class InvalidRegistrationError(Exception):
    """A frame is no registration of Kurento; the message says why."""


class RegistrarMiddleware:
    """ASGI middleware that serves WebSockets and passes all other requests to the application.

    A media server that was added stays connected. One that was rejected is disconnected after a
    delay only, since it connects again within 100 ms.

    Args:
        app: Serves everything else.
        registrations: Adds the media servers.
        token: Last part of the path.
        failed_logins: Counts wrong tokens.
        timeout: Seconds for the first frame, and until a rejected one is disconnected.
        most: Connections at once.
    """

    def __init__(
        self,
        app: ASGIApp,
        registrations: Registrations,
        token: str,
        failed_logins: FailedLogins,
        *,
        timeout: float = TIMEOUT_S,
        most: int = MAX_REGISTRANTS,
    ) -> None:
        self._app = app
        self._registrations = registrations
        self._failed_logins = failed_logins
        self._path = f"{PREFIX}{token}".encode()
        self._timeout = timeout
        self._most = most
        self._registrants = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        peer = _peer_of(scope)
        reason = self._reason_to_refuse(scope, peer)
        # uvicorn logs the path from this very scope.
        scope.update(path=f"{PREFIX}TOKEN", raw_path=b"", query_string=b"")
        websocket = WebSocket(scope, receive, send)
        if reason is _WRONG_TOKEN:
            await self._failed_logins.note(scope)
            await websocket.close()
            return
        if peer is None or reason is not None:
            log.warning("registrant refused", extra={"peer": str(peer), "reason": reason})
            await websocket.close()  # before it is accepted: 403
            return
        if note := scope["extensions"].get(AUTHENTICATED):
            note()
        self._registrants += 1
        try:
            await websocket.accept()
            await self._serve(websocket, peer)
        except WebSocketDisconnect:
            return
        finally:
            self._registrants -= 1

    def _reason_to_refuse(self, scope: Scope, peer: IPv4Address | IPv6Address | None) -> str | None:
        path = str(scope["path"]).encode("utf-8", "surrogatepass")
        if peer is None or not self._registrations.may_register(peer):
            return "its address is in no network of MEDIAFLEET_REGISTRAR_NETWORKS"
        if not hmac.compare_digest(path, self._path):
            return _WRONG_TOKEN
        if self._registrants >= self._most:
            return "there are too many"
        return None

    async def _serve(self, websocket: WebSocket, peer: IPv4Address | IPv6Address) -> None:
        first: Message | None = None
        with anyio.move_on_after(self._timeout):
            first = await websocket.receive()
            if first["type"] == "websocket.disconnect":
                return
            if len(first.get("text") or "") > MAX_FRAME_CHARACTERS:
                await websocket.close(_TOO_LARGE)
                return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._register, websocket, peer, first, name=f"registrar of {peer}")
            if (await websocket.receive())["type"] != "websocket.disconnect":
                log.warning(
                    "registrant disconnected, it sent a second message", extra={"peer": str(peer)}
                )
                await websocket.close(_POLICY_VIOLATION)
            tasks.cancel_scope.cancel()

    async def _register(
        self, websocket: WebSocket, peer: IPv4Address | IPv6Address, first: Message | None
    ) -> None:
        try:
            await self._registrations.register(peer, _read(first))
        except InvalidRegistrationError as error:
            await self._reject(websocket, peer, _POLICY_VIOLATION, str(error))
        except MediafleetError as error:
            await self._reject(websocket, peer, _TRY_AGAIN_LATER, str(error))

    async def _reject(
        self, websocket: WebSocket, peer: IPv4Address | IPv6Address, code: int, reason: str
    ) -> None:
        log.warning("media server not added", extra={"peer": str(peer), "reason": reason})
        await anyio.sleep(self._timeout)
        await websocket.close(code)


def _peer_of(scope: Scope) -> IPv4Address | IPv6Address | None:
    """The address of the TCP peer; headers are never used."""
    try:
        return unmapped(ip_address((scope.get("client") or ("",))[0]))
    except ValueError:
        return None


def _read(message: Message | None) -> str:
    """Return the endpoint in a registration."""
    if message is None:
        raise InvalidRegistrationError("it sent nothing")
    text = message.get("text")
    if text is None:
        raise InvalidRegistrationError("it sent no text")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRegistrationError("it sent no JSON") from None
    match frame:
        case {"jsonrpc": "2.0", "method": "register", "params": {"ws": str(uri)}}:
            return uri
    raise InvalidRegistrationError("it sent no registration")
