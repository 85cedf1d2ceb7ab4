"""Answers in one call: the same as through ASGI's two messages, and only where that is the same."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mediafleet.contract.answers import AT_ONCE
from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import RawConnection, RawResponse, basic, exchange, request_bytes

Address = tuple[str, int]

AUTH = basic(USER, SECRET)
JSON = ("Content-Type", "application/json")
REQUESTS = {
    "body": request_bytes("GET", "/open"),
    "no body to a HEAD": request_bytes("HEAD", "/open"),
    "nothing": request_bytes("PATCH", "/pro/jars/a", headers=[AUTH, JSON], body=b'{"grams": 0}'),
    "options": request_bytes("OPTIONS", "/open"),
    "refused": request_bytes("GET", "/pro/jars"),
    "unknown": request_bytes("GET", "/nothing"),
    "body taken": request_bytes("POST", "/pro/jars", headers=[AUTH, JSON], body=b'{"grams": 1}'),
    "body left": request_bytes("POST", "/pro/jars", headers=[AUTH, JSON], body=b"1" * 20_000),
    "last one": request_bytes("GET", "/open", headers=[("Connection", "close")]),
    "old": b"GET /open HTTP/1.0\r\n\r\n",
}


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Address, Address]]:
    """A server that answers at once, and one that never does."""
    with serving(make_app(Jars())) as ours, serving(make_app(Jars()), http="httptools") as plain:
        yield ours, plain


def answer(address: Address, request: bytes) -> RawResponse:
    response = exchange(address, request, method=request.partition(b" ")[0].decode())
    assert response.all("date")
    return replace(response, headers=tuple(each for each in response.headers if each[0] != "date"))


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_an_answer_is_the_same_in_one_call(both: tuple[Address, Address], request_: bytes) -> None:
    ours, plain = both

    assert answer(ours, request_) == answer(plain, request_)


class Application:
    """Answers at once if it may, otherwise by messages."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.outcomes: list[bool] = []
        self.answered = [threading.Event(), threading.Event()]
        self.asked = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        headers = [(b"content-length", b"%d" % len(self.body))]
        number = len(self.outcomes)
        self.outcomes.append(scope["extensions"][AT_ONCE](send, 200, headers, self.body))
        if not self.outcomes[-1]:
            self.asked.set()
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": self.body})
        self.answered[number].set()


def test_a_client_that_does_not_read_is_answered_no_further() -> None:
    app = Application(b"x" * (16 << 20))
    with serving(app) as address, RawConnection(address) as connection:
        connection.send(request_bytes("GET", "/first"))
        assert app.answered[0].wait(5)
        connection.send(request_bytes("GET", "/second"))
        assert app.asked.wait(5)
        assert not app.answered[1].is_set()

        assert [len(connection.read_response().body) for _ in range(2)] == [16 << 20] * 2
    assert app.outcomes == [True, False]


def test_who_wraps_the_sending_sees_the_answer_and_nobody_answers_twice() -> None:
    outcomes = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return

        async def wrapped(message: Any) -> None:
            await send(message)

        at_once = scope["extensions"][AT_ONCE]
        headers = [(b"content-length", b"1")]
        outcomes.extend(at_once(each, 200, headers, b"x") for each in (wrapped, send, send))

    with serving(app) as address:
        assert exchange(address, request_bytes("GET", "/")).body == b"x"
    assert outcomes == [False, True, False]


def test_each_of_pipelined_requests_is_answered_at_once() -> None:
    app = Application(b"x")
    with serving(app) as address, RawConnection(address) as connection:
        connection.send(request_bytes("GET", "/first") + request_bytes("GET", "/second"))

        assert [connection.read_response().body for _ in range(2)] == [b"x", b"x"]
    assert app.outcomes == [True, True]
