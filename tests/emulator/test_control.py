"""The faults and settings of a node, as a client observes them."""

import math

import anyio
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from mediafleet.emulator import NodeState, address_of
from support import processes
from support.emulator_control import ControlClient, ControlError
from support.kurento_wire import MANAGER, RefusedError, open_wire, until, wire

pytestmark = pytest.mark.anyio

REFUSALS = (OSError, InvalidHandshake, InvalidMessage, EOFError)


async def used_cpu(client, cluster, move):
    await client.request(
        "invoke", object=MANAGER, operation="getUsedCpu", operationParams={"interval": 500}
    )
    await until(lambda: cluster.nodes[0].busy_workers == 1)
    move(cluster, 0.5)
    return (await client.reply())["result"]["value"]


async def test_load_is_what_get_used_cpu_answers(start, move) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as client:
        node.set_load(37.5)
        assert await used_cpu(client, cluster, move) == 37.5
        node.set_load(None)
        assert await used_cpu(client, cluster, move) is None
        node.set_load(math.inf)
        assert await used_cpu(client, cluster, move) == math.inf
        node.set_cpu_count(8)
        assert await client.invoke(MANAGER, "getCpuCount") == 8


async def test_infinite_load_is_written_as_the_real_server_writes_it(start, move) -> None:
    cluster = await start()
    cluster.nodes[0].set_load(math.inf)
    async with wire(cluster.uri(0)) as client:
        await client.request(
            "invoke", object=MANAGER, operation="getUsedCpu", operationParams={"interval": 10}
        )
        await until(lambda: cluster.nodes[0].busy_workers == 1)
        move(cluster, 0.01)
        assert '"value":1e+9999}' in await client.connection.recv()


async def test_default_load_grows_with_the_pipelines(start, move) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        idle = await used_cpu(client, cluster, move)
        for _ in range(10):
            cluster.nodes[0].create_pipeline(elements=2)
        assert await used_cpu(client, cluster, move) > idle + 10
        for _ in range(200):
            cluster.nodes[0].create_pipeline()
        assert await used_cpu(client, cluster, move) == 200


async def test_created_and_released_pipelines_emit_the_events_of_an_application(
    start, move
) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as client:
        await client.subscribe("ObjectCreated")
        await client.subscribe("ObjectDestroyed")
        pipeline = node.create_pipeline("room", elements=1)
        assert (await client.event())["data"]["object"] == pipeline
        assert (await client.event())["data"]["object"].startswith(f"{pipeline}/")
        assert await client.invoke(pipeline, "getName") == "room"
        await client.call("unref", object=pipeline)
        for _ in range(5):
            move(cluster, 240)
        assert pipeline in node.pipelines
        node.release_pipeline(pipeline)
        await client.event()
        assert (await client.event())["data"]["objectId"] == pipeline
        assert node.pipelines == {}


