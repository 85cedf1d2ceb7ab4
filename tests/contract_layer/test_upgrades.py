"""Requests for another protocol: ignored but for WebSockets, whatever the request looks like."""

from collections.abc import Iterator
from typing import Any

import pytest

from mediafleet.contract import BoundedHttpProtocol
from support.contract_app import SECRET, USER, make_app, serving
from support.raw_http import RawConnection, basic, chunked, request_bytes

AUTH = basic(USER, SECRET)
JSON = ("Content-Type", "application/json")
BODY = b'{"grams": 3}'
CHUNKED = ("Transfer-Encoding", "chunked")
UPGRADES = {
    "h2c as the JDK asks": [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("HTTP2-Settings", "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"),
        ("Upgrade", "h2c"),
    ],
    "unknown": [("Upgrade", "tea/1.0"), ("connection", "upgrade")],
    "list of protocols": [("Connection", "keep-alive, Upgrade"), ("Upgrade", "h2c, websocket")],
    "two headers": [("Connection", "Upgrade"), ("Upgrade", "h2c"), ("Upgrade", "IRC/6.9")],
    "websocket where there is none": [("Connection", "Upgrade"), ("Upgrade", "WebSocket")],
}
FRAMINGS = {"length": ([], BODY), "chunked": ([CHUNKED], chunked(BODY[:5], BODY[5:]))}
HANDSHAKE = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
]


@pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES)
@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS)
@pytest.mark.parametrize("split", ["whole", "behind the head", "byte by byte"])
def test_the_body_of_a_request_for_another_protocol_is_read(address, jars, upgrade, framing, split):
    headers, body = framing
    data = request_bytes("POST", "/pro/jars", headers=[AUTH, JSON, *upgrade, *headers], body=body)
    end = data.index(b"\r\n\r\n") + 4
    pieces = {
        "whole": [data],
        "behind the head": [data[:end], data[end:]],
        "byte by byte": [data[index : index + 1] for index in range(len(data))],
    }
    with RawConnection(address) as connection:
        for piece in pieces[split]:
            connection.send(piece)
        assert connection.read_response().status == 200
        assert jars.calls[-1][1]["body"] == {"grams": 3}
        connection.send(request_bytes("GET", "/open"))
        assert connection.read_response().status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "PATCH", "POST", "PUT"])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_body_is_no_request_of_its_own(address, jars, method, framing):
    smuggled = request_bytes("DELETE", "/pro/jars/a", headers=[AUTH])
    headers, body = ([CHUNKED], chunked(smuggled)) if framing == "chunked" else ([], smuggled)
    upgrade = UPGRADES["h2c as the JDK asks"]
    data = request_bytes(method, "/open", headers=[*upgrade, *headers], body=body)
    end = data.index(b"\r\n\r\n") + 4
    with RawConnection(address) as connection:
        connection.send(data[:end])
        connection.send(data[end:])
        first = connection.read_response(method)
        assert first.status in (200, 204, 405)
        connection.send(request_bytes("GET", "/nothing"))
        second = None if first.header("connection") else connection.read_response().status

    assert second in (404, None)
    assert [name for name, _ in jars.calls if name == "remove_jar"] == []


def test_a_request_behind_one_for_another_protocol_is_served(address):
    upgrade = UPGRADES["h2c as the JDK asks"]
    both = request_bytes("GET", "/open", headers=upgrade) + request_bytes("GET", "/nothing")
    with RawConnection(address) as connection:
        connection.send(both)

        assert [connection.read_response().status for _ in range(2)] == [200, 404]


class WithWebSockets(BoundedHttpProtocol):
    head_seconds = 0.3
    websocket_paths = ("/sockets/", "/socket")


@pytest.fixture(scope="module")
def with_websockets(jars) -> Iterator[tuple[str, int]]:
    behind = make_app(jars)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            await behind(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    with serving(app, http=WithWebSockets) as where:
        yield where


@pytest.mark.parametrize("body", [[("Content-Length", "3")], [CHUNKED]], ids=["length", "chunked"])
@pytest.mark.parametrize("sent", [b"", b"abc"], ids=["later", "at once"])
def test_a_websocket_handshake_with_a_body_is_400(with_websockets, body, sent):
    with RawConnection(with_websockets) as connection:
        connection.send(request_bytes("GET", "/sockets/x", headers=[*HANDSHAKE, *body]) + sent)

        assert connection.read_response().status == 400
        assert connection.is_closed_by_peer()


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS)
def test_only_a_get_begins_a_websocket(with_websockets, framing):
    headers, body = framing
    data = request_bytes("POST", "/sockets/x", headers=[*HANDSHAKE, *headers], body=body)
    with RawConnection(with_websockets) as connection:
        connection.send(data)

        assert connection.read_response().status == 404


@pytest.mark.parametrize("target", ["/", "/sockets", "/open", "/socket/", "/socket/x", "/socketx"])
def test_a_websocket_elsewhere_is_a_request(with_websockets, target):
    with RawConnection(with_websockets) as connection:
        connection.send(request_bytes("GET", target, headers=HANDSHAKE))

        assert connection.read_response().status in (200, 404)


@pytest.mark.parametrize("target", ["/sockets/", "/sockets/x?y", "/socket", "/socket?y=/z"])
def test_a_websocket_begins_at_its_paths(with_websockets, target):
    with RawConnection(with_websockets) as connection:
        connection.send(request_bytes("GET", target, headers=HANDSHAKE))

        assert connection.read_interim() == 101


def test_an_incomplete_handshake_is_answered(with_websockets):
    with RawConnection(with_websockets) as connection:
        connection.send(request_bytes("GET", "/sockets/x", headers=HANDSHAKE[:2]))

        assert connection.read_response().status in (400, 426)
        assert connection.is_closed_by_peer()


def test_a_client_that_does_not_wait_for_the_answer_to_its_handshake_is_400(with_websockets):
    close = b"\x88\x80abcd"
    with RawConnection(with_websockets) as connection:
        connection.send(request_bytes("GET", "/sockets/x", headers=HANDSHAKE) + close)

        assert connection.read_response().status == 400
        assert connection.is_closed_by_peer()


@pytest.mark.parametrize("method", ["CONNECT"])
def test_a_tunnel_is_refused_and_the_connection_ends(address, method):
    with RawConnection(address) as connection:
        connection.send(request_bytes(method, "example.org:443") + b"\x16\x03\x01")

        assert connection.read_response().status in (400, 404, 405)
        assert connection.is_closed_by_peer()


HOSTS = {"none": b"", "two": b"Host: a\r\nHost: b\r\n", "the same twice": b"Host: a\r\nHost: a\r\n"}


@pytest.mark.parametrize("hosts", HOSTS.values(), ids=HOSTS)
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_a_request_without_one_host_is_400(address, hosts, method):
    with RawConnection(address) as connection:
        connection.send(method + b" /open HTTP/1.1\r\n" + hosts + b"\r\n")
        response = connection.read_response()

        assert (response.status, response.body) == (400, b"A request must have one Host header.")
        assert connection.is_closed_by_peer()


@pytest.mark.parametrize("hosts", [b"", b"Host: a\r\n"])
def test_http_1_0_needs_no_host(address, hosts):
    with RawConnection(address) as connection:
        connection.send(b"GET /open HTTP/1.0\r\n" + hosts + b"\r\n")

        assert connection.read_response().status == 200
