"""TLS: a connection counts, and has its deadline, from the moment it is accepted."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import trustme

from mediafleet.contract import BoundedHttpProtocol, ConnectionLimits
from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import RawConnection, basic, request_bytes

Address = tuple[str, int]

GET = request_bytes("GET", "/open")
GOOD = request_bytes("GET", "/pro/jars/a", headers=[basic(USER, SECRET)])
HELLO = b"\x16\x03\x01\x02\x00\x01\x00"


class Small(BoundedHttpProtocol):
    limits = ConnectionLimits(most=4, reserve=2)
    head_seconds = 5.0


class Impatient(BoundedHttpProtocol):
    head_seconds = 0.3


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_requests_are_served_one_after_another(jars, server_side, client_side):
    with (
        serving(make_app(jars), tls=server_side) as where,
        RawConnection(where, tls=client_side) as connection,
    ):
        connection.send(GET * 3 + GOOD)

        assert [connection.read_response().status for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("start", [b"", HELLO, GET], ids=["nothing", "half a hello", "no TLS"])
def test_a_handshake_has_little_time(jars, server_side, start):
    with serving(make_app(jars), http=Impatient, tls=server_side) as where:
        began = time.monotonic()
        with RawConnection(where) as connection:
            connection.send(start)

            assert connection.ends()
        assert time.monotonic() - began < 3


def test_a_head_has_little_time_after_the_handshake(jars, server_side, client_side):
    with (
        serving(make_app(jars), http=Impatient, tls=server_side) as where,
        RawConnection(where, tls=client_side) as connection,
    ):
        assert connection.is_closed_by_peer()


def test_silent_connections_are_closed_first(jars: Jars, server_side, client_side, stack):
    with serving(make_app(jars), http=Small, tls=server_side) as where:
        known = stack.enter_context(RawConnection(where, tls=client_side))
        known.send(GOOD)
        assert known.read_response().status == 200
        idle = [stack.enter_context(RawConnection(where)) for _ in range(40)]
        late = stack.enter_context(RawConnection(where, tls=client_side))
        late.send(GET)
        assert late.read_response().status == 200

        assert all(connection.ends() for connection in idle[:36])
        known.send(GOOD)
        assert known.read_response().status == 200


def test_a_server_ends_while_handshakes_are_under_way(jars: Jars, server_side, stack):
    with serving(make_app(jars), tls=server_side) as where:
        for _ in range(3):
            stack.enter_context(RawConnection(where)).send(HELLO)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(where, timeout=5)
