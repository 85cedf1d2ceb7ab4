"""Behaviour that the transcripts do not cover: order, workers, the cache, element types."""

import json
import math

import anyio
import pytest

from emulator.replay import read_transcript
from mediafleet.emulator import EmulatorSettings
from mediafleet.emulator.cluster import registration
from mediafleet.emulator.object_types import MODULES
from support.kurento_wire import MANAGER, RefusedError, open_wire, until, wire

pytestmark = pytest.mark.anyio

BUSY = {"object": MANAGER, "operation": "getUsedCpu", "operationParams": {"interval": 1000}}


async def test_requests_of_one_connection_wait_for_get_used_cpu(start, move) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client, wire(cluster.uri(0)) as other:
        first = await client.request("invoke", **BUSY)
        second = await client.request("ping")
        await other.call("ping")
        assert await client.receives_nothing()
        move(cluster, 1)
        assert [(await client.reply())["id"], (await client.reply())["id"]] == [first, second]


@pytest.mark.parametrize("interval", ["1e999", "-1e999", "2147483648", "-2147483649", "1e300"])
async def test_a_number_beyond_32_bits_is_rejected_and_occupies_no_worker(start, interval) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        frame = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "invoke", "params": BUSY})
        await client.send(frame.replace("1000", interval))
        assert (await client.reply())["error"]["code"] == 40001
        assert cluster.nodes[0].busy_workers == 0
        await client.call("ping")


@pytest.mark.parametrize("request_id", ["1e999", "-1e999", "1e300", "18446744073709551615"])
async def test_a_number_that_is_no_index_in_a_transaction_is_rejected(start, request_id) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        inner = f'{{"jsonrpc":"2.0","id":{request_id},"method":"ping","params":{{}}}}'
        await client.send(
            f'{{"jsonrpc":"2.0","id":7,"method":"transaction","params":{{"operations":[{inner}]}}}}'
        )
        assert (await client.reply())["error"]["code"] == 40008
        await client.call("ping")


async def test_a_load_beyond_32_bits_is_sent_as_infinity(start, move) -> None:
    cluster = await start()
    cluster.nodes[0].set_load(1e300)
    async with wire(cluster.uri(0)) as client:
        await client.request("invoke", **BUSY)
        await until(lambda: cluster.nodes[0].busy_workers == 1)
        move(cluster, 1)
        assert (await client.reply())["result"]["value"] == math.inf


async def test_registration_is_that_of_a_real_server() -> None:
    lines = read_transcript("17-registrar-and-misc")
    recorded = [line.content["frame"] for line in lines if line.conn == "registrar"]

    assert len(recorded) == 2
    for frame in recorded:
        assert json.loads(registration(frame["params"]["ws"])) == frame


async def test_node_without_an_idle_worker_does_not_respond(start, move) -> None:
    cluster = await start(nodes=2, threads=2)
    node = cluster.nodes[0]
    async with wire(node.uri) as idle, wire(node.uri) as one, wire(node.uri) as two:
        await one.request("invoke", **BUSY)
        await two.request("invoke", **BUSY)
        await until(lambda: node.busy_workers == 2)
        await idle.request("ping")
        assert await idle.receives_nothing()
        with pytest.raises(TimeoutError):
            await open_wire(node.uri, seconds=0.2)
        async with wire(cluster.uri(1)) as neighbour:
            await neighbour.call("ping")
        move(cluster, 1)
        assert (await idle.reply())["result"]["value"] == "pong"
        assert "result" in await one.reply()
        async with wire(node.uri) as late:
            await late.call("ping")


async def test_request_cache_can_be_disabled(start) -> None:
    cluster = await start(request_cache=False)
    async with wire(cluster.uri(0)) as client:
        session = (await client.call("connect"))["sessionId"]
        frame = {"jsonrpc": "2.0", "id": 5, "method": "create"}
        frame["params"] = {"type": "MediaPipeline", "sessionId": session}
        await client.send(frame)
        await client.send(frame)
        values = {(await client.reply())["result"]["value"] for _ in range(2)}
        assert len(values) == 2


async def test_cached_reply_expires_after_twenty_seconds(start, move) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        await client.call("connect")
        frame = {"jsonrpc": "2.0", "id": 5, "method": "create", "params": {"type": "MediaPipeline"}}
        values = []
        for wait in (0, 19.9, 0.2):
            move(cluster, wait)
            await client.send(frame)
            values.append((await client.reply())["result"]["value"])
        assert values[0] == values[1] != values[2]


