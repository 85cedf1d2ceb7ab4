"""Requests sent before the answer to the one before them: in order, one at a time, bounded."""

import resource
from pathlib import Path

import pytest

from mediafleet.contract import BoundedHttpProtocol
from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import RawConnection, basic, chunked, request_bytes

AUTH = basic(USER, SECRET)
JSON = ("Content-Type", "application/json")
GET = request_bytes("GET", "/open")
POST = request_bytes("POST", "/pro/jars", headers=[AUTH, JSON], body=b'{"grams": 1}')
POST_CHUNKED = request_bytes(
    "POST",
    "/pro/jars",
    headers=[AUTH, JSON, ("Transfer-Encoding", "chunked")],
    body=chunked(b'{"grams"', b":\r\n\r\n", b"\n" * 100, b"1}"),
)
WAIT = request_bytes("DELETE", "/pro/jars/a?wait=true", headers=[AUTH])


@pytest.mark.parametrize("request_", [POST, POST_CHUNKED], ids=["length", "chunked"])
@pytest.mark.parametrize(
    "garbage", [b"garbage\r\n\r\n", b"\x16\x03\x01\x00", b"GET /open HTTP/1.1\r\n:\r\n"]
)
def test_a_good_request_is_answered_before_the_garbage_behind_it(address, jars, request_, garbage):
    with RawConnection(address) as connection:
        connection.send(request_ + garbage)

        assert connection.read_response().status == 200
        assert connection.read_response().status == 400
        assert connection.is_closed_by_peer()
    assert [name for name, _ in jars.calls] == ["add_jar"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 17, 100, 1000])
def test_pipelined_requests_are_separated_however_they_are_split(address, jars, size):
    data = b"\r\n" + POST_CHUNKED + GET + POST + b"\r\n" + GET + POST_CHUNKED + GET
    with RawConnection(address) as connection:
        for begin in range(0, len(data), size):
            connection.send(data[begin : begin + size])

        assert [connection.read_response().status for _ in range(6)] == [200] * 6
    assert [name for name, _ in jars.calls if name == "add_jar"] == ["add_jar"] * 3


def test_the_next_request_waits_for_the_answer(address, jars):
    with RawConnection(address) as connection:
        connection.send(WAIT + POST)
        assert jars.waiting.wait(5)
        assert [name for name, _ in jars.calls] == ["remove_jar"]
        jars.go_on.set()

        assert [connection.read_response().status for _ in range(2)] == [202, 200]


def test_many_requests_in_one_go_are_all_answered(address):
    with RawConnection(address) as connection:
        connection.send(GET * 2_000)

        assert {connection.read_response().status for _ in range(2_000)} == {200}


class Impatient(BoundedHttpProtocol):
    head_seconds = 5.0
    unread_seconds = 0.5


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


def test_a_client_that_sends_without_end_and_reads_nothing_takes_little_and_not_for_long(jars):
    with serving(make_app(jars), http=Impatient) as where, RawConnection(where, timeout=2) as flood:
        before = resident()
        sent = 0
        try:
            while sent < 64 << 20 and flood.send(GET * 4_000):
                sent += len(GET) * 4_000
        except TimeoutError:
            pass  # the server has stopped reading
        assert resident() - before < 8 << 20
        assert sent < 64 << 20
        with RawConnection(where) as other:
            other.send(GET)
            assert other.read_response().status == 200


def test_a_client_that_does_not_read_is_cut_off(jars: Jars):
    with serving(make_app(jars), http=Impatient) as where, RawConnection(where) as connection:
        while connection.send(GET * 1_000):
            pass
        with RawConnection(where) as other:
            other.send(GET)
            assert other.read_response().status == 200
