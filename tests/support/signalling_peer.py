"""A participant of a call that speaks the signalling and sends no media."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_S = 10.0
"""How long the SDK waits for an answer."""

_MEDIA = """c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:4ZcD
a=ice-pwd:2/1muCWoOi3uLifh0NuRHlig
a=ice-options:trickle
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a={direction}
a=rtcp-mux
"""
_OFFER = f"""v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
{_MEDIA}a=mid:0
a=rtpmap:111 opus/48000/2
a=ssrc:1001 cname:peer
m=video 9 UDP/TLS/RTP/SAVPF 96
{_MEDIA}a=mid:1
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack pli
a=ssrc:1002 cname:peer
"""


class RequestFailedError(Exception):
    """The server answered a request with an error, or not at all."""


def offer(direction: str) -> str:
    """The SDP that a browser would offer, in as far as a Media Node reads it."""
    text = _OFFER.format(direction=direction, fingerprint=":".join(["7B"] * 32))
    return text.replace("\n", "\r\n")


class Peer:
    """One socket.

    Args:
        url: Of the signalling, such as ``ws://127.0.0.1:5443/openvidu``.
        on_notification: Called with the method and the parameters of each notification.
    """

    def __init__(
        self, url: str, on_notification: Callable[[str, dict[str, Any]], None] = lambda *_: None
    ) -> None:
        self._url = url
        self._on_notification = on_notification
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._websocket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None

    async def open(self, group: asyncio.TaskGroup) -> None:
        """Connect; the group reads until the end."""
        websocket = self._websocket = await connect(
            self._url, compression=None, ping_interval=None, proxy=None, open_timeout=30
        )
        self._reading = group.create_task(self._read(websocket))

    async def close(self) -> None:
        """Close the socket, if it was opened."""
        if self._websocket is not None and self._reading is not None:
            self._reading.cancel()
            await self._websocket.close()

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a request.

        Raises:
            RequestFailedError: It is an error, or there was no answer within the limit.
        """
        number = self._count
        self._count += 1
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        frame = {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
        assert self._websocket is not None, "open() comes first"
        try:
            await self._websocket.send(json.dumps(frame))
            async with asyncio.timeout(LIMIT_S):
                answer = await reply
        except (TimeoutError, ConnectionClosed) as error:
            raise RequestFailedError(f"{method} is not answered: {error!r}") from error
        finally:
            self._replies.pop(number, None)
        if "error" in answer:
            raise RequestFailedError(f"{method} is answered {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    async def join(self, token: str, session: str, metadata: str = "") -> dict[str, Any]:
        return await self.ask(
            "joinRoom",
            token=token,
            session=session,
            platform="Peer",
            metadata=metadata,
            secret="",
            recorder=False,
        )

    async def publish(self) -> dict[str, Any]:
        return await self.ask(
            "publishVideo",
            sdpOffer=offer("sendonly"),
            doLoopback=False,
            hasAudio=True,
            hasVideo=True,
            audioActive=True,
            videoActive=True,
            typeOfVideo="CAMERA",
            frameRate=15,
            videoDimensions='{"width":640,"height":480}',
        )

    async def receive(self, stream: str) -> dict[str, Any]:
        return await self.ask("receiveVideoFrom", sender=stream, sdpOffer=offer("recvonly"))

    async def trickle(self, connection: str, count: int) -> None:
        """Send candidates for one's own endpoint or for that of somebody else's stream."""
        for number in range(count):
            await self.ask(
                "onIceCandidate",
                endpointName=connection,
                candidate=f"candidate:{number} 1 udp {2**31} 192.0.2.{number + 1} 50000 typ host",
                sdpMid=str(number % 2),
                sdpMLineIndex=number % 2,
            )

    async def _read(self, websocket: ClientConnection) -> None:
        try:
            async for message in websocket:
                frame = json.loads(message)
                if "id" not in frame:
                    self._on_notification(frame["method"], frame["params"])
                elif (reply := self._replies.get(frame["id"])) is not None and not reply.done():
                    reply.set_result(frame)
        except ConnectionClosed:
            pass
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(RequestFailedError("the server closed the socket"))
