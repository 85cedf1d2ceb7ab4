"""Query and path parameters over real sockets: coercion, strict decoding, what is refused."""

import pytest

from support.contract_app import SECRET, USER
from support.raw_http import basic, exchange, request_bytes

DEFAULTS = {"open": False, "extra_info": False}


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("", {}),
        ("?", {}),
        ("?open=true", {"open": True}),
        ("?open=True&extra-info=FALSE", {"open": True}),
        ("?extra-info=true&open=false", {"extra_info": True}),
        ("?extra%2Dinfo=%74rue", {"extra_info": True}),
        ("?kind=jam", {"kind": "jam"}),
        ("?limit=12", {"limit": 12}),
        ("?ratio=2", {"ratio": 2}),
        ("?ratio=-2.5e-1", {"ratio": -0.25}),
        ("?label=", {"label": ""}),
        ("?label=a+b%2Bc", {"label": "a b+c"}),
        ("?label=%C3%A9=%26", {"label": "é=&"}),
        ("?&", {}),
        ("?&open=true&&limit=3&", {"open": True, "limit": 3}),
    ],
)
def test_parameters_arrive_typed_under_pythonic_names(ask, jars, query, arguments):
    assert ask("GET", "/pro/jars" + query).status == 200
    assert jars.calls == [("list_jars", DEFAULTS | arguments)]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("open=yes", "query parameter 'open' must be true or false"),
        ("open=1", "query parameter 'open' must be true or false"),
        ("open=", "query parameter 'open' must be true or false"),
        ("open", "query parameter 'open' must be true or false"),
        ("open=true%20", "query parameter 'open' must be true or false"),
        ("open=true%00", "query parameter 'open' must be true or false"),
        ("open=true&open=true", "query parameter 'open' is given twice"),
        ("open=true&open=zzz", "query parameter 'open' is given twice"),
        ("open=true&%6Fpen=false", "query parameter 'open' is given twice"),
        ("open=zzz&open=true", "query parameter 'open' must be true or false"),
        ("kind=tea", "query parameter 'kind': must be one of: jam, honey"),
        ("limit=x", "query parameter 'limit' must be an integer of at most 19 digits"),
        ("limit=1.0", "query parameter 'limit' must be an integer of at most 19 digits"),
        ("limit=%D9%A1", "query parameter 'limit' must be an integer of at most 19 digits"),
        ("limit=1_0", "query parameter 'limit' must be an integer of at most 19 digits"),
        ("limit=+1", "query parameter 'limit' must be an integer of at most 19 digits"),
        ("limit=" + "9" * 5000, "query parameter 'limit' must be an integer of at most 19 digits"),
        ("limit=0", "query parameter 'limit': must be 1 or more"),
        ("limit=2147483648", "query parameter 'limit': must be 2147483647 or less"),
        ("ratio=NaN", "query parameter 'ratio' must be a number"),
        ("ratio=Infinity", "query parameter 'ratio' must be a number"),
        ("ratio=1e400", "query parameter 'ratio' must be a number"),
        ("ratio=11", "query parameter 'ratio': must be 10 or less"),
        ("label=" + "a" * 21, "query parameter 'label': must have at most 20 characters"),
        ("label=%zz", "the query string is not properly percent-encoded"),
        ("label=%", "the query string is not properly percent-encoded"),
        ("label=%4", "the query string is not properly percent-encoded"),
        ("label=%ff", "the query string is not UTF-8"),
        ("label=%ed%a0%80", "the query string is not UTF-8"),
        ("%ff=1", "the query string is not UTF-8"),
        ("label=" + "a" * 9000, "the query string must have at most 8192 bytes"),
        ("=", "unknown query parameter ''; allowed: open, extra-info, kind, limit, ratio, label"),
    ],
    ids=lambda text: text[:30],
)
def test_a_wrong_parameter_is_400_and_the_message_says_what_is_allowed(ask, jars, query, message):
    response = ask("GET", "/pro/jars?" + query)

    assert response.status == 400
    assert response.json()["message"] == message
    assert jars.calls == []


def test_an_unknown_parameter_is_400_and_its_name_is_cleaned_and_bounded(ask, jars):
    response = ask("GET", "/pro/jars/a?" + "%1b%5b31m%0a" + "x" * 3000 + "=1")

    message = response.json()["message"]
    assert response.status == 400
    assert message.startswith("unknown query parameter ' [31m xxx")
    assert message.endswith("allowed: none")
    assert len(message) < 120
    assert jars.calls == []


@pytest.mark.parametrize("query", ["?_=1600678300000", "?q=tea&open=perhaps", "?x=%zz&x=1&q=tea"])
def test_an_operation_may_ignore_unknown_parameters(ask, jars, query):
    assert ask("GET", "/pro/names/a" + query).status == 200
    assert jars.calls == [("get_name", {"name": "a", "q": "tea" if "q=" in query else None})]


@pytest.mark.parametrize("query", ["?q=tea&q=tea", "?q=%zz", "?%zz=1"])
def test_an_operation_that_ignores_unknown_parameters_is_strict_about_its_own(ask, jars, query):
    assert ask("GET", "/pro/names/a" + query).status == 400
    assert jars.calls == []


def test_a_missing_required_parameter_is_400(ask):
    response = ask("GET", "/pro/odd")

    assert response.status == 400
    assert response.json()["message"] == "query parameter 'how' is missing"


def test_a_query_seen_before_means_the_same_again(ask, jars):
    for _ in range(3):
        ask("GET", "/pro/jars?open=true&limit=3")

    assert jars.calls == [("list_jars", DEFAULTS | {"open": True, "limit": 3})] * 3


def test_more_different_queries_than_are_cached_are_all_parsed(ask, jars):
    for limit in range(1, 301):
        assert ask("GET", f"/pro/jars?limit={limit}").status == 200

    assert [call["limit"] for _, call in jars.calls] == list(range(1, 301))


@pytest.mark.parametrize(
    ("segment", "name"),
    [
        ("plain", "plain"),
        ("%70lain", "plain"),
        ("a%20b", "a b"),
        ("a+b", "a+b"),
        ("%C3%A9", "é"),
        ("%F0%9F%98%80", "😀"),
        ("a%2Fb", "a/b"),
        ("..%2F..", "../.."),
        ("a%00b", "a\x00b"),
        ("%25", "%"),
        ("%2525", "%25"),
        ("a:b@c!$&'()*,;=", "a:b@c!$&'()*,;="),
    ],
)
def test_a_path_segment_is_decoded_once(ask, jars, segment, name):
    response = ask("GET", "/pro/names/" + segment)

    assert response.status == 200
    assert jars.calls == [("get_name", {"name": name, "q": None})]


@pytest.mark.parametrize(
    "segment", ["%", "%4", "%zz", "%ff", "%c3%28", "%ed%a0%80", "%c0%af", "%f8%88%80%80%80"]
)
def test_a_path_that_is_not_encoded_utf8_is_400(ask, jars, segment):
    response = ask("GET", "/pro/names/" + segment)

    assert response.status == 400
    assert response.json()["message"] == "the path is not properly percent-encoded UTF-8"
    assert jars.calls == []


@pytest.mark.parametrize(
    "segment", ["a%00", "a%0A", "a%0a", "a%2Fb", "%20", "é".encode(), "a" * 21, "a%7f", "a;b"]
)
def test_an_id_outside_its_pattern_is_400(address, jars, segment):
    target = b"/pro/jars/" + (segment if isinstance(segment, bytes) else segment.encode())
    response = exchange(address, request_bytes("GET", target, headers=[basic(USER, SECRET)]))

    assert response.status == 400
    assert jars.calls == []
