"""A plain Kurento client for tests (it checks nothing), and a clock that a test moves by hand."""

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

TIMEOUT_S = 5.0
MANAGER = "manager_ServerManager"
# One counter for all connections: an id that comes again in a session gets the first reply again.
_REQUEST_IDS = count(1)


class ManualClock:
    """Stands still until moved; starts at the moment of the first recordings."""

    def __init__(self) -> None:
        self._start = datetime(2026, 11, 22, 21, 32, tzinfo=UTC)
        self._passed = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return 1000.0 + self._passed

    def move(self, seconds: float) -> None:
        self._passed += seconds


class RefusedError(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["code"], error["message"])
        self.code: int = error["code"]
        self.type: str | None = (error.get("data") or {}).get("type")


class Wire:
    """One connection; replies and events are separate, each in the order of arrival."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.replies: deque[Any] = deque()
        self.events: deque[Any] = deque()

    async def send(self, frame: Any) -> None:
        await self.connection.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))

    async def read(self, seconds: float = TIMEOUT_S) -> None:
        """Wait for one more frame and put it where it belongs."""
        with anyio.fail_after(seconds):
            text = await self.connection.recv()
        frame = json.loads(text) if text else ""
        queue = self.events if isinstance(frame, dict) and "method" in frame else self.replies
        queue.append(frame)

    async def reply(self, seconds: float = TIMEOUT_S) -> Any:
        while not self.replies:
            await self.read(seconds)
        return self.replies.popleft()

    async def event(self, seconds: float = TIMEOUT_S) -> Any:
        """The `value` of the next event."""
        while not self.events:
            await self.read(seconds)
        return self.events.popleft()["params"]["value"]

    async def request(self, method: str, **params: Any) -> int:
        """Send a request with a fresh id; the id."""
        request_id = next(_REQUEST_IDS)
        frame: dict[str, Any] = {"jsonrpc": "2.0", "id": request_id, "method": method}
        await self.send({**frame, "params": params} if params else frame)
        return request_id

    async def call(self, method: str, **params: Any) -> Any:
        """Send a request and give the result of its reply."""
        request_id = await self.request(method, **params)
        reply = await self.reply()
        assert reply["id"] == request_id
        if "error" in reply:
            raise RefusedError(reply["error"])
        return reply["result"]

    async def invoke(self, target: str, operation: str, **params: Any) -> Any:
        """Call an operation and give its value."""
        extra = {"operationParams": params} if params else {}
        return (await self.call("invoke", object=target, operation=operation, **extra))["value"]

    async def create(self, kind: str, **params: Any) -> str:
        extra = {"constructorParams": params} if params else {}
        value: str = (await self.call("create", type=kind, **extra))["value"]
        return value

    async def subscribe(self, event: str, target: str = MANAGER) -> str:
        value: str = (await self.call("subscribe", type=event, object=target))["value"]
        return value

    async def end(self, seconds: float = TIMEOUT_S) -> tuple[int, str]:
        """Wait for the end of the connection: its close code and reason; 1006 is a bare FIN."""
        with anyio.fail_after(seconds):
            try:
                while True:
                    await self.read(seconds)
            except ConnectionClosed as closed:
                return (1006, "") if closed.rcvd is None else (closed.rcvd.code, closed.rcvd.reason)

    async def receives_nothing(self, seconds: float = 0.15) -> bool:
        """Whether nothing comes for a while, not even the end of the connection."""
        try:
            await self.read(seconds)
        except TimeoutError:
            return not (self.replies or self.events)
        return False


async def open_wire(uri: str, *, seconds: float = TIMEOUT_S, **options: Any) -> Wire:
    settings: dict[str, Any] = {
        "proxy": None,
        "compression": None,
        "ping_interval": None,
        "max_size": None,
        "max_queue": None,
        "open_timeout": seconds,
        "close_timeout": 1,
    }
    return Wire(await connect(uri, **{**settings, **options}))


@asynccontextmanager
async def wire(uri: str, **options: Any) -> AsyncIterator[Wire]:
    opened = await open_wire(uri, **options)
    try:
        yield opened
    finally:
        await opened.connection.close()


async def until(condition: Callable[[], bool], seconds: float = TIMEOUT_S) -> None:
    """Wait for something that no frame shows."""
    with anyio.fail_after(seconds):
        while not condition():  # there is no event to wait for
            await anyio.sleep(0.002)


def ids_of(events: Sequence[Any], event: str) -> list[str]:
    """The objects that events of one type are about."""
    key = "object" if event == "ObjectCreated" else "objectId"
    return [item["params"]["value"]["data"][key] for item in events]