async def test_every_factory_of_get_info_makes_an_object(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        info = await client.invoke(MANAGER, "getInfo")
        assert [module["name"] for module in info["modules"]] == ["core", "elements", "filters"]
        pipeline = await client.create("MediaPipeline")
        hub = await client.create("Composite", mediaPipeline=pipeline)
        extra = {"uri": "file:///dev/null", "command": "identity", "hub": hub}
        for module in info["modules"]:
            for name in module["factories"]:
                made = await client.create(name, mediaPipeline=pipeline, **extra)
                described = await client.call("describe", object=made)
                assert described["qualifiedType"] == f"kurento.{name}"
                assert described["hierarchy"][-1] == "kurento.MediaObject"
        assert (await client.create("HubPort", hub=hub)).startswith(f"{hub}/")


async def test_missing_constructor_parameters_are_rejected(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        pipeline = await client.create("MediaPipeline")
        for name, missing in (("PlayerEndpoint", "uri"), ("GStreamerFilter", "command")):
            with pytest.raises(RefusedError, match=f"'{missing}' parameter should be a string"):
                await client.create(name, mediaPipeline=pipeline)
        with pytest.raises(RefusedError, match="bad_weak_ptr"):
            await client.create("HubPort", hub=pipeline)


async def test_every_event_of_a_class_can_be_subscribed_to(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        pipeline = await client.create("MediaPipeline")
        endpoint = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
        for event in MODULES["elements"].types["WebRtcEndpoint"].events:
            await client.subscribe(event, endpoint)
        with pytest.raises(RefusedError, match="Event 'EndOfStream' not supported"):
            await client.subscribe("EndOfStream", endpoint)
        await client.invoke(endpoint, "gatherCandidates")
        assert (await client.event())["type"] == "IceGatheringDone"


async def test_offer_is_rejected_without_media(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        pipeline = await client.create("MediaPipeline")
        endpoint = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
        with pytest.raises(RefusedError) as refused:
            await client.invoke(endpoint, "generateOffer")
        assert (refused.value.code, refused.value.type) == (40006, "NOT_IMPLEMENTED")


async def test_elements_of_two_pipelines_cannot_be_linked(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        ends = [
            await client.create("PassThrough", mediaPipeline=await client.create("MediaPipeline"))
            for _ in range(2)
        ]
        with pytest.raises(RefusedError, match="do not share pipeline"):
            await client.invoke(ends[0], "connect", sink=ends[1])


async def test_new_source_replaces_the_old_one(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        pipeline = await client.create("MediaPipeline")
        old, new, sink = [
            await client.create("PassThrough", mediaPipeline=pipeline) for _ in range(3)
        ]
        await client.invoke(old, "connect", sink=sink)
        await client.invoke(new, "connect", sink=sink, mediaType="AUDIO")
        into = await client.invoke(sink, "getSourceConnections")
        assert {(link["type"], link["source"]) for link in into} == {
            ("AUDIO", new),
            ("VIDEO", old),
            ("DATA", old),
        }
        assert len(await client.invoke(new, "getSinkConnections")) == 1
        assert len(await client.invoke(sink, "getSourceConnections", mediaType="VIDEO")) == 1


async def test_events_come_before_and_after_the_reply_that_causes_them(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        await client.subscribe("ObjectCreated")
        orders = set()
        for _ in range(40):
            await client.request("create", type="MediaPipeline")
            first = json.loads(await client.connection.recv())
            orders.add("method" in first)
            await client.connection.recv()
        assert orders == {True, False}


async def test_nodes_share_no_objects(start) -> None:
    cluster = await start(nodes=2)
    one, two = cluster.nodes
    assert one.server_id != two.server_id
    async with wire(one.uri) as client, wire(two.uri) as other:
        pipeline = await client.create("MediaPipeline")
        with pytest.raises(RefusedError, match="not found"):
            await other.invoke(pipeline, "getName")


async def test_client_that_does_not_read_is_disconnected_at_the_limit(start) -> None:
    cluster = await start(max_unsent_bytes=100_000)
    node = cluster.nodes[0]
    async with wire(node.uri) as worker:
        deaf = await anyio.connect_tcp("127.0.1.1", cluster.port)
        key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        head = b"GET /kurento HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        await deaf.send(head + key)
        await deaf.receive()
        await until(lambda: node.connection_count == 2)
        for _ in range(200):
            node.inject("x" * 50_000)
            if node.connection_count == 1:
                break
            await worker.connection.recv()
        assert node.connection_count == 1
        await deaf.aclose()


def test_settings_are_those_of_a_real_server() -> None:
    settings = EmulatorSettings()
    assert settings.garbage_collector_period == 240
    assert settings.threads == 10
    assert settings.request_cache
