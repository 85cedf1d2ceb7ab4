"""What is requested of a media server for calls, and in which order."""

from __future__ import annotations

import asyncio
import json

import anyio
import pytest

from mediafleet.domain.call_errors import FilterError
from mediafleet.domain.calls import Camera
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.media import Bandwidths, Endpoint, IceCandidate, IceSettings
from support.fake_kurento import ANSWER, fake_kurento
from support.links import NODE, links, until
from support.media import (
    CANDIDATE,
    Node,
    error,
    linked,
    links_of,
    offer,
    replying,
    request,
    sink_of,
    steps,
)

pytestmark = pytest.mark.anyio


async def test_a_publisher_is_configured_connected_and_answered_in_this_order():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        endpoint = await node.media.create_publisher(
            media,
            request(
                "str_CAM_A",
                bandwidths=Bandwidths(1001, 301, 1002, 302),
                ice=IceSettings(("192.0.2.7", 3478), "user:word@192.0.2.8:3478"),
            ),
            loops_back=True,
        )
        assert endpoint.sdp_answer == ANSWER
        assert {endpoint.id, endpoint.pass_through} == fake.elements
        assert steps(fake, endpoint.id) == [
            "setName",
            "setMaxVideoRecvBandwidth",
            "setMinVideoRecvBandwidth",
            "setMaxVideoSendBandwidth",
            "setMinVideoSendBandwidth",
            "setStunServerAddress",
            "setStunServerPort",
            "setTurnUrl",
            "IceCandidateFound",
            "IceGatheringDone",
            "NewCandidatePairSelected",
            "IceComponentStateChanged",
            "DataChannelOpened",
            "DataChannelClosed",
            "ConnectionStateChanged",
            "MediaStateChanged",
            "Error",
            "MediaFlowInStateChanged",
            "MediaFlowOutStateChanged",
            "MediaTranscodingStateChanged",
            "connect",
            "processOffer",
            "gatherCandidates",
        ]
        given = {
            name: value
            for each in fake.requests
            if each["params"].get("object") == endpoint.id
            for name, value in each["params"].get("operationParams", {}).items()
        }
        assert given == {
            "name": "str_CAM_A",
            "maxVideoRecvBandwidth": 1001,
            "minVideoRecvBandwidth": 301,
            "maxVideoSendBandwidth": 1002,
            "minVideoSendBandwidth": 302,
            "stunServerAddress": "192.0.2.7",
            "stunServerPort": 3478,
            "turnUrl": "user:word@192.0.2.8:3478",
            "sink": endpoint.pass_through,
            "offer": offer(),
        }
        (loop,) = [each for each in fake.asked("connect") if "object" in each["params"]][1:]
        assert loop["params"]["object"] == endpoint.pass_through
        assert loop["params"]["operationParams"] == {"sink": endpoint.id}


async def test_a_subscriber_gets_media_only_after_its_offer_is_answered():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        published = await node.media.create_publisher(media, request(), loops_back=False)
        subscriber = await node.media.create_subscriber(
            media, request("con_B_str_A", "subscribe"), published.pass_through
        )
        assert subscriber.sdp_answer == ANSWER
        assert subscriber.pass_through == ""
        about = [
            each["params"]["operation"]
            for each in fake.requests
            if subscriber.id in {each["params"].get("object"), sink_of(each)}
            and "operation" in each["params"]
        ]
        assert about[-3:] == ["processOffer", "gatherCandidates", "connect"]


async def test_candidates_go_both_ways_and_events_of_calls_are_passed_on():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        endpoint = (await node.media.create_publisher(media, request(), loops_back=False)).id
        node.media.add_candidate(media, endpoint, CANDIDATE)
        await until(lambda: fake.asked("addIceCandidate"))
        (asked,) = fake.asked("addIceCandidate")
        assert asked["params"]["operationParams"]["candidate"] == {
            "__module__": "kurento",
            "__type__": "IceCandidate",
            "candidate": CANDIDATE.candidate,
            "sdpMid": "0",
            "sdpMLineIndex": 0,
        }
        sent = {"candidate": CANDIDATE.candidate, "sdpMid": "video0", "sdpMLineIndex": 1}
        fake.emit("IceCandidateFound", {"candidate": sent}, endpoint)
        fake.emit("MediaStateChanged", {"newState": "CONNECTED", "at": [1, None]}, endpoint)
        await until(lambda: node.log.events)
        assert node.log.candidates == [
            (NODE, endpoint, IceCandidate(CANDIDATE.candidate, "video0", 1))
        ]
        ((_, event),) = node.log.events
        assert (event.endpoint, event.type) == (endpoint, "MediaStateChanged")
        assert event.data == {"newState": "CONNECTED", "at": [1, None]}


