"""Both clients against servers on real sockets; each test runs for blocking code and for coroutines."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio.to_thread
import pytest

from mediafleet_client import AsyncMediafleet, Mediafleet
from support.hostile_servers import raw_server

Client = AsyncMediafleet | Mediafleet

NODE = {
    "id": "kms_1",
    "environmentId": None,
    "ip": None,
    "uri": None,
    "launchingTime": 1600678236916,
    "connected": False,
    "connectionTime": None,
    "load": 0,
    "status": "running",
}


async def do(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call a method of either client; one that blocks runs in a thread."""
    if inspect.iscoroutinefunction(function):
        return await function(*arguments, **options)
    return await anyio.to_thread.run_sync(partial(function, *arguments, **options))


async def close(client: Client) -> None:
    await do(client.aclose if isinstance(client, AsyncMediafleet) else client.close)


@pytest.fixture(params=[Mediafleet, AsyncMediafleet], ids=["blocking", "async"])
def kind(request: pytest.FixtureRequest) -> type[Client]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
async def connect(kind: type[Client]) -> AsyncIterator[Callable[..., Client]]:
    """Make clients of one kind; they are closed at the end."""
    made: list[Client] = []

    def make(url: str, secret: str = "a-secret", **options: Any) -> Client:
        made.append(kind(url, secret, **options))
        return made[-1]

    yield make
    for client in made:
        await close(client)


def answer(status: int, body: object = b"", **headers: str) -> bytes:
    """The bytes of an answer; a body that is none yet becomes JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + content


def error(status: int, message: str = "Not now.") -> dict[str, Any]:
    """The body of an error of the API."""
    return {"timestamp": 1, "status": status, "error": "x", "message": message, "path": "/pro"}


@dataclass
class Script:
    """What a server answers, one request after the other; the last answer stays.

    An answer that is `None` never comes.
    """

    url: str = ""
    answers: list[bytes | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        given = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if given is None:
            await reader.read()
            return
        writer.write(given)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    @property
    def lines(self) -> list[str]:
        """The first lines of all requests."""
        return [head.partition(" HTTP/")[0] for head in self.asked]


@pytest.fixture
async def server() -> AsyncIterator[Script]:
    script = Script()
    async with raw_server(script.serve) as port:
        script.url = f"http://127.0.0.1:{port}"
        yield script
