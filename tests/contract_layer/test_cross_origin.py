"""CORS over real sockets: nothing unless origins are configured, and then only for those."""

from collections.abc import Iterator

import pytest

from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import RawResponse, basic, exchange, request_bytes

ORIGIN = "https://console.example"
AUTH = basic(USER, SECRET)


@pytest.fixture(scope="module")
def with_origins() -> Iterator[tuple[str, int]]:
    app = make_app(Jars(), cors_origins=[ORIGIN, "http://127.0.0.1:5173"])
    with serving(app) as where:
        yield where


def access(response: RawResponse) -> dict[str, str]:
    return {n: v for n, v in response.headers if n.startswith("access-control-") or n == "vary"}


def preflight(origin: str, target: str = "/pro/jars/a") -> bytes:
    fields = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "DELETE"),
        ("Access-Control-Request-Headers", "authorization"),
    ]
    return request_bytes("OPTIONS", target, headers=fields)


def test_without_configured_origins_there_is_no_access_header(address):
    for data in (
        preflight(ORIGIN),
        request_bytes("GET", "/pro/jars", headers=[AUTH, ("Origin", ORIGIN)]),
    ):
        assert access(exchange(address, data)) == {}


def test_a_preflight_is_answered_before_credentials(with_origins):
    response = exchange(with_origins, preflight(ORIGIN))

    assert response.status == 200
    assert access(response) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "DELETE, GET, HEAD, PATCH, POST, PUT",
        "access-control-allow-headers": (
            "Accept, Accept-Language, Authorization, Content-Language, Content-Type, "
            "Last-Event-ID, X-Request-Id"
        ),
        "access-control-max-age": "600",
        "vary": response.header("vary"),
    }
    assert response.header("vary").startswith("Origin")


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [("GET", "/pro/jars", 200), ("GET", "/pro/jars/none", 404), ("PUT", "/pro/jars", 405)],
)
def test_a_configured_origin_may_read_answers_and_errors(with_origins, method, target, status):
    data = request_bytes(method, target, headers=[AUTH, ("Origin", "http://127.0.0.1:5173")])
    response = exchange(with_origins, data)

    assert response.status == status
    assert access(response) == {
        "access-control-allow-origin": "http://127.0.0.1:5173",
        "access-control-expose-headers": "X-Request-Id",
        "vary": "Origin",
    }


@pytest.mark.parametrize(
    "origin",
    [
        "https://console.example.evil.org",
        "https://evil.org",
        "https://CONSOLE.example",
        "http://console.example",
        "https://console.example:443",
        "https://console.example/",
        "null",
        "*",
        "",
    ],
)
def test_any_other_origin_is_not_allowed(with_origins, origin):
    fields = [AUTH, ("Origin", origin)]

    refused = exchange(with_origins, preflight(origin))
    answer = exchange(with_origins, request_bytes("GET", "/pro/jars", headers=fields))
    assert refused.status == 400
    for response in (refused, answer):
        assert not {"access-control-allow-origin", "access-control-allow-credentials"} & set(
            access(response)
        )


def test_a_preflight_does_not_show_which_paths_exist(with_origins):
    known, unknown = (
        exchange(with_origins, preflight(ORIGIN, target))
        for target in ("/pro/jars", "/pro/nowhere")
    )

    assert (known.status, known.body, access(known)) == (
        unknown.status,
        unknown.body,
        access(unknown),
    )


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "console.example", "https://", "https://console.example/", "HTTPS://x", "a b"],
)
def test_an_origin_that_could_never_match_stops_the_program(origin):
    with pytest.raises(Exception, match="is not an origin"):
        make_app(Jars(), cors_origins=[origin])


CHANGES = [("POST", "/pro/jars"), ("DELETE", "/pro/jars/a"), ("PUT", "/pro/settings")]


@pytest.mark.parametrize(
    ("origin", "site", "is_own"),
    [
        ("https://evil.org", "cross-site", False),
        ("null", "cross-site", False),
        ("https://other.console.example", "same-site", False),
        (None, "cross-site", False),
        (ORIGIN, "cross-site", True),
        ("https://anything.example", "same-origin", True),
        (None, "none", True),
        (None, None, True),
        # Old browsers, and all of them where the server is reached without encryption:
        ("https://evil.org", None, False),
        ("null", None, False),
        ("http://127.0.0.1:5444", None, False),
        ("http://127.0.0.1", None, False),
        ("http://127.0.0.1.evil.org:5443", None, False),
        ("127.0.0.1:5443", None, False),
        ("http://127.0.0.1:5443", None, True),
        ("https://127.0.0.1:5443", None, True),
        (ORIGIN, None, True),
    ],
)
@pytest.mark.parametrize("change", CHANGES)
def test_a_foreign_page_changes_nothing(with_origins, change, origin, site, is_own):
    given = {"Origin": origin, "Sec-Fetch-Site": site}
    fields = [AUTH, *((name, value) for name, value in given.items() if value is not None)]
    data = request_bytes(*change, headers=fields, host="127.0.0.1:5443")

    answer = exchange(with_origins, data)
    assert (answer.status == 403) == (not is_own)
    if not is_own:
        assert answer.json()["error"] == "Forbidden"
        assert "configured origins" in answer.json()["message"]


@pytest.mark.parametrize(
    "fields",
    [
        [("Origin", "http://127.0.0.1:5443"), ("Origin", "https://evil.org")],
        [("Origin", ORIGIN), ("Origin", "https://evil.org")],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
    ],
)
def test_of_two_origins_both_have_to_be_ours(with_origins, fields):
    data = request_bytes("POST", "/pro/jars", headers=[AUTH, *fields], host="127.0.0.1:5443")

    assert exchange(with_origins, data).status == 403


def test_credentials_are_checked_before_the_origin(with_origins):
    foreign = ("Sec-Fetch-Site", "cross-site")

    assert exchange(with_origins, request_bytes("POST", "/pro/jars", headers=[foreign])).status == (
        401
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_foreign_page_may_have_a_browser_read(with_origins, method):
    fields = [AUTH, ("Origin", "https://evil.org"), ("Sec-Fetch-Site", "cross-site")]
    data = request_bytes(method, "/pro/jars", headers=fields)

    assert exchange(with_origins, data, method=method).status == 200
