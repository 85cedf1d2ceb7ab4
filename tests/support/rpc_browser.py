"""A browser without media: speaks JSON-RPC, and checks each frame against the contract."""

import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from support.openrpc_contract import ERRORS, NOTIFICATIONS, RESULTS

LIMIT_S = 10.0
Json = dict[str, Any]


class RpcFailureError(Exception):
    """The server answered with an error."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(method, code, message)
        self.code, self.message = code, message


class Browser:
    """One socket of a browser.

    Attributes:
        socket: The WebSocket.
        notifications: That were read and not waited for, the oldest first.
        answered: Ids of the answers, as they came.
        errors: Codes of answers to frames that no request of this object was.
    """

    def __init__(self, socket: ClientConnection, first_id: int = 0) -> None:
        self.socket = socket
        self.notifications: deque[tuple[str, Json]] = deque()
        self.answered: list[int] = []
        self.errors: list[int] = []
        self._next_id = first_id
        self._methods: dict[int, str] = {}
        self._answers: dict[int, Json] = {}

    async def send(self, method: str, params: Any) -> int:
        """Send a request; return its id."""
        request_id, self._next_id = self._next_id, self._next_id + 1
        self._methods[request_id] = method
        frame = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        await self.socket.send(json.dumps(frame))
        return request_id

    async def answer(self, request_id: int) -> Json:
        """Wait for an answer; return its result.

        Raises:
            RpcFailureError: It is an error.
        """
        with anyio.fail_after(LIMIT_S):
            while request_id not in self._answers:
                await self._read()
        frame, method = self._answers.pop(request_id), self._methods.pop(request_id)
        check_answer(method, frame)
        if "error" in frame:
            raise RpcFailureError(method, frame["error"]["code"], frame["error"]["message"])
        result: Json = frame["result"]
        return result

    async def call(self, method: str, /, **params: Any) -> Json:
        """Send a request and wait for its result."""
        return await self.answer(await self.send(method, params))

    async def code_of(self, method: str, /, **params: Any) -> int:
        """Send a request that fails; return the code of the error."""
        try:
            result = await self.call(method, **params)
        except RpcFailureError as failure:
            return failure.code
        raise AssertionError(f"{method} was answered with {result}")

    async def notification(self, method: str = "") -> Json:
        """Wait for the next notification, or for the next of a method; return its parameters."""
        with anyio.fail_after(LIMIT_S):
            while True:
                while self.notifications:
                    name, params = self.notifications.popleft()
                    if method in ("", name):
                        return params
                await self._read()

    async def closed(self) -> tuple[int, str]:
        """Wait until the server has closed the socket; return code and reason."""
        with anyio.fail_after(LIMIT_S), suppress(ConnectionClosed):
            while True:
                await self._read()
        return self.socket.close_code or 0, self.socket.close_reason or ""

    async def _read(self) -> None:
        frame = json.loads(await self.socket.recv())
        if "method" in frame:
            check_notification(frame)
            self.notifications.append((frame["method"], frame["params"]))
        elif frame["id"] in self._methods:
            self._answers[frame["id"]] = frame
            self.answered.append(frame["id"])
        elif "error" in frame:
            self.errors.append(frame["error"]["code"])


def check_answer(method: str, frame: Json) -> None:
    """Hold an answer against the contract."""
    result = RESULTS[method]
    assert frame["jsonrpc"] == "2.0"
    if "error" in frame:
        assert frame["error"]["code"] in ERRORS[method], (method, frame)
        assert frame["error"]["message"], frame
    else:
        assert result.is_valid(frame["result"]), (
            method,
            result.explain(frame["result"], "result", every=True),
        )


def check_notification(frame: Json) -> None:
    """Hold a notification against the contract."""
    assert frame.keys() == {"jsonrpc", "method", "params"}
    params = NOTIFICATIONS[frame["method"]]
    assert params.is_valid(frame["params"]), (
        frame,
        params.explain(frame["params"], "params", every=True),
    )


@asynccontextmanager
async def browser(url: str, *, first_id: int = 0, **options: Any) -> AsyncIterator[Browser]:
    """Connect as a browser does.

    Args:
        url: Of the server.
        first_id: Of the requests.
        options: Of the WebSocket.
    """
    where = url.replace("http", "ws", 1).rstrip("/") + "/openvidu"
    async with connect(where, proxy=None, **options) as socket:
        yield Browser(socket, first_id)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    with anyio.fail_after(LIMIT_S):
        while not condition():
            await anyio.sleep(0.01)
