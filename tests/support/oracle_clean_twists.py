"""Requests bent in ways that both applications are expected to take alike."""

from dataclasses import replace

from support import oracle_bodies
from support.oracle_drawing import TYPE, Drawing, Twist, add_to_query, ensure_body, with_body
from support.oracle_reading import MAX_BODY
from support.oracle_request import Request

_JSON = b"application/json"


def _extra_parameter(drawing: Drawing, request: Request) -> Request:
    pairs = [
        b"x=1",
        b"SESSIONS=true",
        b"sessions[]=true",
        b"=",
        b"=true",
        b"x",
        b"a%00=b",
        b"%zz=1",
    ]
    return add_to_query(request, drawing.one(pairs))


def _bad_value(drawing: Drawing, request: Request) -> Request:
    name = drawing.one([*drawing.operation.query, "nothing"]).encode()
    values = [
        b"",
        b"1",
        b"yes",
        b"true ",
        b"%74rue%0a",
        b"null",
        b"t%zze",
        b"%ff",
        b"NOW",
        b"now,now",
    ]
    return replace(request, query=name + b"=" + drawing.one(values))


def _same_query_otherwise(drawing: Drawing, request: Request) -> Request:
    query = request.query.replace(b"tr", b"%74r").replace(b"se", b"s%65").replace(b"&", b"&&")
    return replace(request, query=query + drawing.one([b"", b"&", b"&&"]))


def _odd_id(drawing: Drawing, request: Request) -> Request:
    ids = [
        b"A" * 65,
        b"a.b",
        b"a b",
        b"%C3%A9",
        b"a%00",
        b"kms_%41",
        b"%6B",
        b"a;b",
        b"a@b",
        b"%20",
        b"...",
    ]
    if "{" not in drawing.operation.template:
        return request
    folder, _, _ = drawing.operation.template.partition("{")
    return replace(request, path=folder.encode() + drawing.one(ids))


def _same_path_otherwise(drawing: Drawing, request: Request) -> Request:
    return replace(request, path=request.path.replace(b"o", b"%6F").replace(b"-", b"%2d"))


def _unknown_path(drawing: Drawing, request: Request) -> Request:
    paths = [
        b"/",
        b"/pro",
        b"/pro/",
        b"/pro/x",
        b"/PRO/config",
        b"/pro//config",
        b"//pro/config",
        b"/healthz",
        b"/openvidu",
        b"/openvidu/api",
        b"/openvidu/api/x",
    ]
    more = [
        b"/pro/media-nodes/a/b",
        b"/pro/config/x",
        b"/ui/",
        b"/pro/./config",
        b"/pro/conf%69g2",
        b"/x/",
    ]
    return replace(request, path=drawing.one([*paths, *more]))


def _odd_body(drawing: Drawing, request: Request) -> Request:
    if not drawing.takes_body:
        return _body_for_nobody(drawing, request)
    schema = drawing.operation.body_schema
    odd = oracle_bodies.written(oracle_bodies.odd_values(schema, drawing.port))
    return with_body(drawing, request, drawing.draw(odd))


def _broken_body(drawing: Drawing, request: Request) -> Request:
    return with_body(drawing, request, drawing.draw(oracle_bodies.BROKEN))


def _foreign_type(drawing: Drawing, request: Request) -> Request:
    types = [
        b"text/plain",
        b"text/json",
        b"application/x-www-form-urlencoded",
        b"application/jsonx",
        b"*/*",
    ]
    more = [
        b"application/ld+json",
        b"application/*",
        b"",
        b"json",
        b"application/xml;charset=utf-8",
    ]
    return ensure_body(drawing, request).with_header(TYPE, drawing.one([*types, *more]))


def _plain_charset(drawing: Drawing, request: Request) -> Request:
    types = [b"application/json;charset=utf-8", b"application/json; charset=UTF-8"]
    return ensure_body(drawing, request).with_header(TYPE, drawing.one(types))


def _body_for_nobody(drawing: Drawing, request: Request) -> Request:
    types = [
        b"text/plain",
        _JSON,
        b"a/b/c",
        b"application/x-www-form-urlencoded",
        b"APPLICATION/JSON",
    ]
    bodies = [b"{", b"null", b"a=b&c=%zz", b"\x00\xff", b"x" * (MAX_BODY + 1)]
    request = request.with_header(TYPE, drawing.one(types))
    if drawing.takes_body:
        return replace(request, body=b"")
    return replace(request, body=drawing.one(bodies), chunked=drawing.one([True, False]))


def _largest_body(drawing: Drawing, request: Request) -> Request:
    body = ensure_body(drawing, request).body or b""
    return with_body(drawing, request, body.rjust(drawing.one([1000, 9999, 65_537, MAX_BODY])))


def _head(drawing: Drawing, request: Request) -> Request:
    return replace(request, method="HEAD") if request.method == "GET" else request


def _headers_of_no_concern(drawing: Drawing, request: Request) -> Request:
    names = [b"accept", b"origin", b"cookie", b"range", b"if-none-match", b"x-http-method-override"]
    values = [b"*/*", b"text/html", b"http://a.example", b"bytes=0-1", b"DELETE", b"\xff", b""]
    return request.with_header(drawing.one(names), drawing.one(values))


CLEAN: tuple[Twist, ...] = (
    *(_extra_parameter, _bad_value, _same_query_otherwise, _odd_id, _same_path_otherwise),
    *(_unknown_path, _odd_body, _odd_body, _odd_body, _broken_body, _foreign_type, _plain_charset),
    *(_body_for_nobody, _largest_body, _head, _head, _headers_of_no_concern),
)
"""Twists that the two applications are expected to take alike."""
