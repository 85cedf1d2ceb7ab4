"""The media of calls on whole media servers: an emulated one, and a real one if there is one.

``MEDIAFLEET_TEST_KMS`` is the uri of a real server; it may be in use by nobody else.
"""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import pytest

from mediafleet.domain.call_errors import MediaFailureError
from mediafleet.domain.calls import Camera
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.media import Bandwidths, EndpointRequest, IceSettings
from mediafleet.kurento.session_watcher import OWNER_TAG
from support.kurento_wire import RefusedError, wire
from support.links import NODE, links, until
from support.media import CANDIDATE, PATIENT, PERIOD_S, REAL_SERVER, Node, emulated, linked, request
from support.media_peer import MediaPeer

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["emulated", "real"] if REAL_SERVER else ["emulated"])
async def uri(request):
    if request.param == "real":
        yield REAL_SERVER
        return
    async with emulated() as node:
        yield node.uri


async def sources_of(application, element):
    """The elements that are connected to one, by kind of media."""
    links = await application.invoke(element, "getSourceConnections")
    return {each["type"]: each["source"] for each in links}


async def is_gone(application, object_id):
    try:
        await application.call("describe", object=object_id)
    except RefusedError as error:
        return error.code == 40101
    return False


async def test_a_stream_is_published_received_and_released(uri):
    async with linked(uri, **PATIENT) as node, wire(uri) as application:
        media = await node.media.create_pipeline(NODE, "ses_A")
        limits = Bandwidths(1001, 301, 1002, 302)
        ice = IceSettings(("127.0.0.1", 3478), "user:word@127.0.0.1:3478")
        published = await node.media.create_publisher(
            media, request("str_CAM_A", bandwidths=limits, ice=ice), loops_back=True
        )
        received = await node.media.create_subscriber(
            media, request("con_B_str_CAM_A", "subscribe"), published.pass_through
        )
        for endpoint in (published, received):
            assert endpoint.sdp_answer.startswith("v=0\r\n")
            assert "m=video " in endpoint.sdp_answer
            await candidate_of(node, endpoint)
            await until_gathered(node, endpoint)
            node.media.add_candidate(media, endpoint.id, CANDIDATE)
        ask = application.invoke
        assert await ask(media.pipeline, "getName") == "ses_A"
        assert await ask(published.id, "getName") == "str_CAM_A"
        assert await ask(published.id, "getMaxVideoRecvBandwidth") == 1001
        assert await ask(published.id, "getMinVideoSendBandwidth") == 302
        assert await ask(published.id, "getStunServerPort") == 3478
        assert await ask(published.id, "getTurnUrl") == "user:word@127.0.0.1:3478"
        for sink, source in (
            (published.pass_through, published.id),
            (published.id, published.pass_through),
            (received.id, published.pass_through),
        ):
            assert set((await sources_of(application, sink)).values()) == {source}
        assert node.session_ids() == ["ses_A"]
        node.media.release(media, [received.id])
        await until_gone(application, received.id)
        node.media.release(media, [media.pipeline])
        await until_gone(application, published.id)
        await until(lambda: node.session_ids() == [])
        assert node.log.lost == []


async def candidate_of(node, endpoint):
    """The first candidate of an endpoint."""
    await until(lambda: node.log.candidates_of(endpoint.id))
    return node.log.candidates_of(endpoint.id)[0].candidate


async def until_gathered(node, endpoint):
    await until(lambda: "IceGatheringDone" in node.log.types_of(endpoint.id))


async def until_gone(application, object_id):
    with anyio.fail_after(5):
        while not await is_gone(application, object_id):
            await anyio.sleep(0.01)


async def test_a_publisher_is_replaced_and_subscribers_stay_connected(uri):
    async with linked(uri, **PATIENT) as node, wire(uri) as application:
        media = await node.media.create_pipeline(NODE, "ses_A")
        old = await node.media.create_publisher(media, request(), loops_back=False)
        received = await node.media.create_subscriber(
            media, request("s", "subscribe"), old.pass_through
        )
        new = await node.media.replace_publisher(media, request(), old, loops_back=True)
        assert set((await sources_of(application, new.pass_through)).values()) == {new.id}
        assert set((await sources_of(application, new.id)).values()) == {new.pass_through}
        assert set((await sources_of(application, received.id)).values()) == {old.pass_through}
        await until_gone(application, old.id)
        node.media.release(media, [media.pipeline])


