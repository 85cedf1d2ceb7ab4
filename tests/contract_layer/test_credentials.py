"""Basic authentication over real sockets: it comes first, and it is strict."""

import base64
import time
from contextlib import ExitStack

import anyio
import pytest

from mediafleet.contract import FailedLogins
from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import RawConnection, basic, exchange, request_bytes


def b64(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def test_good_credentials_pass_again_and_again(ask):
    assert [ask("GET", "/pro/jars").status for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + b64(USER),
        "Basic " + b64(f"{USER}:"),
        "Basic " + b64(f"{USER}:{SECRET}x"),
        "Basic " + b64(f"{USER}x:{SECRET}"),
        "Basic " + b64(f"{USER}:{SECRET}")[:-1],
        "Basic " + b64(f"{USER}:{SECRET}".encode("latin-1")),
        "Basic " + b64(f"{USER}:{SECRET}") + "\x80",
        "Bearer " + b64(f"{USER}:{SECRET}"),
        b64(f"{USER}:{SECRET}"),
        "Basic " + b64(b"\xff\xfe:\xff"),
        "Basic " + b64(b"\x00" * 50),
        "Basic " + b64(USER + ":" + "x" * 20_000),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_credentials_are_401_with_a_challenge(ask, jars, value):
    headers = [] if value is None else [("Authorization", value)]
    response = ask("GET", "/pro/jars", headers=headers, credentials=False)

    assert response.status == 401
    assert response.header("www-authenticate") == 'Basic realm="Mediafleet", charset="UTF-8"'
    assert response.json()["error"] == "Unauthorized"
    assert jars.calls == []


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic"])
def test_the_scheme_is_taken_in_any_case(ask, scheme):
    headers = [("Authorization", f"{scheme} {b64(f'{USER}:{SECRET}')}")]

    assert ask("GET", "/pro/jars", headers=headers, credentials=False).status == 200


def test_several_headers_are_401_even_if_both_are_good(ask):
    assert ask("GET", "/pro/jars", headers=[basic(USER, SECRET)]).status == 401


@pytest.mark.parametrize(
    "request_",
    [
        ("GET", "/pro", [], None),
        ("GET", "/pro/nowhere", [], None),
        ("GET", "/pro/names/%zz", [], None),
        ("GET", "/%70ro/names/%zz", [], None),
        ("GET", "/pro/names/%2e%2e", [], None),
        ("PUT", "/pro/jars", [], None),
        ("TRACE", "/pro/jars", [], None),
        ("OPTIONS", "/pro/nowhere", [], None),
        ("GET", "/pro/jars?nonsense=1", [], None),
        ("GET", "/pro/jars/!!", [], None),
        ("POST", "/pro/echo", [("Content-Type", "text/plain")], b"x"),
        ("POST", "/pro/echo", [("Content-Type", "application/json")], b"{"),
        ("POST", "/pro/echo", [("Content-Type", "application/json")], b"x" * 20_000),
        ("POST", "/pro/echo", [("Content-Length", "999999999")], None),
    ],
)
def test_below_the_prefix_401_comes_before_everything_else(ask, jars, request_):
    method, target, headers, body = request_
    response = ask(method, target, headers=headers, body=body, credentials=False)

    assert response.status == 401
    assert jars.calls == []


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/projects", 404),
        ("POST", "/open", 405),
        ("GET", "/open", 200),
    ],
)
def test_outside_the_prefix_no_credentials_are_required(ask, method, target, status):
    assert ask(method, target, credentials=False).status == status


def test_a_refused_client_with_a_body_reads_its_response_and_is_disconnected(address):
    head = request_bytes("POST", "/pro/echo", headers=[("Content-Length", "9000")])
    with RawConnection(address) as connection:
        connection.send(head)
        response = connection.read_response()
        for _ in range(9):
            assert connection.send(b"x" * 1000)
            time.sleep(0.01)  # time for a reset to come back, if the server sent one

        assert response.status == 401
        assert response.header("connection") == "close"
        assert connection.ends_cleanly()


def test_a_refused_client_without_a_body_may_try_again_on_the_same_connection(address):
    with RawConnection(address) as connection:
        connection.send(request_bytes("GET", "/pro/jars"))
        assert connection.read_response().status == 401
        connection.send(request_bytes("GET", "/pro/jars", headers=[basic(USER, SECRET)]))
        assert connection.read_response().status == 200


def test_changed_credentials_count_from_the_next_request():
    current = ["old"]
    app = make_app(Jars(), authenticate=lambda user, secret: (user, secret) == ("u", current[0]))
    with serving(app) as address:

        def status(secret: str) -> int:
            data = request_bytes("GET", "/pro/jars", headers=[basic("u", secret)])
            return exchange(address, data).status

        assert [status("old"), status("old"), status("new")] == [200, 200, 401]
        current[0] = "new"
        assert [status("old"), status("new"), status("old")] == [401, 200, 401]


