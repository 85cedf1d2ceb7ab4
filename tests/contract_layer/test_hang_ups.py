"""Clients that hang up: what was done only for them ends, everything else goes on."""

import pytest

from support.contract_app import SECRET, USER
from support.raw_http import RawConnection, basic, request_bytes

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