async def test_hung_node_accepts_connections_and_answers_nothing_until_it_resumes(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as client:
        node.hang()
        request = await client.request("ping")
        await client.connection.ping()
        assert await client.receives_nothing()
        with pytest.raises(TimeoutError):
            await open_wire(node.uri, seconds=0.2)
        assert node.state is NodeState.HUNG
        node.resume()
        assert (await client.reply())["id"] == request
        async with wire(node.uri) as another:
            await another.call("ping")


async def test_reply_due_while_the_node_hangs_is_sent_when_it_resumes(start, move) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as client:
        await client.request(
            "invoke", object=MANAGER, operation="getUsedCpu", operationParams={"interval": 500}
        )
        await until(lambda: node.busy_workers == 1)
        node.hang()
        move(cluster, 5)
        assert await client.receives_nothing()
        node.resume()
        assert "result" in await client.reply()


async def test_crashed_node_ends_connections_and_refuses_new_ones_until_restarted(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    before = node.server_id
    client = await open_wire(node.uri)
    session = (await client.call("connect"))["sessionId"]
    await client.create("MediaPipeline")
    node.crash()
    assert await client.end() == (1006, "")
    with pytest.raises(REFUSALS):
        await open_wire(node.uri)
    node.restart()
    assert node.server_id != before
    assert node.pipelines == {}
    async with wire(node.uri) as client:
        with pytest.raises(RefusedError) as refused:
            await client.call("connect", sessionId=session)
        assert refused.value.code == 40007


async def test_hung_node_can_be_restarted(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    client = await open_wire(node.uri)
    node.hang()
    node.restart()
    assert await client.end() == (1006, "")
    async with wire(node.uri) as client:
        await client.call("ping")


async def test_linking_to_another_object_than_an_element_crashes_the_server(start, move) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    client = await open_wire(node.uri)
    pipeline = await client.create("MediaPipeline")
    element = await client.create("PassThrough", mediaPipeline=pipeline)
    await client.request(
        "invoke", object=element, operation="connect", operationParams={"sink": pipeline}
    )
    assert await client.receives_nothing()
    move(cluster, 0.5)
    assert await client.end() == (1006, "")
    assert node.state is NodeState.DOWN


async def test_refusing_node_keeps_its_open_connections(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as client:
        node.refuse()
        with pytest.raises(REFUSALS):
            await open_wire(node.uri)
        await client.call("ping")
        node.accept()
        async with wire(node.uri) as another:
            await another.call("ping")


async def test_slow_handshake_is_answered_after_the_delay(start, move) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    node.slow_handshake(30)
    with pytest.raises(TimeoutError):
        await open_wire(node.uri, seconds=0.2)
    opened = []

    async def connect() -> None:
        opened.append(await open_wire(node.uri))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(connect)
        await until(lambda: node.connection_count == 1)
        await anyio.sleep(0.05)
        assert opened == []
        move(cluster, 30)
    await opened[0].call("ping")
    await opened[0].connection.close()


async def test_replies_can_be_replaced(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as client:
        node.malformed(["{not json", b"", b"\x81\x02[]"])
        for _ in range(3):
            await client.request("ping")
        assert await client.connection.recv() == "{not json"
        assert await client.connection.recv() == "[]"
        assert (await client.call("ping"))["value"] == "pong"


async def test_frames_can_be_injected(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        await client.call("ping")
        cluster.nodes[0].inject("surprise")
        assert await client.connection.recv() == "surprise"
        cluster.nodes[0].inject(b"\xff\xff\xff")
        with pytest.raises(ConnectionClosed):
            await client.connection.recv()


async def test_cut_connections_stay_open_and_the_node_keeps_running(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    client = await open_wire(node.uri)
    await client.call("ping")
    node.cut_connections()
    await client.request("ping")
    await client.connection.ping()
    assert await client.receives_nothing()
    async with wire(node.uri) as another:
        await another.call("ping")
    client.connection.transport.abort()


async def test_disconnect_ends_connections_but_not_sessions(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    client = await open_wire(node.uri)
    pipeline = await client.create("MediaPipeline")
    node.disconnect()
    assert await client.end() == (1006, "")
    assert pipeline in node.pipelines
    assert len(node.sessions) == 1


async def test_create_is_refused_above_a_limit(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as client:
        node.set_limits(files=20)
        for _ in range(3):
            await client.create("MediaPipeline")
        with pytest.raises(RefusedError, match="Reached KMS files limit: 20") as refused:
            await client.create("MediaPipeline")
        assert refused.value.type == "NOT_ENOUGH_RESOURCES"
        node.set_limits()
        await client.create("MediaPipeline")


async def test_stop_ends_connections_without_a_close_frame(start) -> None:
    cluster = await start()
    client = await open_wire(cluster.uri(0))
    await client.call("ping")
    await cluster.stop()
    assert await client.end() == (1006, "")


async def test_emulator_process_is_controlled_over_a_separate_channel() -> None:
    async with processes.emulator(2) as (running, port):
        uris = [f"ws://{address_of(number)}:{port}/kurento" for number in range(2)]
        async with ControlClient(port) as control, wire(uris[1]) as client:
            pipeline = await control.create_pipeline(1, "room", elements=2)
            assert (await control.describe(1))["pipelines"] == {pipeline: "room"}
            assert len(await client.invoke(pipeline, "getChildren")) == 2
            await control.release_pipeline(1, pipeline)
            await control.set_load(1, math.inf)
            await control.set_load(1, 80.0)
            await control.set_cpu_count(1, 4)
            assert await client.invoke(MANAGER, "getUsedCpu", interval=10) == 80.0
            await control.malformed(1, ["oops", b""])
            await client.request("ping")
            assert await client.connection.recv() == "oops"
            await control.hang(1)
            assert (await control.describe(1))["state"] == "hung"
            await control.resume(1)
            before = (await control.describe(1))["serverId"]
            await control.crash(1)
            assert await client.end() == (1006, "")
            await control.restart(1)
            assert (await control.describe(1))["serverId"] != before
            added = await control.add_node()
            assert [node["uri"] for node in await control.nodes()] == [*uris, added["uri"]]
            with pytest.raises(ControlError, match="node must be an integer from 0 to 2"):
                await control.hang(3)
        assert await running.end() == 0
    assert running.output == uris


async def test_a_node_does_not_serve_the_control_path(start) -> None:
    cluster = await start()
    client = await open_wire(cluster.uri(0).replace("/kurento", "/control"))
    assert await client.end() == (1002, "Invalid path")


async def test_an_object_raises_an_error_as_the_real_server_writes_it(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        pipeline = await client.create("MediaPipeline")
        player = await client.create("PlayerEndpoint", mediaPipeline=pipeline, uri="file:///none")
        await client.subscribe("Error", player)
        cluster.nodes[0].raise_error(player, "INVALID_URI", "Invalid URI")
        data = (await client.event())["data"]
    assert data.pop("timestampMillis")
    assert data == {
        "description": "Invalid URI",
        "errorCode": 0,
        "source": player,
        "tags": [],
        "type": "INVALID_URI",
    }


async def test_players_recorders_and_filters_keep_what_is_set(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as client:
        pipeline = await client.create("MediaPipeline")
        uri = "rtsp://127.0.0.1:1/camera"
        player = await client.create("PlayerEndpoint", mediaPipeline=pipeline, uri=uri)
        recorder = await client.create("RecorderEndpoint", mediaPipeline=pipeline, uri="file:///x")
        effect = await client.create("GStreamerFilter", mediaPipeline=pipeline, command="videoflip")
        for element in (player, recorder):
            await client.subscribe("UriEndpointStateChanged", element)
        await client.subscribe("Recording", recorder)

        assert await client.invoke(player, "getState") == "STOP"
        await client.invoke(player, "play")
        assert await client.invoke(player, "getState") == "START"
        assert await client.invoke(player, "getUri") == uri
        await client.invoke(recorder, "record")
        await client.invoke(recorder, "record")
        await client.invoke(recorder, "stopAndWait")
        assert await client.invoke(effect, "getCommand") == "videoflip"
        await client.invoke(
            effect, "setElementProperty", propertyName="method", propertyValue="vertical-flip"
        )
        events = [await client.event() for _ in range(4)]
    assert [(event["type"], event["data"].get("state")) for event in events] == [
        ("UriEndpointStateChanged", "START"),
        ("UriEndpointStateChanged", "START"),
        ("Recording", None),
        ("UriEndpointStateChanged", "STOP"),
    ]
