"""Sessions whose browsers have no media: made over REST, joined over the WebSocket."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support.cluster_client import add
from support.live import mediafleet
from support.media import offer
from support.rpc_browser import Browser, Json, browser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from mediafleet.emulator import EmulatedCluster

SESSIONS = "/openvidu/api/sessions"


async def new_session(api: httpx.AsyncClient, **properties: Any) -> str:
    """Create a session; return its id."""
    response = await api.post(SESSIONS, json=properties)
    assert response.status_code == 200, response.text
    return response.json()["id"]  # type: ignore[no-any-return]


async def new_token(api: httpx.AsyncClient, session_id: str, **properties: Any) -> str:
    """Create a connection; return its token, as a page gets it."""
    response = await api.post(f"{SESSIONS}/{session_id}/connection", json=properties)
    assert response.status_code == 200, response.text
    return response.json()["token"]  # type: ignore[no-any-return]


@dataclass(slots=True)
class Participant:
    """A browser that has joined.

    Attributes:
        page: Its socket.
        joined: The result of joinRoom.
        token: With which it joined.
    """

    page: Browser
    joined: Json
    token: str

    @property
    def id(self) -> str:
        """Of its connection."""
        return self.joined["id"]  # type: ignore[no-any-return]

    @property
    def rpc_session(self) -> str:
        """Of its JSON-RPC session."""
        return self.joined["sessionId"]  # type: ignore[no-any-return]

    async def publish(self, **params: Any) -> Json:
        """Publish a stream; return the result."""
        return await self.page.call("publishVideo", **published(**params))

    async def subscribe(self, stream_id: str) -> Json:
        """Receive a stream; return the result."""
        return await self.page.call(
            "receiveVideoFrom", sender=stream_id, sdpOffer=offer("subscribe")
        )


def published(**params: Any) -> Json:
    """Parameters of publishVideo, as both SDKs send them."""
    return {
        "sdpOffer": offer(),
        "doLoopback": False,
        "hasAudio": True,
        "hasVideo": True,
        "audioActive": True,
        "videoActive": True,
        "typeOfVideo": "CAMERA",
        "frameRate": 30,
        "videoDimensions": '{"width":640,"height":480}',
        **params,
    }


@dataclass(slots=True)
class Server:
    """A server with a Media Node, and browsers that are closed with it.

    Attributes:
        api: Client of the REST API.
    """

    api: httpx.AsyncClient
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self, **options: Any) -> Browser:
        """Open the socket of a browser."""
        url = str(self.api.base_url)
        return await self.stack.enter_async_context(browser(url, close_timeout=0.5, **options))

    async def join(
        self, session_id: str, max_queue: int | None = 16, **properties: Any
    ) -> Participant:
        """Join a session with a new token, as a new browser.

        Args:
            session_id: Of the session.
            max_queue: Frames after which the browser does not read on.
            properties: Of the connection.
        """
        token = await new_token(self.api, session_id, **properties)
        page = await self.open(max_queue=max_queue)
        await page.call("ping", interval=5000)
        return Participant(page, await page.call("joinRoom", **joining(token)), token)


def joining(token: str, **params: Any) -> Json:
    """Parameters of joinRoom, as SDKs from 2.25 on send them."""
    return {
        "token": token,
        "session": token.partition("sessionId=")[2].partition("&")[0],
        "platform": "Chrome 156.0.0.0 on Linux 64-bit",
        "sdkVersion": "2.32.1",
        "metadata": "",
        "secret": "",
        "recorder": False,
        "stt": False,
        **params,
    }


@asynccontextmanager
async def calls(data_dir: Path, fleet: EmulatedCluster, **properties: Any) -> AsyncIterator[Server]:
    """A server with the first node of a fleet."""
    async with mediafleet(data_dir, **properties) as api, AsyncExitStack() as stack:
        if not (await api.get("/pro/media-nodes")).json()["numberOfElements"]:
            await add(api, fleet.uri(0))
        yield Server(api, stack)
