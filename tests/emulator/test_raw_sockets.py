"""Bytes on the socket that a WebSocket client can neither send nor show."""

import json
import re
import ssl
from random import Random
from ssl import PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER

import anyio
import pytest
import trustme

from emulator.replay import TRANSCRIPTS, read_transcript
from mediafleet.emulator import EmulatedCluster
from support.kurento_wire import MANAGER, open_wire, until, wire

pytestmark = pytest.mark.anyio

UPGRADE = (
    b"GET /kurento HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


def masked(opcode: int, payload: bytes) -> bytes:
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


async def connect(cluster, host="127.0.1.1"):
    return await anyio.connect_tcp(host, cluster.port)


async def rest(stream) -> bytes:
    received = b""
    with anyio.fail_after(5):
        async for data in stream:
            received += data
    return received


async def upgraded(cluster):
    stream = await connect(cluster)
    await stream.send(UPGRADE + b"\r\n")
    with anyio.fail_after(5):
        head = await stream.receive()
    assert head.startswith(b"HTTP/1.1 101 ")
    assert head.endswith(b"\r\n\r\n")
    return stream


def recorded_handshakes() -> list[tuple[str, str]]:
    found = []
    for path in sorted(TRANSCRIPTS.glob("2*.jsonl")):
        lines = [
            line.content["http"] for line in read_transcript(path.stem) if "http" in line.content
        ]
        found += list(zip(lines[::2], lines[1::2], strict=True))
    return found


@pytest.mark.parametrize(("request_text", "answer"), recorded_handshakes())
async def test_handshake_of_the_official_client_is_answered_as_recorded(
    start, request_text, answer
) -> None:
    async with await connect(await start()) as stream:
        await stream.send(request_text.encode())
        with anyio.fail_after(5):
            assert await stream.receive() == answer.encode()


async def test_offers_and_credentials_change_nothing_in_the_answer(start) -> None:
    cluster = await start()
    plain = b""
    for extra in (
        b"",
        b"Sec-WebSocket-Protocol: kurento\r\n",
        b"Sec-WebSocket-Extensions: permessage-deflate\r\n",
        b"Origin: http://evil.example\r\nAuthorization: Bearer x\r\n",
    ):
        async with await connect(cluster) as stream:
            await stream.send(UPGRADE + extra + b"\r\n")
            with anyio.fail_after(5):
                answer = await stream.receive()
        plain = plain or answer
        assert answer == plain


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (UPGRADE.replace(b"Sec-WebSocket-Key", b"X-Key"), b"500 Internal Server Error"),
        (UPGRADE.replace(b": 13", b": 99"), b"400 Bad Request"),
        (UPGRADE.replace(b"GET", b"POST"), b"400 Bad Request"),
        (b"GET /" + b"x" * 20_000, b"400 "),
    ],
)
async def test_bad_requests_get_a_response_and_the_end_of_the_connection(
    start, head, status
) -> None:
    async with await connect(await start()) as stream:
        await stream.send(head + b"\r\n")
        assert (
            await rest(stream) == b"HTTP/1.1 " + status + b"\r\nServer: WebSocket++/0.8.2\r\n\r\n"
        )


async def test_half_a_request_is_dropped_after_five_seconds(start, move) -> None:
    cluster = await start()
    async with await connect(cluster) as stream:
        await stream.send(UPGRADE)
        await until(lambda: cluster.nodes[0].connection_count == 1)
        move(cluster, 4.9)
        with anyio.move_on_after(0.1) as scope:
            await stream.receive()
        assert scope.cancelled_caught
        move(cluster, 0.2)
        assert await rest(stream) == b""


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (masked(8, b"\x03\xe8"), b"\x88\x02\x03\xe8"),
        (masked(8, b"\x0f\xa0bye"), b"\x88\x05\x0f\xa0bye"),
        (masked(8, b""), b"\x88\x02\x03\xe8"),
        (b"\x81\x02{}", b"\x88&\x03\xeaClients may not send unmasked frames"),
        (masked(1, b"\xff\xfe"), b"\x88\x17\x03\xefInvalid UTF8 encoding"),
        (masked(1, b"hello"), b""),
    ],
)
async def test_close_frames_are_those_of_the_real_server(start, sent, answer) -> None:
    async with await upgraded(await start()) as stream:
        await stream.send(sent)
        assert await rest(stream) == answer


