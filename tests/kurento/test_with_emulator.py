"""Links to emulated Media Nodes, which implement the whole protocol: garbage collector, hangs."""

from __future__ import annotations

import json
import math
from random import Random

import anyio
import pytest
from websockets.asyncio.client import connect

from mediafleet.clock import SystemClock
from mediafleet.domain.diagnostics import NodeDiagnostics
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.heartbeat import HeartbeatSettings
from mediafleet.emulator import EmulatedCluster, EmulatorSettings
from support.links import NODE, Observer, links, make_media_servers, until

pytestmark = pytest.mark.anyio

PERIOD_S = 0.4


def emulated(nodes=1, **settings):
    return EmulatedCluster(
        nodes=nodes,
        settings=EmulatorSettings(**settings),
        random=Random(7),
        clock=SystemClock(),
    )


async def as_application(websocket, method, **params):
    as_application.id += 1
    request = {"jsonrpc": "2.0", "id": as_application.id, "method": method, "params": params}
    await websocket.send(json.dumps(request))
    while True:
        reply = json.loads(await websocket.recv())
        if reply.get("id") == as_application.id:
            return reply["result"].get("value")


as_application.id = 0


async def test_sessions_of_an_application_that_crashed_end_although_they_are_watched():
    async with (
        emulated(garbage_collector_period=PERIOD_S) as cluster,
        links(load_interval=0.1) as (media_servers, observer),
    ):
        (node,) = cluster.nodes
        async with connect(node.uri, compression=None) as websocket:
            listed = await as_application(websocket, "create", type="MediaPipeline")
            media_servers.attach(NODE, node.uri, NodeDiagnostics())
            await until(observer.is_connected)
            created = await as_application(websocket, "create", type="MediaPipeline")
            await as_application(
                websocket,
                "invoke",
                object=created,
                operation="setName",
                operationParams={"name": "late-name"},
            )
            await until(lambda: observer.session_ids() == sorted([listed, "late-name"]))
            await anyio.sleep(3 * PERIOD_S)
            assert len(observer.session_ids()) == 2
            assert len(node.holders(created)) == 1, "the application alone"
            assert len(node.holders(listed)) == 1, "the application alone"
        await until(lambda: observer.session_ids() == [], within=10 * PERIOD_S)
        assert observer.is_connected()


async def leave_a_pipeline_behind(node, name="left-behind"):
    """An application makes a pipeline and its connection ends."""
    async with connect(node.uri, compression=None) as websocket:
        pipeline = await as_application(websocket, "create", type="MediaPipeline")
        await as_application(
            websocket,
            "invoke",
            object=pipeline,
            operation="setName",
            operationParams={"name": name},
        )
        websocket.transport.abort()
    return pipeline


async def test_sessions_of_an_application_that_crashed_end_although_they_are_listed():
    async with (
        emulated(garbage_collector_period=PERIOD_S) as cluster,
        links() as (media_servers, observer),
    ):
        (node,) = cluster.nodes
        media_servers.attach(NODE, node.uri, NodeDiagnostics())
        await until(observer.is_connected)
        await leave_a_pipeline_behind(node)
        listed = [1]
        with anyio.fail_after(5 * PERIOD_S):
            while listed:
                listed = await media_servers.list_sessions(NODE)
                await anyio.sleep(PERIOD_S / 4)
        assert node.pipelines == {}


async def test_sessions_of_an_application_that_crashed_end_although_the_link_flaps():
    async with (
        emulated(garbage_collector_period=PERIOD_S) as cluster,
        links(reconnect_delays=((1000, 0.02),)) as (media_servers, observer),
    ):
        (node,) = cluster.nodes
        media_servers.attach(NODE, node.uri, NodeDiagnostics())
        await until(observer.is_connected)
        await leave_a_pipeline_behind(node)
        with anyio.fail_after(6 * PERIOD_S):
            while node.pipelines:
                await until(observer.is_connected)
                node.disconnect()
                await until(lambda: not observer.is_connected())
        assert len(observer.reports[NODE]) > 4


async def test_a_listing_releases_what_an_application_still_holds_and_ends_nothing_of_it():
    async with (
        emulated() as cluster,
        links() as (media_servers, observer),
    ):
        (node,) = cluster.nodes
        pipeline = node.create_pipeline("room", elements=2)
        holders = node.holders(pipeline)
        media_servers.attach(NODE, node.uri, NodeDiagnostics())
        await until(observer.is_connected)
        for _ in range(3):
            assert len(await media_servers.list_sessions(NODE)) == 1
            await until(lambda: node.holders(pipeline) == holders)
        assert "" not in node.sessions
        node.create_pipeline("next")
        await until(lambda: observer.session_ids() == ["next", "room"])  # the link's own goes on


async def test_a_link_outlives_the_garbage_collector_and_goes_on_in_its_session():
    async with (
        emulated(garbage_collector_period=PERIOD_S) as cluster,
        links(heartbeat=HeartbeatSettings(interval=30)) as (media_servers, observer),
    ):
        (node,) = cluster.nodes
        media_servers.attach(NODE, node.uri, NodeDiagnostics())
        await until(observer.is_connected)
        await anyio.sleep(3 * PERIOD_S)
        node.create_pipeline("created")
        await until(lambda: observer.session_ids() == ["created"])
        node.disconnect()
        await until(lambda: not observer.is_connected())
        await until(observer.is_connected)
        node.create_pipeline("created-too")
        await until(lambda: observer.session_ids() == ["created", "created-too"])


