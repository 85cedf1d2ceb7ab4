"""Bodies that are sent piece by piece, and parameters in headers."""

import pytest

from mediafleet.contract import BoundedHttpProtocol
from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import NoResponseError, RawConnection, basic, request_bytes

AUTH = basic(USER, SECRET)
THREE = b"tick 0\ntick 1\ntick 2\n"


def ticks(how, *headers, method="GET"):
    return request_bytes(method, f"/pro/ticks?how={how}", headers=[AUTH, *headers])


def begin(connection):
    """Read the head of a stream and its first three pieces."""
    assert connection.read_head().status == 200
    return b"".join(connection.read_chunk() for _ in range(3))


def test_a_body_that_ends_leaves_the_connection_open(address, jars):
    with RawConnection(address) as connection:
        for _ in range(2):
            connection.send(ticks("three"))
            response = connection.read_response()
            assert response.status == 200
            assert response.header("content-type") == "text/event-stream; charset=utf-8"
            assert response.header("transfer-encoding") == "chunked"
            assert response.header("content-length") is None
            assert response.body == THREE
    assert jars.closed.is_set()


def test_a_handler_may_name_the_type_itself(ask):
    assert ask("GET", "/pro/ticks?how=own%20type").all("content-type") == ["text/event-stream"]


def test_pieces_arrive_when_they_are_made_and_a_hang_up_ends_the_body(address, jars):
    with RawConnection(address) as connection:
        connection.send(ticks("endless"))
        assert begin(connection) == THREE
        assert jars.waiting.wait(5)
        assert not jars.closed.wait(0.1)

    assert jars.cancelled.wait(5)
    assert jars.closed.wait(5)


def test_a_reset_ends_the_body(address, jars):
    connection = RawConnection(address)
    connection.send(ticks("endless"))
    assert jars.waiting.wait(5)
    connection.reset()

    assert jars.closed.wait(5)


def test_a_hang_up_of_a_client_that_does_not_read_ends_the_body(address, jars):
    connection = RawConnection(address)
    connection.send(ticks("flood"))
    assert not jars.closed.wait(0.2)
    connection.reset()

    assert jars.closed.wait(5)


def test_a_request_behind_a_stream_waits_and_is_served_after_it(address, jars):
    with RawConnection(address) as connection:
        connection.send(ticks("endless") + request_bytes("GET", "/open"))
        assert begin(connection) == THREE
        assert jars.waiting.wait(5)
        jars.go_on.set()

        assert connection.read_chunk() == b""
        assert connection.read_response().json() == {"open": True}


def test_head_begins_no_body(address, jars):
    with RawConnection(address) as connection:
        connection.send(ticks("endless", method="HEAD"))
        response = connection.read_response("HEAD")
        assert response.status == 200
        assert response.header("content-type") == "text/event-stream; charset=utf-8"

        connection.send(request_bytes("GET", "/open"))
        assert connection.read_response().status == 200
    assert not jars.waiting.is_set()


class Impatient(BoundedHttpProtocol):
    head_seconds = 1.0
    unread_seconds = 0.3


def test_a_client_that_does_not_read_is_cut_off():
    jars = Jars()
    with serving(make_app(jars), http=Impatient) as where, RawConnection(where) as connection:
        connection.send(ticks("flood"))

        assert jars.closed.wait(5)
        with pytest.raises(NoResponseError):
            connection.read_response()


def test_a_stream_outlasts_every_deadline_of_an_idle_connection():
    jars = Jars()
    with serving(make_app(jars), http=Impatient) as where, RawConnection(where) as connection:
        connection.send(ticks("endless"))
        assert begin(connection) == THREE
        assert not jars.closed.wait(1.5)


def test_a_body_that_fails_is_cut_off_so_that_the_client_sees_it(address, logged_errors):
    with RawConnection(address) as connection:
        connection.send(ticks("crash"))
        with pytest.raises(NoResponseError):
            connection.read_response()

    (record,) = logged_errors.records
    assert record.getMessage() == "response cut off"
    assert record.operation_id == "stream_ticks"


def test_a_stop_cuts_off_a_body_that_does_not_end_by_itself(logged_errors):
    jars = Jars()
    with serving(make_app(jars), last_answers_s=0) as address:
        connection = RawConnection(address)
        connection.send(ticks("endless"))
        assert jars.waiting.wait(5)

    with connection, pytest.raises(NoResponseError):
        connection.read_response()
    assert jars.closed.is_set()
    assert [record.name for record in logged_errors.records] == ["uvicorn.error"]
    assert "Cancel 1 running task(s)" in logged_errors.records[0].getMessage()


@pytest.mark.parametrize("how", ["wrong header", "undocumented status", "no body documented"])
def test_a_streamed_response_keeps_the_contract(ask, logged_errors, how):
    assert ask("GET", f"/pro/ticks?how={how.replace(' ', '%20')}").status == 500
    assert [r.getMessage() for r in logged_errors.records] == ["response violates the contract"]


def test_a_streamed_body_needs_a_documented_text(ask, logged_errors):
    assert ask("GET", "/pro/odd?how=stream").status == 500
    assert "no text is documented" in logged_errors.records[0].reason


@pytest.mark.parametrize("name", ["Last-Event-ID", "last-event-id"])
def test_a_header_parameter_reaches_the_handler(ask, jars, name):
    assert ask("GET", "/pro/ticks?how=three", headers=[(name, "42")]).status == 200
    assert jars.calls == [("stream_ticks", {"how": "three", "last_event_id": "42"})]


def test_a_header_parameter_may_be_left_out(ask, jars):
    ask("GET", "/pro/ticks?how=three")
    assert jars.calls == [("stream_ticks", {"how": "three", "last_event_id": None})]


@pytest.mark.parametrize("value", ["", "x", "1,2", "1234567890", b"\xff", b"1\xc2\xb2"])
def test_a_wrong_header_parameter_is_named(ask, jars, value):
    response = ask("GET", "/pro/ticks?how=three", headers=[("Last-Event-ID", value)])

    assert response.status == 400
    assert response.json()["message"].startswith("header 'Last-Event-ID': must match the pattern")
    assert jars.calls == []


def test_a_header_parameter_that_is_given_twice_is_refused(ask, jars):
    twice = [("Last-Event-ID", "1"), ("Last-Event-ID", "1")]
    response = ask("GET", "/pro/ticks?how=three", headers=twice)

    assert response.status == 400
    assert response.json()["message"] == "header 'Last-Event-ID' is given twice"
    assert jars.calls == []
