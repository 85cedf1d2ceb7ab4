"""How many connections are open at most, which one is closed, and what the others receive."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from mediafleet.contract import BoundedHttpProtocol, ConnectionLimits, Limits
from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import RawConnection, basic, request_bytes

Address = tuple[str, int]

AUTH = basic(USER, SECRET)
GET = request_bytes("GET", "/open")
GOOD = request_bytes("GET", "/pro/jars/a", headers=[AUTH])
WAIT = request_bytes("DELETE", "/pro/jars/a?wait=true", headers=[AUTH])
OTHER = "127.0.0.2"


class Small(BoundedHttpProtocol):
    limits = ConnectionLimits(most=4, per_address=None, reserve=2)
    reserved_paths = ("/open",)


class Shared(BoundedHttpProtocol):
    limits = ConnectionLimits(most=6, per_address=3, reserve=2)


@pytest.fixture
def small(jars: Jars) -> Iterator[Address]:
    with serving(make_app(jars), http=Small) as where:
        yield where
        jars.go_on.set()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def opened(
    stack: ExitStack, where: Address, request: bytes = b"", source: str = ""
) -> RawConnection:
    """A connection on which a request, if any, was answered."""
    connection = stack.enter_context(RawConnection(where, source=source))
    if request:
        connection.send(request)
        assert connection.read_response().status == 200
    return connection


def waiting(stack: ExitStack, where: Address, jars: Jars, source: str = "") -> RawConnection:
    """A connection on which a request is under way."""
    jars.waiting.clear()
    connection = stack.enter_context(RawConnection(where, source=source))
    connection.send(WAIT)
    assert jars.waiting.wait(5)
    return connection


def test_the_connection_that_was_idle_longest_is_closed_first(small, stack):
    first, *others = [opened(stack, small, GET) for _ in range(4)]
    opened(stack, small, GET)

    assert first.is_closed_by_peer()
    for connection in others:
        connection.send(GET)
        assert connection.read_response().status == 200


def test_a_connection_without_a_request_is_closed_before_one_used_since(small, stack):
    used = opened(stack, small, GET)
    idle = opened(stack, small)
    opened(stack, small, GET)  # the idle one was accepted before it
    used.send(GET)
    assert used.read_response().status == 200
    for _ in range(2):
        opened(stack, small, GET)

    assert idle.is_closed_by_peer()


def test_one_that_has_authenticated_stays_while_another_can_go(small, stack):
    known = opened(stack, small, GOOD)
    for _ in range(8):
        opened(stack, small, GET)

    known.send(GOOD)
    assert known.read_response().status == 200


def test_a_client_that_has_just_come_stays_where_most_have_authenticated(small, stack):
    idle = [opened(stack, small, GOOD) for _ in range(3)]
    new = opened(stack, small)
    opened(stack, small, GOOD)

    assert idle[0].is_closed_by_peer()
    new.send(GOOD)
    assert new.read_response().status == 200


def test_a_body_that_never_comes_keeps_no_place(small, stack):
    """The answer to a request without credentials is there, and its body is still waited for."""
    announced = request_bytes("POST", "/pro/jars", headers=[("Content-Length", "5")])
    for _ in range(4):
        connection = stack.enter_context(RawConnection(small))
        connection.send(announced)
        assert connection.read_response().status == 401
    for _ in range(4):
        opened(stack, small, GOOD)


def test_wrong_credentials_are_none(small, stack):
    wrong = [
        opened(stack, small, request_bytes("GET", "/open", headers=[basic(USER, "wrong")]))
        for _ in range(4)
    ]
    opened(stack, small, GOOD)

    assert wrong[0].is_closed_by_peer()


def test_one_that_has_authenticated_goes_when_no_other_can(small, stack, jars):
    known = opened(stack, small, GOOD)
    for _ in range(3):
        waiting(stack, small, jars)
    opened(stack, small, GET)

    assert known.is_closed_by_peer()


def test_when_all_are_busy_a_new_one_is_503_with_retry_after(small, stack, jars):
    for _ in range(4):
        waiting(stack, small, jars)
    late = stack.enter_context(RawConnection(small))
    late.send(GOOD)
    response = late.read_response()

    assert response.status == 503
    assert response.header("retry-after") == "5"
    assert len(response.header("x-request-id")) == 16
    assert response.header("connection") == "close"
    assert response.header("content-type") == "application/json"
    error = response.json()
    assert set(error) == {"timestamp", "status", "error", "message", "path"}
    assert (error["status"], error["path"]) == (503, "/pro/jars/a")
    assert late.ends_cleanly()


def test_when_all_are_busy_the_reserved_paths_are_served(small, stack, jars):
    for _ in range(4):
        waiting(stack, small, jars)
    for _ in range(5):
        late = stack.enter_context(RawConnection(small))
        late.send(GET)
        assert late.read_response().status == 200
        assert late.ends_cleanly()


def test_the_reserve_is_not_filled_by_those_that_say_nothing(small, stack, jars):
    for _ in range(4):
        waiting(stack, small, jars)
    idle = [opened(stack, small) for _ in range(6)]
    late = stack.enter_context(RawConnection(small))
    late.send(GET)

    assert late.read_response().status == 200
    assert idle[0].is_closed_by_peer()


def test_busy_connections_are_all_answered(small, stack, jars):
    busy = [waiting(stack, small, jars) for _ in range(4)]
    for _ in range(6):
        opened(stack, small)
    jars.go_on.set()

    assert [connection.read_response().status for connection in busy] == [202] * 4


def test_an_address_has_its_share_and_leaves_the_others_alone(jars, stack):
    with serving(make_app(jars), http=Shared) as where:
        others = [opened(stack, where, GET, OTHER) for _ in range(2)]
        mine = [opened(stack, where, GET) for _ in range(4)]

        assert mine[0].is_closed_by_peer()
        for connection in (*others, *mine[1:]):
            connection.send(GET)
            assert connection.read_response().status == 200


def test_an_address_whose_share_is_busy_is_503_and_others_are_served(jars, stack):
    with serving(make_app(jars), http=Shared) as where:
        for _ in range(3):
            waiting(stack, where, jars)
        mine = stack.enter_context(RawConnection(where))
        mine.send(GOOD)
        assert mine.read_response().status == 503
        opened(stack, where, GOOD, OTHER)
        jars.go_on.set()


def test_that_there_are_too_many_is_logged_once_and_not_for_each(small, stack, caplog):
    for _ in range(40):
        opened(stack, small, GET)

    lines = [r for r in caplog.get_records("call") if r.getMessage() == "too many connections"]
    assert len(lines) == 1
    assert lines[0].__dict__["connections"] == 3


def test_requests_that_wait_do_not_take_all_connections(jars, stack):
    app = make_app(jars, limits=Limits(waiting=2))
    with serving(app) as where:
        for _ in range(2):
            waiting(stack, where, jars)
        third = stack.enter_context(RawConnection(where))
        third.send(WAIT)
        refused = third.read_response()
        assert (refused.status, refused.header("retry-after")) == (503, "5")
        third.send(GOOD)
        assert third.read_response().status == 200
        jars.go_on.set()


def test_a_hang_up_frees_the_place_of_a_request_that_waits(jars, stack):
    app = make_app(jars, limits=Limits(waiting=1))
    with serving(app) as where:
        waiting(stack, where, jars).close()
        assert jars.cancelled.wait(5)
        second = waiting(stack, where, jars)
        jars.go_on.set()
        assert second.read_response().status == 202


def test_a_reset_is_no_error(small, stack, jars):
    connection = waiting(stack, small, jars)
    connection.send(GET * 50)
    connection.reset()

    assert jars.cancelled.wait(5)