async def test_a_filter_comes_and_goes(uri):
    async with linked(uri, **PATIENT) as node, wire(uri) as application:
        media = await node.media.create_pipeline(NODE, "ses_A")
        stream = await node.media.create_publisher(media, request(), loops_back=False)
        element = await node.media.apply_filter(
            media, stream, "GStreamerFilter", {"command": "videoflip method=vertical-flip"}
        )
        assert set((await sources_of(application, stream.pass_through)).values()) == {element}
        assert set((await sources_of(application, element)).values()) == {stream.id}
        with pytest.raises(MediaFailureError):
            await node.media.invoke_filter(media, element, "noSuchMethod", {"a": 1})
        await node.media.remove_filter(media, stream, element)
        assert set((await sources_of(application, stream.pass_through)).values()) == {stream.id}
        await until_gone(application, element)
        with pytest.raises(MediaFailureError):
            await node.media.apply_filter(media, stream, "NoSuchFilter", {})
        assert set((await sources_of(application, stream.pass_through)).values()) == {stream.id}
        node.media.release(media, [media.pipeline])


async def test_a_camera_is_created_played_and_stopped(uri):
    camera = Camera("rtsp://127.0.0.1:9/x")
    async with linked(uri, **PATIENT) as node, wire(uri) as application:
        media = await node.media.create_pipeline(NODE, "ses_A")
        player = await node.media.create_player(media, "str_IPC_A", camera)
        assert set((await sources_of(application, player.pass_through)).values()) == {player.id}
        assert await application.invoke(player.id, "getUri") == camera.rtsp_uri
        await node.media.play(media, player.id, is_on=True)
        await node.media.play(media, player.id, is_on=False)
        node.media.release(media, [media.pipeline])


async def test_statistics_are_none_while_no_media_flow(uri):
    async with linked(uri, **PATIENT) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        stream = await node.media.create_publisher(media, request(), loops_back=False)
        assert await node.media.stats(media, [stream.id, f"{media.pipeline}/gone"]) == {}
        node.media.release(media, [media.pipeline])


async def test_an_offer_that_is_none_is_refused_and_leaves_nothing(uri):
    async with linked(uri, **PATIENT) as node, wire(uri) as application:
        media = await node.media.create_pipeline(NODE, "ses_A")
        with pytest.raises(MediaFailureError):
            await node.media.create_publisher(
                media, EndpointRequest("x", "this is none"), loops_back=False
            )
        with anyio.fail_after(5):
            while await application.invoke(media.pipeline, "getChildren"):
                await anyio.sleep(0.01)
        node.media.release(media, [media.pipeline])


async def test_media_outlive_a_killed_server_and_the_next_one_goes_on(uri):
    async with wire(uri) as application:
        async with links(**PATIENT) as (media_servers, observer):
            killed = Node(media_servers, observer)
            await killed.attach(uri)
            media = await killed.media.create_pipeline(NODE, "ses_A")
            stream = await killed.media.create_publisher(media, request(), loops_back=False)
            created_at = killed.sessions()[0].created_at
            killed.links.link(NODE).rpc().abort("killed")  # no closeSession, no close frame
        async with links(**PATIENT) as (media_servers, observer):
            node = Node(media_servers, observer)
            node.media.resume(media, "ses_A", created_at)
            await node.attach(uri)
            assert node.is_alive(media) is True
            received = await node.media.create_subscriber(
                media, request("s", "subscribe"), stream.pass_through
            )
            await candidate_of(node, received)
            foreign = await application.create("MediaPipeline")
            await until(lambda: len(node.session_ids()) == 2)
            await application.call("release", object=foreign)
            node.media.release(media, [media.pipeline])
            await until_gone(application, media.pipeline)