@pytest.mark.parametrize("text", ["", "candidate:" + "1" * 2048, "candidate:\ud800"], ids=len)
async def test_candidates_that_no_media_server_takes_are_not_sent(text):
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        node.media.add_candidate(media, f"{media.pipeline}/x", IceCandidate(text, "0", 0))
        node.media.add_candidate(media, f"{media.pipeline}/x", CANDIDATE)
        await until(lambda: fake.asked("addIceCandidate"))
        assert len(fake.asked("addIceCandidate")) == 1


async def test_a_call_is_a_session_with_its_id_at_once_and_is_never_queried():
    async with fake_kurento() as fake, linked(fake.uri, name_interval=0.05) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        foreign = fake.create("foreign")
        assert node.session_ids() == ["ses_A"]
        await until(lambda: node.observer.session_ids() == ["foreign", "ses_A"])
        await until(lambda: len(fake.asked("getName")) > 5)
        asked = {each["params"]["object"] for each in fake.requests if "object" in each["params"]}
        assert {each for each in asked if steps(fake, each)[-1] == "unref"} <= {foreign}
        assert steps(fake, media.pipeline) == ["setName", "Error"]
        assert len(await node.links.list_sessions(NODE)) == 2
        assert media.pipeline in fake.pipelines


async def test_a_call_is_not_queried_while_the_reply_to_its_creation_is_missing():
    async with fake_kurento() as fake, linked(fake.uri, name_delays=(0.01,)) as node:
        answer_now = anyio.Event()

        def create_and_hang(asked):
            pipeline = fake.create(holder=asked["params"]["sessionId"])
            fake.answers.clear()
            created.append((asked["id"], pipeline))

        created = []
        fake.answers["create"] = create_and_hang
        async with anyio.create_task_group() as tasks:

            async def create():
                media = await node.media.create_pipeline(NODE, "ses_A")
                assert media.pipeline == created[0][1]
                answer_now.set()

            tasks.start_soon(create)
            await until(lambda: created)
            other = fake.create("other")
            await anyio.sleep(0.1)  # more than ten times the delay of a query
            assert fake.asked("getName") == []
            reply = {"id": created[0][0], "result": {"value": created[0][1]}}
            fake.send_raw(json.dumps(reply))
        await until(lambda: node.observer.session_ids() == ["other", "ses_A"])
        assert {each["params"]["object"] for each in fake.asked("unref")} == {other}


async def test_nothing_can_be_created_on_a_node_that_is_not_linked():
    async with links() as (media_servers, observer):
        node = Node(media_servers, observer)
        with pytest.raises(UnreachableMediaServerError):
            await node.media.create_pipeline(NODE, "ses_A")


async def test_many_creations_at_once_are_done_in_turn():
    async with fake_kurento() as fake, linked(fake.uri, request_timeout=5.0) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        async with asyncio.TaskGroup() as tasks:
            for _ in range(50):
                tasks.create_task(node.media.create_publisher(media, request(), loops_back=False))
        assert len(fake.elements) == 100


async def test_a_publisher_is_replaced_before_the_same_pass_through():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        old = await node.media.create_publisher(media, request(), loops_back=True)
        new = await node.media.replace_publisher(media, request(), old, loops_back=True)
        assert new.pass_through == old.pass_through
        assert links_of(fake)[2:] == [(new.id, old.pass_through), (old.pass_through, new.id)]
        await until(lambda: fake.elements == {new.id, old.pass_through})
        last = await node.media.replace_publisher(
            media, request(), new, loops_back=False, filter_element=f"{media.pipeline}/filter"
        )
        assert links_of(fake)[4:] == [(last.id, f"{media.pipeline}/filter")]


