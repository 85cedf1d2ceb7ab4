"""Probes of a media server: the error of each wrong one, and that nothing is left on it."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_network

import anyio
import pytest

from mediafleet.domain.errors import InvalidUriError, UnreachableMediaServerError
from support.fake_kurento import fake_kurento
from support.hostile_servers import (
    answering,
    frame,
    perform_handshake,
    raw_server,
    speaking,
    unresponsive,
)
from support.links import Observer, make_media_servers, until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", params=[True, False], ids=["uvloop", "asyncio"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


def prober(**settings):
    return make_media_servers(Observer(), **settings)


async def reason_of_failure(uri, **settings):
    with pytest.raises(UnreachableMediaServerError) as refused:
        await prober(**settings).probe(uri)
    reason = refused.value.reason
    assert len(reason) < 300
    assert reason.isprintable()
    return reason


async def reason_of_failure_at(handler, **settings):
    async with raw_server(handler) as port:
        return await reason_of_failure(f"ws://127.0.0.1:{port}/kurento", **settings)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_a_media_server_is_identified_and_keeps_nothing_of_the_probe():
    async with fake_kurento() as fake:
        identity = await prober().probe(fake.uri)
        assert identity.server_id == fake.server_id
        assert identity.ip == "127.0.0.1"
        await until(lambda: not fake.connections)
        assert not fake.sessions
        assert [request["method"] for request in fake.requests] == ["connect", "closeSession"]


async def test_a_host_name_is_resolved_and_every_address_tried():
    async with fake_kurento() as fake:
        identity = await prober().probe(f"ws://localhost:{fake.port}/kurento")
        assert identity.ip == "127.0.0.1"


async def test_the_uri_must_keep_the_rules():
    with pytest.raises(InvalidUriError):
        await prober().probe("http://127.0.0.1/kurento")


async def test_no_server_listens():
    reason = await reason_of_failure(f"ws://127.0.0.1:{free_port()}/kurento")
    assert reason == "the connection was refused"


async def test_the_path_is_wrong():
    async with fake_kurento() as fake:
        reason = await reason_of_failure(f"ws://127.0.0.1:{fake.port}/secret-path")
    assert "path is wrong" in reason
    assert "secret" not in reason


async def test_the_name_is_not_known():
    reason = await reason_of_failure("ws://no-such-host.invalid/kurento", handshake_timeout=3)
    assert reason.startswith("its host name ")
    assert "no-such-host" not in reason


async def test_it_accepts_connections_but_never_answers():
    assert "accepts connections but does not answer" in await reason_of_failure_at(unresponsive)


async def test_it_shakes_hands_but_never_answers():
    assert "accepts connections but does not answer" in await reason_of_failure_at(speaking())


async def test_it_sends_its_handshake_byte_by_byte_for_ever():
    async def drip(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        while True:
            writer.write(b"H")
            await writer.drain()
            await asyncio.sleep(0.02)

    with anyio.fail_after(3):
        assert "does not answer" in await reason_of_failure_at(drip)


async def test_it_sends_an_endless_header():
    async def pour(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n")
        while not writer.is_closing():
            writer.write(b"X-A: " + b"a" * 4000 + b"\r\n")
            await writer.drain()

    assert "WebSocket" in await reason_of_failure_at(pour)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP 200"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP 400"),
        (b"HTTP/1.1 426 Upgrade Required\r\n\r\n", "HTTP 426"),
        (b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/x\r\n\r\n", "redirect"),
        (b"HTTP/1.1 999 \x1b[31m\r\n\r\n", "does not answer as a WebSocket server"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not answer as a WebSocket server"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n", "WebSocket server"),
        (b"", "closed the connection during the handshake"),
    ],
)
async def test_it_speaks_something_else(answer, expected):
    assert expected in await reason_of_failure_at(answering(answer))


async def test_a_redirect_is_not_followed():
    async with fake_kurento() as fake:
        location = f"HTTP/1.1 302 Found\r\nLocation: {fake.uri}\r\n\r\n".encode()
        assert "redirect" in await reason_of_failure_at(answering(location))
        assert fake.connection_count == 0


@pytest.mark.parametrize(
    "greeting",
    [
        b"hello",
        b'{"type":"welcome"}',
        b"[]",
        b'{"id":1,"error":7}',
        b'{"id":"1","result":{}}',
        b"\xff\xfe",
    ],
)
async def test_it_greets_as_no_media_server_does(greeting):
    reason = await reason_of_failure_at(speaking(frame(greeting)), request_timeout=30)
    assert reason == "it does not answer as a Kurento media server does"


async def test_an_echo_is_no_answer():
    async def echo(reader, writer):
        await perform_handshake(reader, writer)
        header = await reader.readexactly(2)
        size = header[1] & 0x7F
        mask = await reader.readexactly(4)
        payload = await reader.readexactly(size)
        payload = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
        writer.write(frame(payload))
        await unresponsive(reader, writer)

    reason = await reason_of_failure_at(echo, request_timeout=30)
    assert reason == "it does not answer as a Kurento media server does"


@pytest.mark.parametrize(
    "result",
    [
        "{}",
        '"text"',
        '{"serverId":5,"sessionId":"s"}',
        '{"serverId":"","sessionId":"s"}',
        '{"serverId":"\\u001b[31m","sessionId":"s"}',
        '{"serverId":"' + "x" * 500 + '","sessionId":"s"}',
        '{"serverId":"s","sessionId":null}',
    ],
)
async def test_an_identity_must_look_like_one(result):
    async with fake_kurento() as fake:
        fake.answers["connect"] = lambda r: f'{{"id":{r["id"]},"result":{result}}}'
        assert "does not answer as a Kurento" in await reason_of_failure(fake.uri)


async def test_the_message_of_an_error_reply_is_cleaned():
    async with fake_kurento() as fake:
        fault = '{"code":-32601,"message":"\\u001b[2Jno\\n' + "x" * 5000 + '"}'
        fake.answers["connect"] = lambda r: f'{{"id":{r["id"]},"error":{fault}}}'
        reason = await reason_of_failure(fake.uri)
    assert "-32601: \\x1b[2Jno\\n" in reason


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([frame(b"\x03\xf3gone", opcode=8)], "closed the connection with code 1011"),
        ([frame(opcode=8)], "closed the connection"),
        ([frame(b"x" * 4000)], "more than 2000 bytes"),
        ([frame(b"x" * 1500, fin=False), frame(b"x" * 1500, opcode=0)], "more than 2000 bytes"),
        ([b"\x81\x7f\x00\x00\x01\x00\x00\x00\x00\x00"], "more than 2000 bytes"),
        ([frame(b"x", rsv=4)], "broke the WebSocket protocol"),
        ([frame(b"x", opcode=3)], "broke the WebSocket protocol"),
        ([frame(b"x", opcode=0)], "broke the WebSocket protocol"),
        ([frame(b"x", fin=False), frame(b"y")], "broke the WebSocket protocol"),
        ([frame(b"x", opcode=9, fin=False)], "broke the WebSocket protocol"),
        ([b"\x81\x85\x00\x00\x00\x00hello"], "broke the WebSocket protocol"),
    ],
)
async def test_frames_that_break_the_rules_end_the_probe(frames, expected):
    async with raw_server(speaking(*frames)) as port:
        uri = f"ws://127.0.0.1:{port}/"
        assert expected in await reason_of_failure(uri, max_message_size=2000, request_timeout=30)


async def test_pings_are_answered_and_fragments_put_together():
    seen = []

    async def handler(reader, writer):
        await perform_handshake(reader, writer)
        header = await reader.readexactly(2)
        mask = await reader.readexactly(4)
        payload = await reader.readexactly(header[1] & 0x7F)
        text = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload)).decode()
        call_id = text.split('"id":')[1].split(",")[0]
        reply = f'{{"id":{call_id},"result":{{"serverId":"srv","sessionId":"ses"}}}}'.encode()
        writer.write(frame(reply[:5], fin=False) + frame(b"are you there", opcode=9))
        pong = await reader.readexactly(2 + 4 + 13)
        seen.append(pong[0])
        seen.append(bytes(byte ^ pong[2 + n % 4] for n, byte in enumerate(pong[6:])))
        writer.write(frame(reply[5:20], opcode=0, fin=False) + frame(reply[20:], opcode=0))
        await unresponsive(reader, writer)

    async with raw_server(handler) as port:
        identity = await prober().probe(f"ws://127.0.0.1:{port}/kurento")
    assert identity.server_id == "srv"
    assert seen == [0x8A, b"are you there"]


@pytest.mark.parametrize(
    ("host", "header"),
    [("127.0.0.1", "127.0.0.1:{port}"), ("localhost", "localhost:{port}")],
)
async def test_the_request_names_the_host_of_the_uri_and_offers_nothing(host, header):
    requests = []

    async def handler(reader, writer):
        requests.append(await perform_handshake(reader, writer))
        await unresponsive(reader, writer)

    async with raw_server(handler) as port:
        await reason_of_failure(f"ws://{host}:{port}/some/path")
    (request,) = requests
    lines = request.decode().split("\r\n")
    assert lines[0] == "GET /some/path HTTP/1.1"
    names = {line.split(":")[0].lower(): line.split(": ", 1)[1] for line in lines[1:] if line}
    assert names["host"] == header.format(port=port)
    assert "sec-websocket-extensions" not in names
    assert "sec-websocket-protocol" not in names
    assert "authorization" not in names


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    async with fake_kurento() as fake:
        assert (await prober().probe(fake.uri)).server_id == fake.server_id


async def test_an_address_outside_the_allowed_networks_is_not_dialled():
    async with fake_kurento() as fake:
        networks = (ip_network("10.0.0.0/8"), ip_network("::1/128"))
        for uri in (
            fake.uri,
            f"ws://localhost:{fake.port}/",
            f"ws://[::ffff:127.0.0.1]:{fake.port}/",
        ):
            reason = await reason_of_failure(uri, allowed_networks=networks)
            assert "MEDIAFLEET_ALLOWED_NODE_NETWORKS" in reason or "refused" in reason
        assert fake.connection_count == 0


async def test_an_ipv4_address_in_ipv6_clothes_is_dialled_as_what_it_is():
    async with fake_kurento() as fake:
        networks = (ip_network("127.0.0.0/8"),)
        identity = await prober(allowed_networks=networks).probe(
            f"ws://[::ffff:127.0.0.1]:{fake.port}/kurento"
        )
        assert identity.ip == "127.0.0.1"


async def test_a_probe_that_is_given_up_closes_its_connection():
    async with fake_kurento() as fake:
        fake.hang()
        with anyio.move_on_after(0.1):
            await prober(close_timeout=0.1).probe(fake.uri)
        fake.wake()
        await until(lambda: not fake.connections)


async def test_a_handshake_that_is_given_up_closes_its_connection():
    connected, closed = anyio.Event(), anyio.Event()

    async def handler(reader, writer):
        connected.set()
        await unresponsive(reader, writer)
        closed.set()

    async with raw_server(handler) as port, anyio.create_task_group() as tasks:

        async def probe():
            await prober(handshake_timeout=60).probe(f"ws://127.0.0.1:{port}/")

        tasks.start_soon(probe)
        await connected.wait()
        tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True), anyio.fail_after(2):
            await closed.wait()