async def test_a_node_that_hangs_is_lost_and_comes_back_with_what_happened_meanwhile():
    async with emulated() as cluster, links() as (media_servers, observer):
        (node,) = cluster.nodes
        gone = node.create_pipeline("gone")
        media_servers.attach(NODE, node.uri, NodeDiagnostics())
        await until(lambda: observer.session_ids() == ["gone"])
        server_id = observer.last().server_id
        node.hang()
        await until(lambda: not observer.is_connected())
        node.release_pipeline(gone)
        node.create_pipeline("new")
        node.resume()
        await until(observer.is_connected)
        await until(lambda: observer.session_ids() == ["new"])
        assert observer.last().server_id == server_id


async def test_a_node_behind_a_cut_cable_is_lost_and_met_again():
    async with emulated() as cluster, links() as (media_servers, observer):
        (node,) = cluster.nodes
        media_servers.attach(NODE, node.uri, NodeDiagnostics())
        await until(observer.is_connected)
        node.cut_connections()
        await until(lambda: not observer.is_connected())
        await until(observer.is_connected)
        node.create_pipeline("room")
        await until(lambda: observer.session_ids() == ["room"])


async def test_a_crashed_node_is_met_again_as_a_new_process():
    async with emulated() as cluster, links() as (media_servers, observer):
        (node,) = cluster.nodes
        node.create_pipeline("old")
        media_servers.attach(NODE, node.uri, NodeDiagnostics())
        await until(lambda: observer.session_ids() == ["old"])
        old = observer.last().server_id
        node.crash()
        await until(lambda: not observer.is_connected())
        assert observer.session_ids() == ["old"]
        node.restart()
        await until(observer.is_connected)
        assert observer.session_ids() == []
        assert observer.last().server_id == node.server_id != old


@pytest.mark.parametrize(
    ("percent", "load"), [(100.0, 50.0), (0.0, 0.0), (None, None), (math.inf, None)]
)
async def test_the_load_of_a_node_is_measured(percent, load):
    async with emulated() as cluster, links() as (media_servers, observer):
        (node,) = cluster.nodes
        node.set_load(80.0)
        media_servers.attach(NODE, node.uri, NodeDiagnostics())
        await until(lambda: observer.is_connected() and observer.last().load == 40.0)
        node.set_load(percent)
        await until(lambda: observer.last().load == load)


async def test_a_measurement_holds_up_neither_pings_nor_events():
    async with (
        emulated() as cluster,
        links(
            request_timeout=0.3, heartbeat=HeartbeatSettings(interval=0.1), measurement_timeout=5
        ) as (
            media_servers,
            observer,
        ),
    ):
        (node,) = cluster.nodes
        media_servers.attach(NODE, node.uri, NodeDiagnostics())
        await until(lambda: observer.is_connected() and observer.last().load is not None)
        for number in range(10):
            node.create_pipeline(f"room-{number}")
            await anyio.sleep(0.1)
        await until(lambda: len(observer.session_ids()) == 10)
        assert all(report.connected for report in observer.reports[NODE])


@pytest.mark.parametrize(
    "frame",
    [b"", b"\x81\x05hello", b"\x88\x02\x03\xea", b"\x00\x00", b"\xff" * 50, "[", '{"id":0}'],
)
async def test_malformed_answers_are_survived(frame):
    async with emulated() as cluster, links() as (media_servers, observer):
        (node,) = cluster.nodes
        node.create_pipeline("room")
        node.malformed([frame] * 3)
        media_servers.attach(NODE, node.uri, NodeDiagnostics())
        await until(observer.is_connected)
        node.malformed([frame] * 5)
        node.inject(frame)
        node.create_pipeline("next")
        await until(lambda: observer.is_connected() and observer.session_ids() == ["next", "room"])


async def test_a_wrong_path_a_slow_handshake_and_an_error_have_different_reasons():
    async with emulated(2) as cluster:
        slow, refusing = cluster.nodes
        media_servers = make_media_servers(Observer())
        reasons = {}
        for uri in (slow.uri + "/", slow.uri, refusing.uri):
            if uri == slow.uri:
                slow.slow_handshake(5)
                refusing.refuse()
            with pytest.raises(UnreachableMediaServerError) as refused:
                await media_servers.probe(uri)
            reasons[uri] = refused.value.reason
        path, handshake, reset = reasons.values()
        assert "path is wrong" in path
        assert "accepts connections but does not answer" in handshake
        assert "closed the connection" in reset


async def test_many_nodes_are_linked_at_once_and_disconnected_without_a_trace():
    async with emulated(200) as cluster:
        async with links(load_interval=60, heartbeat=HeartbeatSettings(interval=5)) as (
            media_servers,
            observer,
        ):
            for node in cluster.nodes:
                node.create_pipeline("room")
                media_servers.attach(f"kms_{node.index}", node.uri, NodeDiagnostics())
            await until(lambda: len(observer.reports) == 200, within=20)
            assert all(
                [session.id for session in reports[-1].sessions] == ["room"]
                for reports in observer.reports.values()
            )
        await until(lambda: not any(node.connection_count for node in cluster.nodes))
        ours = [set(node.sessions) for node in cluster.nodes]
        assert all(len(sessions - {""}) <= 1 for sessions in ours), "the application's alone"
