"""Whatever bytes a client sends: an answer in the documented form, never a 500, never silence."""

import json
import re
import sys
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mediafleet.contract import ContractSchemas, FailedLogins
from support.contract_app import CONTRACT, SECRET, USER, Jars, make_app, serving
from support.raw_http import RawConnection, RawResponse, basic, chunked, request_bytes

AUTH = basic(USER, SECRET)
ERROR = ContractSchemas(CONTRACT).component("ErrorBody")
FUZZ = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]")
LINE_SAFE = [byte for byte in range(256) if byte not in b"\r\n\x00"]
HEADER_BYTES = st.lists(
    st.sampled_from([b for b in LINE_SAFE if b >= 32 and b != 127]), max_size=60
)
TARGET_BYTES = st.lists(
    st.sampled_from([b for b in range(33, 127) if b not in b"#?"]) | st.just(37), max_size=60
)
JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def where() -> Iterator[tuple[str, int]]:
    """Wrong credentials are answered at once, however many there are."""
    with serving(make_app(Jars(), failed_logins=FailedLogins(most=sys.maxsize))) as address:
        yield address


def answer(where: tuple[str, int], data: bytes) -> RawResponse:
    with RawConnection(where) as connection:
        connection.send(data)
        return connection.read_response()


def check(response: RawResponse) -> None:
    assert response.status < 500, response
    if response.status >= 400:
        assert response.header("content-type") == "application/json", response
        body = response.json()
        assert ERROR.is_valid(body), body
        assert body["status"] == response.status
        assert not UNSAFE.search(body["message"] + body["path"]), body


@FUZZ
@given(body=st.binary(max_size=200), chunk=st.booleans())
@example(body=b'{"grams":1e999}', chunk=True)
def test_any_body(where, body, chunk):
    framing = [("Transfer-Encoding", "chunked")] if chunk else []
    framed = (chunked(body) if body else chunked()) if chunk else body
    for method, target in (("POST", "/pro/jars"), ("POST", "/pro/echo"), ("PATCH", "/pro/jars/a")):
        fields = [AUTH, ("Content-Type", "application/json"), *framing]
        check(answer(where, request_bytes(method, target, headers=fields, body=framed)))


@FUZZ
@given(value=JSONISH, target=st.sampled_from(["/pro/jars", "/pro/settings", "/pro/echo"]))
def test_any_json(where, value, target):
    body = json.dumps(value).encode()
    method = "PUT" if target == "/pro/settings" else "POST"
    fields = [AUTH, ("Content-Type", "application/json")]
    check(answer(where, request_bytes(method, target, headers=fields, body=body)))


@FUZZ
@given(declared=HEADER_BYTES.map(bytes))
def test_any_content_type(where, declared):
    fields = [AUTH, ("Content-Type", declared)]
    check(answer(where, request_bytes("POST", "/pro/echo", headers=fields, body=b"{}")))


@FUZZ
@given(value=HEADER_BYTES.map(bytes))
def test_any_authorization(where, value):
    response = answer(where, request_bytes("GET", "/pro/jars", headers=[("Authorization", value)]))
    check(response)
    assert response.status == 401


@FUZZ
@given(
    path=TARGET_BYTES.map(bytes),
    prefix=st.sampled_from([b"/", b"/pro/", b"/pro/jars/", b"/pro/names/", b"/pro/names/%"]),
)
def test_any_path(where, path, prefix):
    check(answer(where, request_bytes("GET", prefix + path, headers=[AUTH])))


@FUZZ
@given(
    query=TARGET_BYTES.map(bytes),
    prefix=st.sampled_from(
        [b"", b"open=", b"limit=", b"ratio=", b"label=", b"label=%", b"open=true&"]
    ),
)
def test_any_query(where, query, prefix):
    check(answer(where, request_bytes("GET", b"/pro/jars?" + prefix + query, headers=[AUTH])))


@FUZZ
@given(name=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30))
def test_any_text_in_a_path_segment_arrives_as_it_was_sent(where, name):
    if name in (".", ".."):
        return
    response = answer(
        where, request_bytes("GET", "/pro/names/" + quote(name, safe=""), headers=[AUTH])
    )

    assert response.status == 200
    assert response.json() == {"name": name, "q": None}