@pytest.mark.parametrize("is_one_in_use", [True, False])
async def test_what_a_killed_server_left_is_released_by_the_next_one(uri, is_one_in_use):
    async with wire(uri) as application:
        foreign = await application.create("MediaPipeline")
        await application.invoke(foreign, "addTag", key=OWNER_TAG, value="another store")
        async with links(**PATIENT) as (media_servers, observer):
            media_servers.own_pipelines("this store")
            killed = Node(media_servers, observer)
            await killed.attach(uri)
            used = await killed.media.create_pipeline(NODE, "ses_A")
            left = await killed.media.create_pipeline(NODE, "ses_B")
            created_at = killed.sessions()[0].created_at
            killed.links.link(NODE).rpc().abort("killed")
        async with links(**PATIENT) as (media_servers, observer):
            media_servers.own_pipelines("this store")
            node = Node(media_servers, observer)
            if is_one_in_use:
                node.media.resume(used, "ses_A", created_at)
            await node.attach(uri)
            await until_gone(application, left.pipeline)
            if is_one_in_use:
                assert node.is_alive(used) is True
                node.media.release(used, [used.pipeline])
            await until_gone(application, used.pipeline)
            assert await application.invoke(foreign, "getTag", key=OWNER_TAG) == "another store"
            assert "ses_B" not in observer.ids_ever(NODE)
        await application.call("release", object=foreign)


async def test_the_collector_spares_calls_and_takes_what_no_call_owns():
    async with emulated() as server, linked(server.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        rpc = node.links.link(NODE).rpc()
        await rpc.request("create", {"type": "MediaPipeline"}, timeout_s=1)
        await until(lambda: len(server.pipelines) == 1)
        await anyio.sleep(3 * PERIOD_S)
        assert list(server.pipelines) == [media.pipeline]
        assert node.is_alive(media) is True


async def test_a_process_that_ends_takes_the_media_with_it():
    async with emulated() as server, linked(server.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        server.crash()
        await until(lambda: node.is_alive(media) is None)
        with pytest.raises(UnreachableMediaServerError):
            await node.media.create_publisher(media, request(), loops_back=False)
        server.restart()
        await until(lambda: node.log.lost == [media.pipeline])
        again = await node.media.create_pipeline(NODE, "ses_A")
        assert node.is_alive(again) is True


async def test_a_server_that_is_away_for_too_long_finds_the_media_lost():
    async with emulated() as server:
        async with linked(server.uri) as node:
            media = await node.media.create_pipeline(NODE, "ses_A")
            created_at = node.sessions()[0].created_at
        await until(lambda: not server.pipelines, within=5 * PERIOD_S)
        async with links() as (media_servers, observer):
            node = Node(media_servers, observer)
            node.media.resume(media, "ses_A", created_at)
            await node.attach(server.uri)
            await until(lambda: node.log.lost == [media.pipeline])
            assert node.is_alive(media) is False


@asynccontextmanager
async def peer(direction):
    opened = MediaPeer(direction)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


async def test_packets_flow_and_go_on_while_the_link_is_cut():
    async with (
        emulated() as server,
        linked(server.uri) as node,
        peer("sendonly") as sender,
        peer("recvonly") as receiver,
    ):
        media = await node.media.create_pipeline(NODE, "ses_A")
        stream = await node.media.create_publisher(
            media, EndpointRequest("a", sender.offer()), loops_back=False
        )
        received = await node.media.create_subscriber(
            media, EndpointRequest("b", receiver.offer()), stream.pass_through
        )
        for each, endpoint in ((sender, stream), (receiver, received)):
            await each.connect(endpoint.sdp_answer, await candidate_of(node, endpoint))
        sender.send_rtp("video", 1, b"before")
        await receiver.until(lambda: len(receiver.rtp) == 1)
        stats = await node.media.stats(media, [stream.id, received.id])
        kinds = {each["type"] for stats_of in stats.values() for each in stats_of.values()}
        assert kinds >= {"inboundrtp", "outboundrtp"}
        server.disconnect()
        await until(lambda: not node.observer.is_connected())
        sender.send_rtp("video", 2, b"meanwhile")
        await receiver.until(lambda: len(receiver.rtp) == 2)
        await until(node.observer.is_connected)
        assert node.is_alive(media) is True
        sender.send_rtp("video", 3, b"after")
        await receiver.until(lambda: len(receiver.rtp) == 3)
        assert [packet[12:] for packet in receiver.rtp] == [b"before", b"meanwhile", b"after"]
