"""One process holds many nodes and many connections."""

import json
import resource
from urllib.parse import urlsplit

import anyio
import pytest
from anyio.abc import SocketStream

from mediafleet.emulator import MAX_NODES, address_of
from mediafleet.emulator.cluster import index_of
from support.kurento_wire import MANAGER, open_wire, wire

pytestmark = pytest.mark.anyio

UPGRADE = (
    b"GET /kurento HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_REQUEST = b'{"jsonrpc":"2.0","id":1,"method":"connect"}'
CONNECT = bytes([0x81, 0x80 | len(_REQUEST), 0, 0, 0, 0]) + _REQUEST


@pytest.fixture
def enough_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, 4096)
    if hard < wanted:
        pytest.skip(f"a process may have only {hard} descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_thousand_nodes_answer_from_one_process(start, enough_descriptors) -> None:
    cluster = await start(nodes=1000)
    hosts = [urlsplit(node.uri).hostname for node in cluster.nodes]
    streams = [await anyio.connect_tcp(str(host), cluster.port) for host in hosts]
    for stream in streams:
        await stream.send(UPGRADE + CONNECT)
    answers = [await answer(stream) for stream in streams]
    assert sum(node.connection_count for node in cluster.nodes) == 1000
    for node, text in zip(cluster.nodes, answers, strict=True):
        assert json.loads(text)["result"]["serverId"] == node.server_id
    for stream in streams:
        await stream.aclose()


async def answer(stream: SocketStream) -> bytes:
    """The content of the first frame behind the handshake."""
    received = b""
    with anyio.fail_after(30):
        while not received.endswith(b"}"):
            received += await stream.receive()
    return received[received.index(b"{") :]


async def test_two_hundred_connections_and_three_hundred_pipelines(start) -> None:
    cluster = await start()
    clients = [await open_wire(cluster.uri(0)) for _ in range(200)]
    for client in clients:
        await client.request("ping")
    for client in clients:
        assert (await client.reply())["result"]["value"] == "pong"
    async with wire(cluster.uri(0)) as client:
        made = [await client.create("MediaPipeline") for _ in range(300)]
        assert await client.invoke(MANAGER, "getPipelines") == sorted(made)
        for pipeline in made:
            await client.call("release", object=pipeline)
        assert await client.invoke(MANAGER, "getPipelines") == []
    for client in clients:
        client.connection.transport.abort()


async def test_node_can_be_added_while_others_run(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)):
        added = cluster.add_node()
        assert added.uri == cluster.uri(1)
        async with wire(added.uri) as client:
            assert (await client.call("connect"))["serverId"] == added.server_id


def test_every_node_has_a_different_address() -> None:
    addresses = [address_of(index) for index in range(MAX_NODES)]
    assert len(set(addresses)) == MAX_NODES
    assert "127.0.0.1" not in addresses
    assert [index_of(address) for address in addresses[::97]] == list(range(0, MAX_NODES, 97))
    assert addresses[0] == "127.0.1.1"
    assert addresses[250] == "127.0.2.1"
    assert addresses[62_500] == "127.1.1.1"


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.0.1.0", "127.0.1.251", "10.0.1.1", "::1", "x", ""]
)
def test_other_addresses_belong_to_no_node(address) -> None:
    assert index_of(address) is None
