"""Kurento's registrar: a node dials a URL and tells where it is, anew whenever it is cut off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 10.0


def announcement(uri: str) -> str:
    """The frame that a media server sends, for its own endpoint."""
    frame: Mapping[str, object] = {"jsonrpc": "2.0", "method": "register", "params": {"ws": uri}}
    return json.dumps(frame, separators=(",", ":"))


async def announce(uri: str, url: str) -> None:
    """Announce a node until cancelled.

    Args:
        uri: Endpoint of the node; its address is where the connection comes from.
        url: Where somebody listens for announcements, `ws://…` or `wss://…`.
    """
    pause = _FIRST_PAUSE_S
    while True:
        try:
            async with connect(
                url,
                local_addr=(urlsplit(uri).hostname, 0),
                compression=None,
                user_agent_header="WebSocket++/0.8.2",
                ping_interval=None,
                proxy=None,
            ) as websocket:
                pause = _FIRST_PAUSE_S
                await websocket.send(announcement(uri))
                await websocket.wait_closed()
        except (OSError, TimeoutError, WebSocketException):
            pass  # as the real one, it says nothing and tries again
        await anyio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)