def test_many_different_good_headers_all_pass():
    with serving(make_app(Jars(), authenticate=lambda user, secret: secret == "s")) as address:
        for number in [*range(30), *range(30)]:
            data = request_bytes("GET", "/pro/jars", headers=[basic(f"user{number}", "s")])
            assert exchange(address, data).status == 200


def test_an_operation_outside_the_prefix_may_require_credentials_too():
    with serving(make_app(Jars(), protected_prefixes=["/elsewhere"])) as address:
        assert exchange(address, request_bytes("GET", "/pro/jars")).status == 401
        assert exchange(address, request_bytes("PUT", "/pro/jars")).status == 401
        assert exchange(address, request_bytes("GET", "/pro/nowhere")).status == 404
        assert exchange(address, request_bytes("GET", "/elsewhere/x")).status == 401


WRONG = [basic(USER, "wrong")]
AT_ONCE = {"last_answers_s": 0}


def wrong(address: tuple[str, int], source: str = "127.0.0.1") -> None:
    with RawConnection(address, source=source) as connection:
        connection.send(request_bytes("GET", "/pro/jars", headers=WRONG))
        assert connection.read_response().status == 401


def test_wrong_credentials_are_counted_and_logged_once_for_many(caplog):
    failed = FailedLogins(most=1_000)
    with serving(make_app(Jars(), failed_logins=failed)) as address:
        for source in ("127.0.0.1", "127.0.0.2", "127.0.0.2"):
            wrong(address, source)
        exchange(address, request_bytes("GET", "/pro/jars"))  # without any, as browsers begin
        exchange(address, request_bytes("GET", "/pro/jars", headers=[basic(USER, SECRET)]))

    assert failed.count == 3
    (line,) = [r for r in caplog.records if r.getMessage() == "wrong credentials"]
    assert (line.requests, line.peers, getattr(line, "from")) == (1, 1, {"127.0.0.1": 1})


@pytest.mark.anyio
async def test_what_came_after_the_first_line_is_in_the_next_one(caplog):
    failed = FailedLogins(most=1_000, log_interval_s=0.05)
    for number in range(2_000):
        await failed.note({"client": (f"10.0.{number // 250}.{number % 250}", 1)})
    await failed.note({"client": ("10.0.0.7", 1)})
    await failed.note({"client": ("2001:db8::1", 1)})
    with anyio.fail_after(5):
        while (
            len(lines := [r for r in caplog.records if r.getMessage() == "wrong credentials"]) < 2
        ):
            await anyio.sleep(0.01)

    assert sum(line.requests for line in lines) == failed.count == 2_002
    assert lines[1].peers <= 1_001
    assert len(getattr(lines[1], "from")) == 5


def test_only_who_sends_many_wrong_credentials_is_slowed_down_and_only_for_wrong_ones(
    logged_errors,
):
    failed = FailedLogins(most=2, delay_s=3600.0)
    good = request_bytes("GET", "/pro/jars", headers=[basic(USER, SECRET)])
    with ExitStack() as stack:
        address = stack.enter_context(serving(make_app(Jars(), failed_logins=failed), **AT_ONCE))
        wrong(address)
        wrong(address)
        slowed = stack.enter_context(RawConnection(address))
        slowed.send(request_bytes("GET", "/pro/jars", headers=WRONG))
        until_counted(failed, 3)
        assert exchange(address, good).status == 200
        wrong(address, "127.0.0.2")
        assert not slowed.has_answer()


def test_too_many_slow_answers_are_given_at_once_and_end_their_connections(logged_errors):
    failed = FailedLogins(most=0, delay_s=3600.0, most_delayed=1)
    with ExitStack() as stack:
        address = stack.enter_context(serving(make_app(Jars(), failed_logins=failed), **AT_ONCE))
        slowed, closed = (stack.enter_context(RawConnection(address)) for _ in range(2))
        slowed.send(request_bytes("GET", "/pro/jars", headers=WRONG))
        until_counted(failed, 1)
        closed.send(request_bytes("GET", "/pro/jars", headers=WRONG))
        response = closed.read_response()
        assert (response.status, response.header("connection")) == (401, "close")
        assert closed.ends_cleanly()
        assert not slowed.has_answer()


def test_a_stop_gives_the_slow_answers_at_once(logged_errors):
    failed = FailedLogins(most=0, delay_s=3600.0)
    with serving(make_app(Jars(), failed_logins=failed), **AT_ONCE) as address:
        slowed = RawConnection(address)
        slowed.send(request_bytes("GET", "/pro/jars", headers=WRONG))
        until_counted(failed, 1)

    with slowed:
        assert slowed.read_response().status == 401
    assert [record.name for record in logged_errors.records] == ["uvicorn.error"]


def until_counted(failed: FailedLogins, count: int) -> None:
    deadline = time.monotonic() + 5
    while failed.count < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)
