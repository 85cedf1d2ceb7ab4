"""Paths and methods over real sockets: which resource a request line means, and what it allows."""

import pytest

from support.contract_app import SECRET, USER, Jars, contract, make_app, serving
from support.raw_http import RawConnection, basic, exchange, request_bytes

AUTH = basic(USER, SECRET)


@pytest.mark.parametrize("target", ["/pro/jars", "/pro/jars/", "/pro/%6Aars", "/%70ro/jars/"])
def test_a_trailing_slash_and_escaped_letters_mean_the_same_resource(ask, jars, target):
    assert ask("GET", target).status == 200
    assert [name for name, _ in jars.calls] == ["list_jars"]


def test_a_trailing_slash_after_a_parameter_means_the_same_resource(ask, jars):
    assert ask("GET", "/pro/jars/a/").status == 200
    assert jars.calls == [("get_jar", {"jar_id": "a"})]


@pytest.mark.parametrize(
    "target",
    [
        "/pro",
        "/pro/",
        "/pro/jars//",
        "/pro/jars//a",
        "/pro/jars/a//",
        "/pro//jars",
        "//pro/jars",
        "/pro/./jars",
        "/pro/jars/.",
        "/pro/jars/..",
        "/pro/names/..",
        "/pro/names/.",
        "/pro/names/../jars",
        "/pro/names/%2e%2e",
        "/pro/names/%2E",
        "/pro/jars%2Fa",
        "/pro%2Fjars",
        "/PRO/jars",
        "/pro/Jars",
        "/pro/jars/a/b",
        "/pro/jars;v=1",
        "/projars",
        "/",
        "/openapi.json",
        "/ui",
        "/open/x",
    ],
)
def test_any_other_spelling_is_404(ask, jars, target):
    response = ask("GET", target)

    assert response.status == 404
    assert response.json()["message"] == "no such resource"
    assert jars.calls == []


def test_head_is_served_where_get_is_with_the_same_headers(ask):
    get, head = ask("GET", "/pro/jars/a"), ask("HEAD", "/pro/jars/a")

    def reported(response):
        of_each = ("date", "server", "x-request-id")
        return {name: value for name, value in response.headers if name not in of_each}

    assert head.status == 200
    assert head.body == b""
    assert reported(head) == reported(get)
    assert int(head.header("content-length")) == len(get.body) > 0


def test_nothing_follows_the_answer_to_a_head(address):
    with RawConnection(address) as connection:
        connection.send(request_bytes("HEAD", "/pro/jars/a", headers=[AUTH]))
        connection.read_response("HEAD")
        connection.send(request_bytes("GET", "/pro/jars/b", headers=[AUTH]))

        assert connection.read_response().json()["id"] == "b"


def test_an_error_answer_to_a_head_has_no_body_either(ask):
    response = ask("HEAD", "/pro/jars/none")

    assert response.status == 404
    assert response.body == b""


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("PUT", "/pro/jars", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/pro/jars/", "GET, HEAD, OPTIONS, POST"),
        ("TRACE", "/pro/jars", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/pro/jars/a", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("GET", "/pro/echo", "OPTIONS, POST"),
        ("HEAD", "/pro/echo", "OPTIONS, POST"),
        ("PROPFIND", "/open", "GET, HEAD, OPTIONS"),
    ],
)
def test_another_method_is_405_with_everything_that_is_allowed(ask, method, target, allow):
    response = ask(method, target)

    assert response.status == 405
    assert response.header("allow") == allow
    if method != "HEAD":
        assert response.json()["message"] == f"{method} is not allowed here; allowed: {allow}"


def test_an_unknown_method_is_refused_by_the_http_server(address):
    assert exchange(address, request_bytes("FOO", "/pro/jars")).status == 400


@pytest.mark.parametrize("target", ["/pro/jars", "/pro/jars/", "/open"])
@pytest.mark.parametrize("credentials", [True, False])
def test_options_is_204_with_everything_allowed_before_credentials(ask, target, credentials):
    response = ask("OPTIONS", target, credentials=credentials)

    assert response.status == 204
    assert response.body == b""
    assert "OPTIONS" in response.header("allow").split(", ")
    assert response.header("content-type") is None
    assert response.header("content-length") is None


def test_options_of_the_whole_server_lists_every_method(address):
    response = exchange(address, request_bytes("OPTIONS", "*"))

    assert response.status == 204
    assert response.header("allow") == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def test_an_absolute_request_target_means_its_path(ask, jars):
    assert ask("GET", "http://127.0.0.1/pro/jars").status == 200
    assert [name for name, _ in jars.calls] == ["list_jars"]


def test_raw_bytes_in_the_path_never_reach_a_handler(address, jars):
    response = exchange(address, request_bytes("GET", b"/pro/names/\xff\xfe", headers=[AUTH]))

    assert response.status == 400
    assert jars.calls == []


def test_http_1_0_is_answered(address):
    with RawConnection(address) as connection:
        connection.send(b"GET /open HTTP/1.0\r\n\r\n")

        assert connection.read_response().status == 200


def test_pipelined_requests_are_answered_in_order(address):
    with RawConnection(address) as connection:
        connection.send(
            b"".join(request_bytes("GET", f"/pro/jars/{i}", headers=[AUTH]) for i in "abc")
        )

        assert [connection.read_response().json()["id"] for _ in "abc"] == ["a", "b", "c"]


def test_a_fixed_path_wins_over_a_parameter_whatever_their_order():
    specification = contract()
    item = specification["paths"].pop("/open")
    specification["paths"]["/pro/names/fixed"] = item
    item["get"]["security"] = [{"basicAuth": []}]
    item["get"]["responses"]["401"] = item["get"]["responses"]["400"]
    jars = Jars()
    with serving(make_app(jars, specification)) as address:
        for name in ("fixed", "other"):
            exchange(address, request_bytes("GET", f"/pro/names/{name}", headers=[AUTH]))

    assert [name for name, _ in jars.calls] == ["open_door", "get_name"]


def test_paths_lie_below_the_path_of_the_server_object():
    specification = contract() | {"servers": [{"url": "https://example.org/v1/"}]}
    with serving(make_app(Jars(), specification)) as address:
        assert exchange(address, request_bytes("GET", "/v1/open")).status == 200
        assert exchange(address, request_bytes("GET", "/open")).status == 404


@pytest.mark.parametrize("http", ["httptools", "h11"])
def test_uvicorns_own_protocols_are_served_alike(http):
    with serving(make_app(Jars()), http=http) as address:
        for target, status in [("/open", 200), ("/pro/jars", 401), ("/open?x=1", 400)]:
            assert exchange(address, request_bytes("GET", target)).status == status