async def test_a_pass_through_may_wait_for_its_publisher():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        waiting = Endpoint("", await node.media.create_pass_through(media))
        assert fake.elements == {waiting.pass_through}
        endpoint = await node.media.replace_publisher(media, request(), waiting, loops_back=True)
        assert endpoint.pass_through == waiting.pass_through
        assert links_of(fake) == [
            (endpoint.id, waiting.pass_through),
            (waiting.pass_through, endpoint.id),
        ]
        assert fake.asked("release") == []


async def test_a_camera_plays_when_it_is_set_to():
    camera = Camera("rtsp://user:word@192.0.2.1/x", adaptative_bitrate=False, network_cache=7)
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        player = await node.media.create_player(media, "str_IPC_A", camera)
        assert player.sdp_answer == ""
        assert links_of(fake) == [(player.id, player.pass_through)]
        (created,) = [
            each["params"]["constructorParams"]
            for each in fake.asked("create")
            if each["params"]["type"] == "PlayerEndpoint"
        ]
        assert created == {
            "mediaPipeline": media.pipeline,
            "uri": camera.rtsp_uri,
            "useEncodedMedia": True,
            "networkCache": 7,
        }
        await node.media.play(media, player.id, is_on=True)
        await node.media.play(media, player.id, is_on=False)
        assert steps(fake, player.id)[-2:] == ["play", "stop"]
        fake.emit("EndOfStream", {}, player.id)
        await until(lambda: node.log.types_of(player.id) == {"EndOfStream"})


async def test_a_filter_comes_between_endpoint_and_pass_through():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        stream = await node.media.create_publisher(media, request(), loops_back=False)
        options = {"command": "videoflip", "mediaPipeline": "another"}
        element = await node.media.apply_filter(media, stream, "GStreamerFilter", options)
        assert links_of(fake)[1:] == [(element, stream.pass_through), (stream.id, element)]
        created = fake.asked("create")[-1]["params"]["constructorParams"]
        assert created == {"command": "videoflip", "mediaPipeline": media.pipeline}
        fake.answers["setElementProperty"] = replying({"value": ["\x1b"]})
        invoke = node.media.invoke_filter
        assert await invoke(media, element, "setElementProperty", {}) == {"value": ["?"]}
        await node.media.listen_to_filter(media, element, "CodeFound")
        await node.media.listen_to_filter(media, element, "CodeFound")
        fake.emit("CodeFound", {"value": "x"}, element)
        await until(lambda: node.log.types_of(element) == {"CodeFound"})
        await node.media.remove_filter(media, stream, element)
        assert links_of(fake)[3:] == [(stream.id, stream.pass_through)]
        await until(lambda: element not in fake.elements)


@pytest.mark.parametrize("kind", ["RecorderEndpoint", "Filter", "a.ZBarFilter", "ZBarFilter\n", ""])
async def test_what_is_no_filter_is_not_created(kind):
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        stream = await node.media.create_publisher(media, request(), loops_back=False)
        with pytest.raises(FilterError):
            await node.media.apply_filter(media, stream, kind, {})
        assert len(fake.asked("create")) == 3


@pytest.mark.parametrize("method", ["connect", "disconnect", "", "a b", "x" * 65])
async def test_methods_that_are_none_of_a_filter_are_not_executed(method):
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        with pytest.raises(FilterError):
            await node.media.invoke_filter(media, f"{media.pipeline}/x", method, {})
        with pytest.raises(FilterError):
            await node.media.listen_to_filter(media, f"{media.pipeline}/x", "a b")
        assert steps(fake, f"{media.pipeline}/x") == []


async def test_statistics_of_endpoints_are_bounded_and_those_that_are_gone_left_out():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        ids = [f"{media.pipeline}/{number}" for number in range(40)]
        fake.answers["getStats"] = lambda asked: (
            error(40101)(asked)
            if asked["params"]["object"] == ids[1]
            else replying({"a": {"type": "inboundrtp", "x": "y" * 5000}})(asked)
        )
        stats = await node.media.stats(media, ids)
        assert stats.keys() == set(ids) - {ids[1]}
        assert stats[ids[0]]["a"]["type"] == "inboundrtp"
        assert len(stats[ids[0]]["a"]["x"]) == 1000
        assert await node.media.stats(media, []) == {}
