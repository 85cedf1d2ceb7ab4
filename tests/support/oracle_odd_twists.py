"""Requests bent so that the stock application is expected to be wrong: each kind of deviation."""

from collections.abc import Callable
from dataclasses import replace

from support import oracle_bodies
from support.oracle_contract import Operation
from support.oracle_drawing import (
    AUTHORIZATION,
    TYPE,
    Drawing,
    Twist,
    add_to_query,
    anything,
    changes,
    ensure_body,
    has_flags,
    may_lack_body,
    names_node,
    takes_body,
    takes_no_body,
    takes_strangers,
    takes_texts,
    with_body,
)
from support.oracle_reading import MAX_BODY
from support.oracle_request import Request, basic

_TOKEN = AUTHORIZATION.removeprefix(b"Basic ")


def contract_path(drawing: Drawing, request: Request) -> Request:
    return replace(request, path=drawing.one([b"/openapi.json", b"/openapi.yaml"]))


def bad_path(drawing: Drawing, request: Request) -> Request:
    return replace(request, path=request.path + drawing.one([b"%", b"%f", b"%zz", b"%ff", b"%C3"]))


def encoded_slash(drawing: Drawing, request: Request) -> Request:
    paths = [b"/pro/media-nodes/a%2Fb", b"/pro%2fconfig", b"/pro/media-nodes%2F", b"/pro/config%2F"]
    return replace(request, path=drawing.one(paths))


def line_feed(drawing: Drawing, request: Request) -> Request:
    nodes = b"/pro/media-nodes/"
    return replace(
        request, path=drawing.one([request.path + b"%0A", nodes + b"a%0ab", nodes + b"%0a"])
    )


def dots(drawing: Drawing, request: Request) -> Request:
    return replace(request, path=b"/pro/media-nodes/" + drawing.one([b".", b"..", b"%2e", b".%2E"]))


def slash(drawing: Drawing, request: Request) -> Request:
    return replace(request, path=request.path + b"/")


def slashes(drawing: Drawing, request: Request) -> Request:
    return replace(request, path=request.path + drawing.one([b"//", b"///"]))


def options(drawing: Drawing, request: Request) -> Request:
    return replace(request, method="OPTIONS")


def other_method(drawing: Drawing, request: Request) -> Request:
    return replace(request, method=drawing.one(["TRACE", "FOO", "get", "PATCH", "DELETE", "PUT"]))


def wrong_credentials(drawing: Drawing, request: Request) -> Request:
    values = [
        *(b"", b"Basic", b"Basic ", b"Bearer " + _TOKEN, b"Basic " + _TOKEN[:-2], _TOKEN, b"\xff"),
        *(b"Basic " + basic("OPENVIDUAPP", "x")[6:], basic("openviduapp", "a"), b"Basic T1BFTg=="),
        *(b"Basic !!", b"Negotiate x", AUTHORIZATION + b"AAAA", basic("OPENVIDUAPP", "é")),
    ]
    if drawing.one([True, False]):
        return request.without(b"authorization")
    return request.with_header(b"authorization", drawing.one(values))


def wrong_credentials_and_path(drawing: Drawing, request: Request) -> Request:
    request = wrong_credentials(drawing, request)
    if drawing.one([True, False]):
        return other_method(drawing, request)
    return replace(
        request, path=drawing.one([b"/pro", b"/pro/x", b"/openvidu/api/", b"/fleet/config/x"])
    )


def sloppy_credentials(drawing: Drawing, request: Request) -> Request:
    values = [_TOKEN[:5] + b"!" + _TOKEN[5:], _TOKEN[:4] + b" " + _TOKEN[4:], b'"%b"' % _TOKEN]
    sloppy = drawing.one([*(b"Basic " + value for value in values), b"Basic\t" + _TOKEN, b""])
    if sloppy:
        return request.with_header(b"authorization", sloppy)
    return replace(request, headers=(*request.headers, (b"authorization", AUTHORIZATION)))


def foreign_page(drawing: Drawing, request: Request) -> Request:
    fields = [
        (b"sec-fetch-site", b"cross-site"),
        (b"sec-fetch-site", b"same-site"),
        (b"origin", b"https://evil.example"),
        (b"origin", b"http://127.0.0.1:80"),
        (b"origin", b"null"),
    ]
    return request.with_header(*drawing.one(fields))


def too_large(drawing: Drawing, request: Request) -> Request:
    body = ensure_body(drawing, request).body or b""
    request = with_body(drawing, request, body.rjust(MAX_BODY + 1))
    return replace(request, chunked=drawing.one([True, False]))


def repeated(drawing: Drawing, request: Request) -> Request:
    name = drawing.one(drawing.operation.flags).encode()
    first, second = drawing.one([b"true", b"zzz"]), drawing.one([b"true", b"false"])
    otherwise = name.replace(b"s", b"%73") if drawing.one([True, False]) else name
    return replace(request, query=b"%b=%b&%b=%b" % (name, first, otherwise, second))