async def test_frames_right_behind_the_handshake_are_executed(start) -> None:
    async with await connect(await start()) as stream:
        ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()
        await stream.send(UPGRADE + b"\r\n" + masked(1, ping) + masked(8, b"\x03\xe8"))
        assert (await rest(stream)).endswith(b"\x88\x02\x03\xe8")


async def test_request_right_before_a_close_frame_is_executed(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with await upgraded(cluster) as stream:
        create = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "create",
            "params": {"type": "MediaPipeline"},
        }
        await stream.send(masked(1, json.dumps(create).encode()) + masked(8, b"\x03\xe8"))
        await rest(stream)
    assert len(node.pipelines) == 1


async def test_replies_are_sorted_compact_ascii(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        pipeline = await client.create("MediaPipeline")
        await client.invoke(pipeline, "setName", name="Räum ✓ 😀")
        await client.request("invoke", object=pipeline, operation="getName")
        text = await client.connection.recv()
        assert re.match(r'{"id":\d+,"jsonrpc":"2.0","result":{"sessionId":"', text)
        assert text.endswith('","value":"R\\u00e4um \\u2713 \\ud83d\\ude00"}}')


async def test_connections_to_unknown_addresses_are_reset(start) -> None:
    cluster = await start()
    for host in ("127.0.1.2", "127.9.9.9", "127.0.0.2"):
        assert await answer_at(cluster, host) == b""
    assert (await answer_at(cluster, "127.0.1.1")).startswith(b"HTTP/1.1 101 ")


async def answer_at(cluster, host: str) -> bytes:
    try:
        async with await connect(cluster, host) as stream:
            await stream.send(UPGRADE + b"\r\n")
            return await stream.receive()
    except (anyio.BrokenResourceError, anyio.EndOfStream, OSError):
        return b""


@pytest.mark.parametrize("bad", ["[" * 100_000, '{"a":' * 100_000, "1" * 5000, "NaN", "\ud800"[:0]])
async def test_hostile_json_ends_only_its_own_connection(start, bad) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as other:
        client = await open_wire(cluster.uri(0))
        await client.send(bad)
        assert await client.end() == (1006, "")
        await other.call("ping")


async def test_deeply_nested_transactions_end_only_their_own_connection(start) -> None:
    cluster = await start()
    frame = '{"jsonrpc":"2.0","id":0,"method":"ping","params":{}}'
    for _ in range(300):
        frame = (
            '{"jsonrpc":"2.0","id":0,"method":"transaction","params":{"operations":['
            + frame
            + "]}}"
        )
    client = await open_wire(cluster.uri(0))
    await client.send(frame)
    assert await client.end() == (1006, "")
    async with wire(cluster.uri(0)) as other:
        assert await other.invoke(MANAGER, "getPipelines") == []


async def test_cluster_can_speak_tls(clock) -> None:
    authority = trustme.CA()
    server, client = (ssl.SSLContext(side) for side in (PROTOCOL_TLS_SERVER, PROTOCOL_TLS_CLIENT))
    authority.issue_cert("127.0.1.1").configure_cert(server)
    authority.configure_trust(client)
    cluster = EmulatedCluster(nodes=1, random=Random(1), clock=clock, ssl_context=server)
    async with cluster:
        assert cluster.uri(0).startswith("wss://")
        async with wire(cluster.uri(0), ssl=client) as secured:
            await secured.call("ping")
            cluster.nodes[0].crash()
            assert await secured.end() == (1006, "")
        async with await connect(cluster) as stream:
            await stream.send(UPGRADE + b"\r\n")
            assert b"HTTP" not in await rest(stream)
