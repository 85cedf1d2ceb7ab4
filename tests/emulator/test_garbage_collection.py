"""Sessions end one to two periods after their connection; objects end with their last session."""

import pytest

from support.kurento_wire import MANAGER, RefusedError, ids_of, until, wire

pytestmark = pytest.mark.anyio

PERIOD = 240.0


@pytest.mark.parametrize("closed_at", [0.0, 1.0, 119.0, 239.0])
async def test_session_ends_one_to_two_periods_after_its_connection(start, move, closed_at) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    move(cluster, closed_at)
    async with wire(node.uri) as app:
        pipeline = await app.create("MediaPipeline")
    await until(lambda: node.connection_count == 0)
    move(cluster, PERIOD - 0.001)
    assert pipeline in node.pipelines
    move(cluster, PERIOD + 0.001)
    assert node.pipelines == {}
    assert node.sessions == []


async def test_open_connection_keeps_its_session_without_requests(start, move) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as app:
        pipeline = await app.create("MediaPipeline")
        for _ in range(10):
            move(cluster, PERIOD)
        assert await app.invoke(pipeline, "getName") == pipeline


async def test_period_is_settable(start, move) -> None:
    cluster = await start(garbage_collector_period=4.0)
    node = cluster.nodes[0]
    async with wire(node.uri) as app:
        await app.create("MediaPipeline")
    await until(lambda: node.connection_count == 0)
    move(cluster, 8.0)
    assert node.pipelines == {}


async def test_asking_a_pipeline_for_its_name_keeps_it_alive(start, move) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as watcher:
        async with wire(node.uri) as app:
            pipeline = await app.create("MediaPipeline")
            await watcher.invoke(pipeline, "getName")
        await until(lambda: node.connection_count == 1)
        for _ in range(4):
            move(cluster, PERIOD)
        assert pipeline in node.pipelines
        assert len(node.holders(pipeline)) == 1
        await watcher.call("unref", object=pipeline)
        assert node.pipelines == {}


async def test_unref_of_a_pipeline_includes_its_children(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    pipeline = node.create_pipeline(elements=2)
    async with wire(node.uri) as watcher:
        children = await watcher.invoke(pipeline, "getChildren")
        await watcher.invoke(children[0], "getName")
        await watcher.call("unref", object=pipeline)
        for held in (pipeline, *children):
            assert len(node.holders(held)) == 1


async def test_unref_of_a_child_keeps_the_reference_to_its_pipeline(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    pipeline = node.create_pipeline(elements=1)
    async with wire(node.uri) as watcher:
        child = (await watcher.invoke(pipeline, "getChildren"))[0]
        await watcher.invoke(child, "getName")
        await watcher.call("unref", object=child)
        assert len(node.holders(child)) == 1
        assert len(node.holders(pipeline)) == 2


async def test_new_child_is_referenced_by_all_holders_of_its_parent(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as one, wire(node.uri) as other:
        pipeline = await one.create("MediaPipeline")
        await other.invoke(pipeline, "getName")
        child = await one.create("PassThrough", mediaPipeline=pipeline)
        assert node.holders(child) == node.holders(pipeline)
        assert len(node.holders(child)) == 2


async def test_polling_get_pipelines_keeps_an_orphan_alive_until_it_ends(start, move) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as watcher:
        async with wire(node.uri) as app:
            pipeline = await app.create("MediaPipeline")
        await until(lambda: node.connection_count == 1)
        for _ in range(12):
            move(cluster, PERIOD / 2)
            assert await watcher.invoke(MANAGER, "getPipelines") == [pipeline]
        assert node.holders(pipeline) == [""]
        move(cluster, 2 * PERIOD)
        assert node.pipelines == {}


async def test_closing_the_session_of_listings_removes_all_its_references(start) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as watcher:
        session = (await watcher.call("connect"))["sessionId"]
        await watcher.subscribe("ObjectDestroyed")
        held = node.create_pipeline(elements=1)
        async with wire(node.uri) as app:
            orphan = await app.create("MediaPipeline")
            await watcher.invoke(MANAGER, "getPipelines")
            await app.call("unref", object=orphan)
        assert node.holders(orphan) == [""]
        assert await watcher.call("closeSession", sessionId="") is None
        assert list(node.pipelines) == [held]
        assert "" not in node.sessions
        assert (await watcher.call("ping"))["sessionId"] == session
        assert (await watcher.event())["data"]["objectId"] == orphan


async def test_end_of_a_session_emits_the_events_of_children_first(start, move) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as watcher:
        await watcher.subscribe("ObjectDestroyed")
        async with wire(node.uri) as app:
            pipeline = await app.create("MediaPipeline")
            children = [await app.create("PassThrough", mediaPipeline=pipeline) for _ in range(3)]
        await until(lambda: node.connection_count == 1)
        move(cluster, 2 * PERIOD)
        while len(watcher.events) < 4:
            await watcher.read()
        assert ids_of(watcher.events, "ObjectDestroyed") == [*sorted(children), pipeline]


async def test_reconnected_session_has_its_objects_and_subscriptions(start, move) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as first:
        session = (await first.call("connect"))["sessionId"]
        await first.subscribe("ObjectCreated")
    await until(lambda: node.connection_count == 0)
    move(cluster, PERIOD - 1)
    async with wire(node.uri) as second:
        await second.send(
            {"jsonrpc": "2.0", "id": 77, "method": "connect", "params": {"sessionId": session}}
        )
        assert (await second.reply())["result"]["serverId"] == node.server_id
        made = node.create_pipeline()
        assert (await second.event())["data"]["object"] == made


async def test_session_of_a_connect_alone_does_not_exist(start) -> None:
    cluster = await start()
    async with wire(cluster.uri(0)) as one, wire(cluster.uri(0)) as other:
        session = (await one.call("connect"))["sessionId"]
        with pytest.raises(RefusedError) as refused:
            await other.call("connect", sessionId=session)
        assert refused.value.code == 40007


async def test_sessions_do_not_end_while_the_process_is_stopped(start, move) -> None:
    cluster = await start()
    node = cluster.nodes[0]
    async with wire(node.uri) as app:
        pipeline = await app.create("MediaPipeline")
        node.hang()
        move(cluster, 10 * PERIOD)
        node.resume()
        assert await app.invoke(pipeline, "getName") == pipeline
