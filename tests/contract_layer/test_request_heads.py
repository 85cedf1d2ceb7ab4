"""Requests before they are requests: heads that are slow, endless, or never come."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from mediafleet.contract import BoundedHttpProtocol
from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import RawConnection, basic, chunked, exchange, request_bytes

AUTH = basic(USER, SECRET)
WAIT = request_bytes("DELETE", "/pro/jars/a?wait=true", headers=[AUTH])


class Impatient(BoundedHttpProtocol):
    head_seconds = 0.3
    websocket_paths = ("/",)


@pytest.fixture(scope="module")
def impatient(jars: Jars) -> Iterator[tuple[str, int]]:
    with serving(make_app(jars), http=Impatient) as where:
        yield where


@pytest.mark.parametrize("start", [b"G", b"GET /open HT", b"GET /open HTTP/1.1\r\nHost: x\r\nX-"])
def test_half_a_head_is_400_when_the_time_is_over(impatient, start):
    with RawConnection(impatient) as connection:
        connection.send(start)
        response = connection.read_response()

        assert response.status == 400
        assert response.body == b"The request's head did not arrive in time."
        assert connection.is_closed_by_peer()


def test_a_connection_that_stays_silent_is_closed(impatient):
    with RawConnection(impatient) as connection:
        assert connection.is_closed_by_peer()


def test_half_a_head_after_a_request_is_400_too(impatient):
    with RawConnection(impatient) as connection:
        connection.send(request_bytes("GET", "/open") + b"GET /op")
        assert connection.read_response().status == 200
        assert connection.read_response().status == 400


def test_half_a_head_behind_a_request_in_progress_is_400_after_its_answer(impatient, jars):
    with RawConnection(impatient) as connection:
        connection.send(WAIT + b"GET /op")
        assert jars.waiting.wait(5)
        assert not jars.cancelled.wait(2 * Impatient.head_seconds)
        jars.go_on.set()

        assert connection.read_response().status == 202
        assert connection.read_response().status == 400
        assert connection.is_closed_by_peer()


def test_a_client_that_hangs_up_with_half_a_head_behind_a_request_is_noticed(impatient, jars):
    with RawConnection(impatient) as connection:
        connection.send(WAIT + b"GET /op")
        assert jars.waiting.wait(5)

    assert jars.cancelled.wait(5)


def test_the_time_for_a_head_does_not_run_while_a_request_is_served(impatient, jars):
    with RawConnection(impatient) as connection:
        connection.send(WAIT[:20])
        connection.send(WAIT[20:])
        assert jars.waiting.wait(5)
        assert not jars.cancelled.wait(2 * Impatient.head_seconds)
        jars.go_on.set()

        assert connection.read_response().status == 202


def test_a_head_of_endless_headers_is_400(address):
    with RawConnection(address) as connection:
        connection.send(b"GET /open HTTP/1.1\r\nHost: x\r\n")
        for number in range(2_000):
            connection.send(b"X-%d: %b\r\n" % (number, b"a" * 1000))
        response = connection.read_response()

        assert response.status == 400
        assert b"at most 65536 bytes" in response.body


def test_a_large_but_bounded_head_is_served(address):
    with RawConnection(address) as connection:
        connection.send(request_bytes("GET", "/open", headers=[("X-Large", "a" * 50_000)]))

        assert connection.read_response().status == 200


@pytest.mark.parametrize("start", [b"\r\n", b"\r\n\r\n\r\n"])
def test_empty_lines_do_not_keep_a_connection(impatient, start):
    with RawConnection(impatient) as connection:
        connection.send(start)
        assert connection.is_closed_by_peer()


def test_empty_lines_after_an_answer_do_not_keep_a_connection(impatient):
    with RawConnection(impatient) as connection:
        connection.send(request_bytes("GET", "/open"))
        assert connection.read_response().status == 200
        connection.send(b"\r\n")
        assert connection.is_closed_by_peer()


class Forgetful(BoundedHttpProtocol):
    keep_alive = 0.4

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.timeout_keep_alive = self.keep_alive


@pytest.fixture
def forgetful(jars: Jars) -> Iterator[RawConnection]:
    with serving(make_app(jars), http=Forgetful) as where, RawConnection(where) as connection:
        connection.send(request_bytes("GET", "/open"))
        assert connection.read_response().status == 200
        yield connection


def test_a_connection_is_kept_for_a_while_after_each_answer(forgetful):
    time.sleep(Forgetful.keep_alive / 2)
    asked = time.monotonic()
    forgetful.send(request_bytes("GET", "/open"))
    assert forgetful.read_response().status == 200

    assert forgetful.is_closed_by_peer()
    assert time.monotonic() - asked > 0.9 * Forgetful.keep_alive


def test_a_connection_is_kept_while_a_request_is_served(forgetful, jars):
    forgetful.send(WAIT)
    assert jars.waiting.wait(5)
    assert not jars.cancelled.wait(2 * Forgetful.keep_alive)
    jars.go_on.set()

    assert forgetful.read_response().status == 202


def test_the_time_for_a_head_does_not_run_on_in_a_websocket():
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": message["text"]})

    with (
        serving(echo, http=Impatient) as (host, port),
        connect(f"ws://{host}:{port}", proxy=None) as websocket,
    ):
        with pytest.raises(TimeoutError):
            websocket.recv(timeout=2 * Impatient.head_seconds)
        websocket.send("still here")
        assert websocket.recv(timeout=5) == "still here"


JSON = ("Content-Type", "application/json")
TRAILERS = [
    (b"Authorization: " + AUTH[1].encode(), [JSON], 401),
    (b"Content-Type: application/json", [AUTH], 415),
    (b"Content-Type: text/plain", [AUTH, JSON], 200),
    (b"Content-Encoding: gzip", [AUTH, JSON], 200),
]


@pytest.mark.parametrize(("trailer", "headers", "status"), TRAILERS)
def test_a_trailer_is_no_header(address, trailer, headers, status):
    chunks = chunked(b'{"grams": 1}').removesuffix(b"\r\n") + trailer + b"\r\n\r\n"
    headers = [*headers, ("Transfer-Encoding", "chunked")]

    answer = exchange(address, request_bytes("POST", "/pro/jars", headers=headers, body=chunks))
    assert answer.status == status


def test_endless_trailers_close_the_connection(address):
    with RawConnection(address) as connection:
        head = request_bytes("POST", "/pro/jars", headers=[AUTH, ("Transfer-Encoding", "chunked")])
        connection.send(head + b"0\r\n")
        sent = 0
        while connection.send(b"X-A: " + b"a" * 10_000 + b"\r\n"):
            sent += 10_000
            assert sent < 20 << 20
        assert connection.is_closed_by_peer()
