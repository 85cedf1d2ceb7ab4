"""How request bodies arrive: too long, too slow, in chunks, half, or where none belongs."""

import time

import pytest

from support.contract_app import SECRET, USER
from support.raw_http import RawConnection, basic, chunked, exchange, request_bytes

JSON = ("Content-Type", "application/json")
AUTH = basic(USER, SECRET)
LIMIT = 10_000


def test_a_body_of_exactly_the_limit_is_taken(ask):
    body = b'{"x":"' + b"a" * (LIMIT - 8) + b'"}'

    assert len(body) == LIMIT
    assert ask("POST", "/pro/echo", headers=[JSON], body=body).status == 200


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT * 10, 5_000_000])
def test_a_declared_length_over_the_limit_is_413_and_the_answer_arrives(ask, jars, size):
    body = b'"' + b"a" * (size - 2) + b'"'
    response = ask("POST", "/pro/echo", headers=[JSON], body=body)

    assert response.status == 413
    assert response.json()["message"] == f"the body must have at most {LIMIT} bytes"
    assert response.header("connection") == "close"
    assert jars.calls == []


def test_an_absurd_declared_length_is_413_before_a_byte_is_sent(address):
    head = request_bytes(
        "POST", "/pro/echo", headers=[AUTH, JSON, ("Content-Length", "99999999999999999")]
    )

    assert exchange(address, head).status == 413


@pytest.mark.parametrize("chunks", [11, 100, 3_000])
def test_a_chunked_body_over_the_limit_is_413(ask, jars, chunks):
    framing = [JSON, ("Transfer-Encoding", "chunked")]
    body = chunked(*[b"1" * 1000] * chunks)
    response = ask("POST", "/pro/echo", headers=framing, body=body)

    assert response.status == 413
    assert jars.calls == []


def test_an_endless_chunked_body_is_answered_and_cut_off(address):
    head = request_bytes(
        "POST", "/pro/echo", headers=[AUTH, JSON, ("Transfer-Encoding", "chunked")]
    )
    with RawConnection(address) as connection:
        connection.send(head)
        for _ in range(20):
            connection.send(b"3e8\r\n" + b"a" * 1000 + b"\r\n")

        assert connection.read_response().status == 413
        assert connection.is_closed_by_peer()


@pytest.mark.parametrize(
    "framing", [("Content-Length", "50"), ("Transfer-Encoding", "chunked")], ids=lambda f: f[0]
)
def test_half_a_body_is_400_when_the_time_is_over(address, jars, framing):
    head = request_bytes("POST", "/pro/echo", headers=[AUTH, JSON, framing])
    with RawConnection(address) as connection:
        connection.send(head + b'5\r\n{"a":' if framing[1] == "chunked" else head + b'{"a":')
        response = connection.read_response()

        assert response.status == 400
        assert response.json()["message"] == "the body did not arrive within 0.5 seconds"
        assert response.header("connection") == "close"
        assert connection.is_closed_by_peer()
    assert jars.calls == []


def test_a_body_that_drips_is_cut_off_as_a_whole(address):
    head = request_bytes("POST", "/pro/echo", headers=[AUTH, JSON, ("Content-Length", "5000")])
    started = time.monotonic()
    with RawConnection(address) as connection:
        connection.send(head)
        while time.monotonic() - started < 1:
            connection.send(b"1")
            time.sleep(0.05)  # the drip itself is what is tested

        assert connection.read_response().status == 400


def test_a_slow_body_within_the_time_is_taken(address):
    body = b'{"a": 1}'
    head = request_bytes(
        "POST", "/pro/echo", headers=[AUTH, JSON, ("Content-Length", str(len(body)))]
    )
    with RawConnection(address) as connection:
        for piece in (head[:30], head[30:], body[:4], body[4:]):
            connection.send(piece)
            time.sleep(0.05)  # separate packets

        assert connection.read_response().json() == {"value": {"a": 1}}


def test_half_a_request_line_then_the_end_is_no_trouble(address, ask):
    with RawConnection(address) as connection:
        connection.send(b"POST /pro/ec")

    assert ask("GET", "/open").status == 200


def test_a_hang_up_in_the_middle_of_a_body_leaves_no_trace(address, ask, jars):
    head = request_bytes("POST", "/pro/echo", headers=[AUTH, JSON, ("Content-Length", "100")])
    for _ in range(5):
        with RawConnection(address) as connection:
            connection.send(head + b'{"a":')

    assert ask("GET", "/open").status == 200
    assert jars.calls == [("open_door", {})]


def test_a_chunked_body_whose_end_never_came_is_not_taken_for_a_whole_one(address, caplog, jars):
    framing = [AUTH, JSON, ("Transfer-Encoding", "chunked")]
    with RawConnection(address) as connection:
        connection.send(request_bytes("POST", "/pro/jars", headers=framing))
        connection.send(chunked(b'{"grams":5}').removesuffix(b"0\r\n\r\n"))

    deadline = time.monotonic() + 5
    while "client hung up" not in caplog.messages:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert jars.calls == []


def test_the_connection_survives_a_refused_body_that_was_read(address):
    bad = request_bytes("POST", "/pro/echo", headers=[AUTH, JSON], body=b"{")
    good = request_bytes("POST", "/pro/echo", headers=[AUTH, JSON], body=b"{}")
    with RawConnection(address) as connection:
        connection.send(bad)
        assert connection.read_response().status == 400
        connection.send(good)
        assert connection.read_response().status == 200


def test_a_wrong_parameter_with_a_body_leaves_the_connection_open(address):
    bad = request_bytes("POST", "/pro/jars?wait=maybe", headers=[AUTH, JSON], body=b"{}")
    with RawConnection(address) as connection:
        connection.send(bad)
        response = connection.read_response()
        assert response.status == 400
        assert response.header("connection") is None
        connection.send(request_bytes("GET", "/open"))
        assert connection.read_response().status == 200


def test_a_body_where_none_belongs_is_ignored(address, jars):
    with RawConnection(address) as connection:
        connection.send(request_bytes("DELETE", "/pro/jars/a", headers=[AUTH], body=b"junk"))
        assert connection.read_response().status == 202
        connection.send(request_bytes("GET", "/pro/jars/a", headers=[AUTH], body=b"\xff\x00"))
        assert connection.read_response().status == 200
    assert [name for name, _ in jars.calls] == ["remove_jar", "get_jar"]


def test_too_long_a_body_where_none_belongs_closes_the_connection(address):
    with RawConnection(address) as connection:
        connection.send(
            request_bytes("DELETE", "/pro/jars/a", headers=[AUTH], body=b"x" * (LIMIT + 1))
        )
        response = connection.read_response()

        assert response.status == 202
        assert response.header("connection") == "close"
        assert connection.is_closed_by_peer()


def test_a_client_that_expects_100_continue_receives_it(address):
    head = request_bytes(
        "POST",
        "/pro/echo",
        headers=[AUTH, JSON, ("Content-Length", "2"), ("Expect", "100-continue")],
    )
    with RawConnection(address) as connection:
        connection.send(head)
        assert connection.read_interim() == 100
        connection.send(b"{}")
        assert connection.read_response().status == 200


@pytest.mark.parametrize(
    ("credentials", "length", "status"), [([], "2", 401), ([AUTH], "99999999", 413)]
)
def test_a_client_that_expects_100_continue_is_refused_without_its_body(
    address, credentials, length, status
):
    fields = [*credentials, JSON, ("Content-Length", length), ("Expect", "100-continue")]
    with RawConnection(address) as connection:
        connection.send(request_bytes("POST", "/pro/echo", headers=fields))

        assert connection.read_response().status == status
