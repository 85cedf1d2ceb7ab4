"""An HTTP server that receives the events of a webhook and answers as a test says."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio

from support.hostile_servers import raw_server

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def status(code: int, *headers: str) -> bytes:
    """An answer without a body."""
    lines = [f"HTTP/1.1 {code} Answer", "Content-Length: 0", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


@dataclass
class Received:
    """One request.

    Attributes:
        head: Its first line.
        headers: By names in lower case.
        body: As it came.
    """

    head: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The event, with its name under ``event``."""
        event: dict[str, Any] = json.loads(self.body)
        return event


@dataclass
class WebhookReceiver:
    """What came in, and what is answered.

    Attributes:
        port: It listens on 127.0.0.1.
        answer: Returns the next answer; ``None`` closes the connection without one.
        requests: All requests, refused ones included.
        delay: Seconds before each answer.
        connections: How many were accepted.
    """

    port: int = 0
    answer: Callable[[Received], bytes | None] = lambda _: OK
    requests: list[Received] = field(default_factory=list)
    delay: float = 0.0
    connections: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int, limit_s: float = 10.0) -> list[Received]:
        """Wait for so many requests and return them all."""
        with anyio.fail_after(limit_s):
            while len(self.requests) < count:
                self._came.clear()
                await self._came.wait()
        return self.requests

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while head := (await reader.readuntil(b"\r\n\r\n")).decode():
            first, *lines = head.rstrip().split("\r\n")
            pairs = (line.split(": ", 1) for line in lines)
            headers = {name.lower(): value for name, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            received = Received(first, headers, body)
            await asyncio.sleep(self.delay)
            answer = self.answer(received)
            self.requests.append(received)
            self._came.set()
            if answer is None:
                return
            writer.write(answer)
            await writer.drain()


@asynccontextmanager
async def webhook_receiver(
    tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[WebhookReceiver]:
    """A receiver on a free port, or on the one given."""
    receiver = WebhookReceiver()
    async with raw_server(receiver.serve, tls, port) as receiver.port:
        yield receiver
