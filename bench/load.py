"""The load generator: keep-alive connections in one event loop, each with one request under way.

``python -m bench.load`` reads its order as JSON from standard input and prints what it measured.
It checks the status of every answer, and that it has the length that it announces and is expected
to have. The server's CPU time is read here, at the first and the last answer that count, so that
it is the time of a whole number of requests.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import cycle

import uvloop
from bench.processes import cpu_ns, pin

HEAD_END = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length:"
GOOD = b"HTTP/1.1 200 "
LONGEST_WAIT_S = 20.0


class WrongAnswerError(Exception):
    """An answer that must not be counted; the measurement is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to measure.

    Attributes:
        core: Where the generator runs.
        pid: The server's process.
        port: Where it listens, on 127.0.0.1.
        targets: Request targets, asked in turn.
        authorization: Value of the header.
        connections: Requests under way at any time.
        warm_up: Seconds of requests that do not count.
        seconds: Length of the window that counts.
        at_least: Answers that the window holds; it lasts up to four times as long for them.
        shortest: Bytes of the shortest answer to expect.
        longest: Bytes of the longest one.
        method: Of every request.
        body: JSON of every request; empty for none.
    """

    core: int
    pid: int
    port: int
    targets: list[str]
    authorization: str
    connections: int
    warm_up: float
    seconds: float
    at_least: int
    shortest: int
    longest: int
    method: str = "GET"
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one window of requests cost.

    Attributes:
        requests: Answers in the window.
        seconds: Its length.
        server_ns: CPU time of the server's process in it, user and system.
        generator_share: CPU time of the generator, as a share of the window.
        answer_bytes: Length of the last answer's body.
    """

    requests: int
    seconds: float
    server_ns: int
    generator_share: float
    answer_bytes: int


class Window:
    """Counts answers; opens and closes on an answer."""

    def __init__(self, order: Order, measured: asyncio.Future[Measured]) -> None:
        self._order = order
        self._measured = measured
        self._answers = -1
        self._opens = time.perf_counter() + order.warm_up
        self._began = self._own = 0.0
        self._server = 0

    def count(self, length: int) -> bool:
        """Count a response; return whether to go on."""
        now = time.perf_counter()
        if self._answers < 0:
            if now >= self._opens:
                self._answers, self._began = 0, now
                self._server, self._own = cpu_ns(self._order.pid), time.process_time()
            return True
        self._answers += 1
        lasted = now - self._began
        if lasted < self._order.seconds:
            return True
        if self._answers < self._order.at_least and lasted < 4 * self._order.seconds:
            return True
        if not self._measured.done():
            self._measured.set_result(
                Measured(
                    requests=self._answers,
                    seconds=lasted,
                    server_ns=cpu_ns(self._order.pid) - self._server,
                    generator_share=(time.process_time() - self._own) / lasted,
                    answer_bytes=length,
                )
            )
        return False

    def fail(self, reason: str) -> None:
        """End the measurement without a result."""
        if not self._measured.done():
            self._measured.set_exception(WrongAnswerError(reason))


class Client(asyncio.Protocol):
    """One connection: asks, reads one answer to its end, asks again."""

    def __init__(self, window: Window, next_request: Callable[[], bytes], order: Order) -> None:
        self._window = window
        self._next_request = next_request
        self._bounds = range(order.shortest, order.longest + 1)
        self._head = b""
        self._length = 0
        self._missing = 0
        self._write: Callable[[bytes], None] = lambda _: None

    def connection_made(self, transport: asyncio.WriteTransport) -> None:  # type: ignore[override]
        self._write = transport.write
        self._write(self._next_request())

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            data = self._head + data if self._head else data
            end = data.find(HEAD_END)
            if end < 0:
                self._head = data
                return
            self._head = b""
            if not self._read_head(data[: end + 2]):
                return
            self._missing = self._length - (len(data) - end - len(HEAD_END))
        if self._missing > 0:
            return
        if self._missing < 0:
            self._window.fail("an answer is longer than it announces")
        elif self._window.count(self._length):
            self._write(self._next_request())

    def connection_lost(self, exc: Exception | None) -> None:
        self._window.fail(f"the server closed a connection: {exc}")

    def _read_head(self, head: bytes) -> bool:
        _, found, after = head.lower().partition(LENGTH)
        if not (head.startswith(GOOD) and found):
            self._window.fail(f"an answer begins {head[:200]!r}")
            return False
        self._length = int(after.partition(b"\r\n")[0])
        if self._length not in self._bounds:
            self._window.fail(f"an answer has {self._length} bytes, not in {self._bounds}")
            return False
        return True


async def run(order: Order) -> Measured:
    """Carry out an order.

    Raises:
        WrongAnswerError: An answer was not 200, or not of the right length.
        TimeoutError: The server stopped answering.
    """
    loop = asyncio.get_running_loop()
    measured: asyncio.Future[Measured] = loop.create_future()
    window = Window(order, measured)
    requests = cycle([_request(order, target) for target in order.targets])
    transports = []
    for _ in range(order.connections):
        transport, _ = await loop.create_connection(
            lambda: Client(window, requests.__next__, order), "127.0.0.1", order.port
        )
        transports.append(transport)
    try:
        longest = order.warm_up + 4 * order.seconds + LONGEST_WAIT_S
        return await asyncio.wait_for(measured, longest)
    finally:
        for transport in transports:
            transport.abort()


def _request(order: Order, target: str) -> bytes:
    lines = (
        f"{order.method} {target} HTTP/1.1",
        f"Host: 127.0.0.1:{order.port}",
        f"Authorization: {order.authorization}",
        "Accept: application/json",
    )
    if order.body:
        lines += ("Content-Type: application/json", f"Content-Length: {len(order.body)}")
    return "\r\n".join((*lines, "", order.body)).encode()


def main() -> None:
    order = Order(**json.load(sys.stdin))
    pin(os.getpid(), order.core)
    try:
        print(json.dumps(asdict(uvloop.run(run(order)))))
    except (WrongAnswerError, TimeoutError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
