"""Waits cut short: by clients that hang up, and by a server that stops.

What was done only for a client ends with its wait, everything else goes on.
"""

import threading
from typing import Any

import pytest

from mediafleet.contract import BoundedHttpProtocol, Limits
from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import NoResponseError, RawConnection, basic, request_bytes

AUTH = basic(USER, SECRET)
JSON = ("Content-Type", "application/json")
WAITS = [
    request_bytes("POST", "/pro/jars?wait=true", headers=[AUTH, JSON], body=b'{"grams":3}'),
    request_bytes("POST", "/pro/jars?wait=true", headers=[AUTH]),
    request_bytes("DELETE", "/pro/jars/a?wait=true", headers=[AUTH]),
    request_bytes("DELETE", "/pro/jars/a?wait=true", headers=[AUTH], body=b"ignored"),
]


@pytest.mark.parametrize("request_", WAITS, ids=["body", "no body", "delete", "unwanted body"])
def test_a_hang_up_while_waiting_cancels_the_handler(address, ask, jars, request_):
    with RawConnection(address) as connection:
        connection.send(request_)
        assert jars.waiting.wait(5)
        assert not jars.cancelled.wait(0.1)

    assert jars.cancelled.wait(5)
    assert ask("GET", "/open").status == 200


@pytest.mark.parametrize("request_", WAITS, ids=["body", "no body", "delete", "unwanted body"])
def test_a_client_that_stays_gets_the_answer(address, jars, request_):
    with RawConnection(address) as connection:
        connection.send(request_)
        assert jars.waiting.wait(5)
        jars.go_on.set()

        assert connection.read_response().status in (200, 202)
        connection.send(request_bytes("GET", "/pro/jars/a", headers=[AUTH]))
        assert connection.read_response().status == 200
    assert not jars.cancelled.is_set()


def test_an_error_while_waiting_is_described_as_ever(address, jars):
    with RawConnection(address) as connection:
        connection.send(request_bytes("DELETE", "/pro/jars/missing?wait=true", headers=[AUTH]))
        assert jars.waiting.wait(5)
        jars.go_on.set()

        response = connection.read_response()
    assert response.status == 404
    assert response.json()["message"] == "no such jar: missing"


def test_a_hang_up_without_the_wait_does_not_stop_the_handler(address, ask, jars):
    with RawConnection(address) as connection:
        connection.send(request_bytes("DELETE", "/pro/jars/a?wait=false", headers=[AUTH]))

    ask("GET", "/open")
    ask("GET", "/open")
    assert ("remove_jar", {"jar_id": "a", "wait": False}) in jars.calls
    assert not jars.cancelled.is_set()


def test_many_hang_ups_leave_nothing_behind(address, ask, jars):
    for _ in range(50):
        jars.waiting.clear()
        jars.cancelled.clear()
        with RawConnection(address) as connection:
            connection.send(WAITS[2])
            assert jars.waiting.wait(5)
        assert jars.cancelled.wait(5)

    assert ask("GET", "/pro/jars/a").status == 200


class Impatient(BoundedHttpProtocol):
    head_seconds = 1.0
    unread_seconds = 0.3


class Generous:
    """Answers with more than any buffer holds, and notes when it is rid of it."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * (32 << 20), "more_body": True})
        self.begun.set()
        await send({"type": "http.response.body", "body": b"x"})
        self.ended.set()


def test_a_client_that_does_not_read_its_answer_is_cut_off():
    app = Generous()
    with serving(app, http=Impatient) as where, RawConnection(where) as connection:
        connection.send(request_bytes("GET", "/"))
        assert app.begun.wait(5)

        assert app.ended.wait(5)
        with pytest.raises(NoResponseError):
            connection.read_response()


def test_a_client_that_reads_its_answer_gets_all_of_it():
    app = Generous()
    with serving(app, http=Impatient) as where, RawConnection(where) as connection:
        connection.send(request_bytes("GET", "/"))
        assert app.begun.wait(5)

        assert len(connection.read_response().body) == (32 << 20) + 1


def test_an_answer_that_is_not_read_does_not_hold_a_connection_that_was_closed():
    app = Generous()
    with serving(app, http=Impatient) as where, RawConnection(where) as connection:
        connection.send(request_bytes("GET", "/", headers=[("Connection", "close")]))
        assert app.begun.wait(5)
        assert app.ended.wait(5)


def test_a_reset_in_the_middle_of_an_answer_is_no_error():
    app = Generous()
    with serving(app, http=Impatient) as where, RawConnection(where) as connection:
        connection.send(request_bytes("GET", "/") * 3)
        assert app.begun.wait(5)
        connection.reset()

        assert app.ended.wait(5)


def assert_cut_off(connection, path, logged_errors):
    assert [record.name for record in logged_errors.records] == ["uvicorn.error"]
    assert "Cancel 1 running task(s)" in logged_errors.records[0].getMessage()
    response = connection.read_response()
    assert response.status == 503
    assert response.header("retry-after") == "5"
    assert response.header("connection") == "close"
    assert response.json()["path"] == path
    assert response.json()["message"].startswith("The server is stopping")
    assert connection.ends_cleanly()


@pytest.mark.parametrize("request_", WAITS, ids=["body", "no body", "delete", "unwanted body"])
def test_a_wait_that_a_stop_cuts_short_is_answered_in_the_form_of_all_errors(
    request_, logged_errors
):
    jars = Jars()
    with serving(make_app(jars), last_answers_s=0) as address:
        connection = RawConnection(address)
        connection.send(request_)
        assert jars.waiting.wait(5)

    with connection:
        path = request_.split()[1].decode().partition("?")[0]
        assert_cut_off(connection, path, logged_errors)
    assert jars.cancelled.is_set()


def test_a_body_that_a_stop_cuts_short_is_answered_so_too(logged_errors):
    jars = Jars()
    fields = [AUTH, JSON, ("Content-Length", "9"), ("Expect", "100-continue")]
    with serving(make_app(jars, limits=Limits(body_seconds=60)), last_answers_s=0) as address:
        connection = RawConnection(address)
        connection.send(request_bytes("POST", "/pro/echo", headers=fields))
        assert connection.read_interim() == 100
        connection.send(b"{")

    with connection:
        assert_cut_off(connection, "/pro/echo", logged_errors)
    assert jars.calls == []