def capitals(drawing: Drawing, request: Request) -> Request:
    name = drawing.one(drawing.operation.flags).encode()
    value = drawing.one([b"TRUE", b"True", b"FALSE", b"%46alse"])
    return add_to_query(replace(request, query=b""), name + b"=" + value)


def form(drawing: Drawing, request: Request) -> Request:
    types = [b"multipart/form-data", b"multipart/form-data; boundary=x", b"Multipart/Form-Data"]
    request = request.with_header(TYPE, drawing.one(types))
    return replace(request, body=drawing.one([b"abc", b"--x\r\n\r\n1\r\n--x--\r\n", b""]))


def type_that_is_no_text(drawing: Drawing, request: Request) -> Request:
    request = replace(request, body=None, chunked=False)
    return request.with_header(TYPE, drawing.one([b"\xff", b"text/plain; a=\xe9", b"\xe9/json"]))


def chunked(drawing: Drawing, request: Request) -> Request:
    return replace(ensure_body(drawing, request), chunked=True)


def type_for_nothing(drawing: Drawing, request: Request) -> Request:
    types = [b"text/plain", b"", b"APPLICATION/JSON", b"application/json;charset=utf-16", b"x"]
    request = request.with_header(TYPE, drawing.one(types))
    return replace(request, body=drawing.one([None, b""]), chunked=drawing.one([True, False]))


def nothing(drawing: Drawing, request: Request) -> Request:
    return replace(request.without(TYPE), body=drawing.one([None, b""]), chunked=False)


def undeclared(drawing: Drawing, request: Request) -> Request:
    return ensure_body(drawing, request).without(TYPE)


def two_types(drawing: Drawing, request: Request) -> Request:
    second = (TYPE, drawing.one([b"application/json", b"text/plain"]))
    request = ensure_body(drawing, request)
    return replace(request, headers=(*request.headers, second))


def charset(drawing: Drawing, request: Request) -> Request:
    names = [b"utf-16", b"latin-1", b"utf8", b'"ascii"', b"none", b"", b"UTF-32", b"utf-8x", b"hex"]
    declared = drawing.one([b"application/json; charset=", b"application/json;Charset = "])
    request = ensure_body(drawing, request)
    return request.with_header(TYPE, declared + drawing.one(names))


def other_letters(drawing: Drawing, request: Request) -> Request:
    types = [
        b"APPLICATION/JSON",
        b"Application/Json",
        b" application/json",
        b"application/json ;a=b",
    ]
    more = [b'application/json; charset="utf-8"', b"application/json;v=1/2", b"application/json;"]
    request = ensure_body(drawing, request)
    if drawing.one([True, False]):
        odd = oracle_bodies.odd_values(drawing.operation.body_schema, drawing.port)
        request = replace(request, body=drawing.draw(oracle_bodies.written(odd)))
    return request.with_header(TYPE, drawing.one([*types, *more]))


def compressed(drawing: Drawing, request: Request) -> Request:
    coding = drawing.one([b"gzip", b"GZIP", b"br", b"identity, gzip", b"x"])
    return ensure_body(drawing, request).with_header(b"content-encoding", coding)


def choking(drawing: Drawing, request: Request) -> Request:
    return with_body(drawing, request, drawing.draw(oracle_bodies.CHOKING))


def lenient(drawing: Drawing, request: Request) -> Request:
    return with_body(drawing, request, drawing.draw(oracle_bodies.LENIENT))


def text_with_line_feed(drawing: Drawing, request: Request) -> Request:
    bodies = {
        "add_media_node": [b'{"uri": "ws://10.1.2.3/kurento\\n"}'],
        "restart": [
            b'{"OPENVIDU_PRO_CLUSTER_ID": "a\\n"}',
            b'{"OPENVIDU_WEBHOOK_ENDPOINT": "http://a/\\n"}',
            b'{"OPENVIDU_WEBHOOK_HEADERS": ["a: b", "c: d\\n"]}',
        ],
    }
    return with_body(drawing, request, drawing.one(bodies[drawing.operation.shared_name]))


ODD: tuple[tuple[Callable[[Operation], bool], Twist], ...] = (
    (anything, contract_path),
    (anything, bad_path),
    (anything, encoded_slash),
    (anything, line_feed),
    (names_node, dots),
    (anything, slash),
    (anything, slashes),
    (anything, options),
    (anything, other_method),
    (anything, wrong_credentials),
    (anything, wrong_credentials_and_path),
    (anything, sloppy_credentials),
    (changes, foreign_page),
    (takes_body, too_large),
    (has_flags, repeated),
    (has_flags, capitals),
    (takes_no_body, form),
    (takes_no_body, type_that_is_no_text),
    (takes_body, chunked),
    (takes_body, type_for_nothing),
    (may_lack_body, nothing),
    (takes_body, undeclared),
    (takes_body, two_types),
    (takes_body, charset),
    (takes_body, other_letters),
    (takes_body, compressed),
    (takes_body, choking),
    (takes_strangers, lenient),
    (takes_texts, text_with_line_feed),
)
"""Each with the operations that it needs."""
