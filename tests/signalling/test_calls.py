"""What browsers ask for in calls: over real sockets, with an emulated Media Node."""

import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest
from websockets.exceptions import ConnectionClosed

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster
from mediafleet.signalling import rpc_sessions
from support import histories
from support.kurento_wire import wire
from support.live import mediafleet
from support.media import offer
from support.rpc_browser import RpcFailureError
from support.rpc_calls import Server, calls, joining, new_session, new_token, published

pytestmark = pytest.mark.anyio

CANDIDATE = "candidate:1 1 udp 2122260223 127.0.0.1 40000 typ host generation 0"


def token_in(url: str) -> str:
    return url.partition("token=")[2].partition("&")[0]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server for all tests here: each has a session of its own."""
    async with (
        EmulatedCluster(nodes=1, random=Random(7), clock=SystemClock()) as node,
        calls(tmp_path_factory.mktemp("calls"), node) as server,
    ):
        yield server


@pytest.fixture
async def server(shared: Server, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Server]:
    async with AsyncExitStack() as stack:
        yield replace(shared, stack=stack)
    errors = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert errors == []


async def hosted(server: Server) -> set[str]:
    """Ids of the sessions that the server has."""
    response = await server.api.get("/openvidu/api/sessions")
    return {each["id"] for each in response.json()["content"]}


async def test_a_call_of_two_from_joining_to_leaving(server: Server) -> None:
    session_id = await new_session(server.api)
    one = await server.join(session_id, data="the first", role="MODERATOR")
    assert one.joined["value"] == []
    assert one.joined.items() >= {
        "metadata": "the first", "session": session_id, "role": "MODERATOR", "record": True,
        "mediaServer": "kurento", "customIceServers": [],
    }.items()  # fmt: skip
    stream = await one.publish()
    assert stream["id"].endswith(f"_{one.id}")
    assert stream["sdpAnswer"].startswith("v=0")

    two = await server.join(session_id)
    (other,) = two.joined["value"]
    assert (other["id"], other["streams"][0]["id"]) == (one.id, stream["id"])
    assert (await one.page.notification("participantJoined"))["id"] == two.id
    await two.subscribe(stream["id"])
    for name in (one.id, two.id):
        await two.page.call(
            "onIceCandidate", endpointName=name, candidate=CANDIDATE, sdpMid="0", sdpMLineIndex=0
        )
    back = await two.publish(typeOfVideo="SCREEN", frameRate=-1)
    notified = await one.page.notification("participantPublished")
    assert (notified["id"], notified["streams"][0]["typeOfVideo"]) == (two.id, "SCREEN")
    await one.subscribe(back["id"])
    candidate = await one.page.notification("iceCandidate")
    assert candidate["senderConnectionId"] in (one.id, two.id)

    assert await hosted(server) >= {session_id}
    assert await two.page.call("unsubscribeFromVideo", sender=one.id) == {
        "sessionId": two.rpc_session
    }
    await two.page.call("unpublishVideo")
    assert await one.page.notification("participantUnpublished") == {
        "connectionId": two.id, "reason": "unpublish",
    }  # fmt: skip
    assert (await two.publish())["id"] != back["id"]
    await two.page.call("leaveRoom")
    assert await one.page.notification("participantLeft") == {
        "connectionId": two.id, "reason": "disconnect",
    }  # fmt: skip
    assert await two.page.code_of("leaveRoom") == 803
    assert await one.page.call("closeSession") == {"value": "bye", "sessionId": one.rpc_session}
    assert (await one.page.closed())[0] == 1000
    assert session_id not in await hosted(server)


async def test_others_learn_of_a_join_before_it_is_answered(server: Server) -> None:
    session_id = await new_session(server.api)
    one = await server.join(session_id)
    two = await server.join(session_id)
    with anyio.fail_after(1):
        await one.page.notification("participantJoined")
    assert two.joined["createdAt"] >= one.joined["createdAt"]


async def test_a_token_admits_one_browser_once(server: Server) -> None:
    session_id = await new_session(server.api)
    one = await server.join(session_id)
    page = await server.open()
    assert await page.code_of("joinRoom", **joining(one.token)) == 401
    assert await page.code_of("joinRoom", **joining("tok_unknown", session=session_id)) == 401
    assert await page.code_of("joinRoom", **joining("tok_unknown", session="unknown")) == 202
    assert await page.code_of("joinRoom", **joining("")) == 202
    assert await one.page.code_of("joinRoom", **joining(one.token)) == 804
    alone = token_in(await new_token(server.api, session_id))
    assert (await page.call("joinRoom", **joining(alone, session=session_id)))["role"]


async def test_a_browser_joins_again_with_another_token_on_the_same_socket(
    server: Server,
) -> None:
    session_id = await new_session(server.api)
    one = await server.join(session_id)
    stay = await server.join(session_id)
    await one.page.call("leaveRoom")
    again = await one.page.call("joinRoom", **joining(await new_token(server.api, session_id)))
    assert again["id"] != one.id
    await stay.page.notification("participantJoined")


async def test_a_call_without_a_media_node_is_204(tmp_path: Path) -> None:
    async with mediafleet(tmp_path) as api, AsyncExitStack() as stack:
        server = Server(api, stack)
        token = await new_token(api, await new_session(api))
        page = await server.open()
        assert await page.code_of("joinRoom", **joining(token)) == 204
        assert await page.code_of("joinRoom", **joining(token)) == 204  # it is still valid


async def test_a_subscriber_may_not_publish_and_only_a_moderator_forces(server: Server) -> None:
    session_id = await new_session(server.api)
    one = await server.join(session_id, role="SUBSCRIBER")
    two = await server.join(session_id, role="PUBLISHER")
    three = await server.join(session_id, role="MODERATOR")
    assert await one.page.code_of("publishVideo", **published()) == 401
    stream = await two.publish()
    assert await two.page.code_of("publishVideo", **published()) == 106
    for other in (one, two):
        assert await other.page.code_of("forceUnpublish", streamId=stream["id"]) == 401
        assert await other.page.code_of("forceDisconnect", connectionId=three.id) == 401
        assert (
            await other.page.code_of("applyFilter", streamId=stream["id"], type="ZBarFilter") == 401
        )
    assert await three.page.code_of("forceDisconnect", connectionId="con_unknown") == 102
    assert await three.page.code_of("forceUnpublish", streamId="str_unknown") == 105
    await three.page.call("forceUnpublish", streamId=stream["id"])
    assert await two.page.notification("participantUnpublished") == {
        "connectionId": two.id, "reason": "forceUnpublishByUser",
    }  # fmt: skip


async def test_an_evicted_browser_is_notified_first_and_then_disconnected(server: Server) -> None:
    session_id = await new_session(server.api)
    one = await server.join(session_id, role="MODERATOR")
    two = await server.join(session_id)
    await one.page.call("forceDisconnect", connectionId=two.id)
    expected = {"connectionId": two.id, "reason": "forceDisconnectByUser"}
    assert await two.page.notification("participantEvicted") == expected
    assert (await two.page.closed())[0] == 1000
    assert await one.page.notification("participantLeft") == expected
    assert await (await server.open()).code_of("connect", sessionId=two.rpc_session) == 40007

    await server.api.delete(f"/openvidu/api/sessions/{session_id}")
    evicted = await one.page.notification("participantEvicted")
    while evicted["connectionId"] != one.id:
        evicted = await one.page.notification("participantEvicted")
    assert evicted["reason"] == "sessionClosedByServer"
    assert (await one.page.closed())[0] == 1000


async def test_signals_reach_those_they_are_for(server: Server) -> None:
    session_id = await new_session(server.api)
    one, two, three = [await server.join(session_id) for _ in range(3)]
    message = json.dumps({"to": [three.id], "type": "signal:chat", "data": "hi"})
    await two.page.call("sendMessage", message=message)
    assert await three.page.notification("sendMessage") == {
        "from": two.id, "type": "signal:chat", "data": "hi",
    }  # fmt: skip
    await two.page.call("sendMessage", message='{"to":[],"data":"all"}')
    for each in (one, two, three):
        assert (await each.page.notification("sendMessage"))["data"] == "all"
    assert await two.page.code_of("sendMessage", message="hi") == 600
    assert await two.page.code_of("sendMessage", message='{"to":["con_unknown"]}') == 601
    assert await two.page.code_of("sendMessage", message='{"to":7}') == 601


async def test_properties_of_streams_are_texts_for_the_others(server: Server) -> None:
    session_id = await new_session(server.api)
    one, two = [await server.join(session_id) for _ in range(2)]
    change = {"streamId": "any", "reason": "publishVideo"}
    params = {"property": "videoActive", "newValue": False, **change}
    assert await one.page.code_of("streamPropertyChanged", **params) == 105
    stream = await one.publish()
    await one.page.call("streamPropertyChanged", **params)
    assert await two.page.notification("streamPropertyChanged") == {
        "connectionId": one.id, "streamId": stream["id"], "property": "videoActive",
        "newValue": "false", "reason": "publishVideo",
    }  # fmt: skip
    params |= {"property": "videoDimensions", "newValue": '{"width":1}'}
    await one.page.call("streamPropertyChanged", **params)
    changed = await two.page.notification("streamPropertyChanged")
    assert json.loads(json.loads(changed["newValue"])) == {"width": 1}, "as all SDKs read it"
    for wrong in ("{", "7", True, {}):
        params["newValue"] = wrong
        assert await one.page.code_of("streamPropertyChanged", **params) == -1
    params |= {"property": "audioTrack", "newValue": {"label": "microphone"}}
    await one.page.call("streamPropertyChanged", **params)
    changed = await two.page.notification("streamPropertyChanged")
    assert json.loads(changed["newValue"]) == {"label": "microphone"}
    assert await one.page.code_of("streamPropertyChanged", **params | {"newValue": True}) == -1
    third = await server.join(session_id)
    assert not third.joined["value"][0]["streams"][0]["videoActive"]


async def test_streams_are_connected_again(server: Server) -> None:
    session_id = await new_session(server.api)
    one, two = [await server.join(session_id) for _ in range(2)]
    stream = await one.publish()
    await two.subscribe(stream["id"])
    mine = await one.page.call("reconnectStream", stream=stream["id"], sdpString=offer())
    assert (mine["id"], mine["createdAt"]) == (stream["id"], stream["createdAt"])
    theirs = await two.page.call(
        "reconnectStream", stream=stream["id"], sdpOffer=offer("subscribe"), forciblyReconnect=True
    )
    assert theirs["sdpAnswer"].startswith("v=0")
    assert await two.page.code_of("reconnectStream", stream=stream["id"]) == -1
    assert await two.page.code_of("reconnectStream", stream="x", sdpOffer=offer()) == 105


async def test_what_cannot_be_subscribed_to(server: Server) -> None:
    session_id = await new_session(server.api)
    one = await server.join(session_id)
    stream = await one.publish()
    for sender in (stream["id"], "str_unknown"):
        code = await one.page.code_of(
            "receiveVideoFrom", sender=sender, sdpOffer=offer("subscribe")
        )
        assert code == 105
    assert await one.page.code_of("unsubscribeFromVideo", sender="con_unknown") == 102
    assert await one.page.code_of("receiveVideoFrom", sender="s", sdpOffer="x" * 32_769) == -1


async def test_requests_are_answered_in_order_and_pings_at_once(server: Server) -> None:
    session_id = await new_session(server.api)
    one = await server.join(session_id)
    ids = [await one.page.send("publishVideo", published())]
    ids += [await one.page.send("onIceCandidate", {"endpointName": one.id, "candidate": CANDIDATE})]
    ids += [await one.page.send("unpublishVideo", {}) for _ in range(2)]
    ids += [await one.page.send("ping", {})]
    order: list[int] = []
    answer = one.page.answer
    for each in ids[:3] + ids[4:]:
        await answer(each)
        order.append(each)
    with pytest.raises(Exception, match="105"):
        await answer(ids[3])
    assert one.page.answered.index(ids[4]) < one.page.answered.index(ids[2])
    queued = [each for each in one.page.answered if each in (ids[0], ids[2], ids[3])]
    assert queued == [ids[0], ids[2], ids[3]]


async def test_too_many_requests_at_once_are_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await server.join(await new_session(server.api))
    monkeypatch.setattr(rpc_sessions, "MAX_PENDING", 0)
    assert await one.page.code_of("unpublishVideo") == -32000
    await one.page.call("ping")
    monkeypatch.undo()
    assert await one.page.code_of("unpublishVideo") == 105


async def test_a_lost_browser_comes_back_and_has_missed_nothing(server: Server) -> None:
    session_id = await new_session(server.api)
    one, two = [await server.join(session_id) for _ in range(2)]
    await two.page.socket.close()
    stream = await one.publish()
    for number in range(5):
        await one.page.call("sendMessage", message=json.dumps({"data": str(number)}))
    back = await server.open(first_id=7)
    result = await back.call("connect", sessionId=two.rpc_session, reconnect=True)
    assert result == {"value": "reconnection successful", "sessionId": two.rpc_session}
    notified = await back.notification()
    assert notified["streams"][0]["id"] == stream["id"]
    assert [(await back.notification())["data"] for _ in range(5)] == list("01234")
    assert (await back.call("ping", interval=5000))["sessionId"] == two.rpc_session
    await back.call("receiveVideoFrom", sender=stream["id"], sdpOffer=offer("subscribe"))


async def test_a_browser_that_connects_twice_has_one_socket(server: Server) -> None:
    one = await server.join(await new_session(server.api))
    second = await server.open()
    await second.call("connect", sessionId=one.rpc_session)
    assert (await one.page.closed())[0] == 4000
    await second.call("publishVideo", **published())
    assert await second.code_of("connect", sessionId=one.rpc_session) == 40007


async def test_a_browser_that_stays_away_leaves(
    tmp_path: Path, fleet: EmulatedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc_sessions, "GRACE_S", 0.5)
    async with calls(tmp_path, fleet) as server:
        session_id = await new_session(server.api)
        one, two = [await server.join(session_id) for _ in range(2)]
        began = anyio.current_time()
        await two.page.socket.close()
        assert await one.page.notification("participantLeft") == {
            "connectionId": two.id, "reason": "networkDisconnect",
        }  # fmt: skip
        assert anyio.current_time() - began > 0.4
        assert await (await server.open()).code_of("connect", sessionId=two.rpc_session) == 40007


async def test_a_browser_that_misses_too_much_leaves_at_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc_sessions, "MAX_KEPT", 3)
    session_id = await new_session(server.api)
    one, two = [await server.join(session_id) for _ in range(2)]
    await two.page.socket.close()
    for _ in range(5):
        await one.page.call("sendMessage", message='{"data":"x"}')
    assert await one.page.notification("participantLeft") == {
        "connectionId": two.id, "reason": "networkDisconnect",
    }  # fmt: skip
    assert await (await server.open()).code_of("connect", sessionId=two.rpc_session) == 40007


async def test_a_browser_that_does_not_read_leaves_and_nobody_waits_for_it(server: Server) -> None:
    session_id = await new_session(server.api)
    one = await server.join(session_id)
    two = await server.join(session_id, max_queue=1)
    message = json.dumps({"to": [two.id], "data": "x" * 60_000})
    codes = set()
    with anyio.fail_after(20):
        while 601 not in codes:
            try:
                await one.page.call("sendMessage", message=message)
            except RpcFailureError as failure:
                codes.add(failure.code)
    assert codes == {601}  # it is no receiver any more
    assert (await one.page.notification("participantLeft"))["reason"] == "networkDisconnect"


async def test_a_flood_of_requests_costs_a_browser_its_socket(server: Server) -> None:
    session_id = await new_session(server.api)
    one, two = [await server.join(session_id) for _ in range(2)]
    with suppress(ConnectionClosed):
        for _ in range(4_000):
            await two.page.send("videoData", {})
    assert (await two.page.closed())[0] in (1006, 1008)
    await one.page.call("echo")
    text = ""
    with anyio.fail_after(10):  # what came before is handled first
        while 'signalling_drops_total{reason="too-many-messages"} 1.0' not in text:
            text = (await server.api.get("/metrics")).text
    assert 'mediafleet_signalling_requests_total{method="joinRoom"}' in text
    assert "mediafleet_signalling_sockets" in text
    back = await server.open()
    await back.call("connect", sessionId=two.rpc_session)


async def test_browsers_come_back_to_a_server_that_was_started_again(
    tmp_path: Path, fleet: EmulatedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with calls(tmp_path, fleet) as server:
        session_id = await new_session(server.api)
        one, two = [await server.join(session_id) for _ in range(2)]
        stream = await one.publish()
    monkeypatch.setattr(rpc_sessions, "GRACE_S", 1.0)
    async with calls(tmp_path, fleet) as server:
        back = await server.open(first_id=9)
        result = await back.call("connect", sessionId=one.rpc_session)
        assert result["sessionId"] == one.rpc_session
        assert await back.notification("participantLeft") == {
            "connectionId": two.id, "reason": "networkDisconnect",
        }  # fmt: skip
        third = await server.join(session_id)
        assert third.joined["value"][0]["streams"][0]["id"] == stream["id"]


async def test_tokens_and_offers_are_in_no_line_of_the_log(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "mediafleet")
    one = await server.join(await new_session(server.api))
    await one.publish()
    secrets = (token_in(one.token), one.rpc_session, "a=fingerprint")
    for record in caplog.records:
        if record.name.startswith("mediafleet"):
            shown: Any = record.getMessage() + str(vars(record))
            assert not [each for each in secrets if each in shown], record


async def test_filters_are_for_moderators_and_for_owners_that_may_apply_them(
    server: Server,
) -> None:
    session_id = await new_session(server.api)
    options = {"allowedFilters": ["ZBarFilter"]}
    one = await server.join(session_id, kurentoOptions=options)
    two = await server.join(session_id, role="MODERATOR")
    stream_id = (await one.publish())["id"]
    own = {"streamId": stream_id, "type": "ZBarFilter", "options": "{}"}
    for method, more in (
        ("removeFilter", {}),
        ("execFilterMethod", {"method": "setElementProperty"}),
        ("addFilterEventListener", {"eventType": "CodeFound"}),
    ):
        assert await one.page.code_of(method, streamId=stream_id, **more) == 406
        assert await one.page.code_of(method, streamId="str_unknown", **more) == 105
    assert await one.page.code_of("applyFilter", **{**own, "type": "ChromaFilter"}) == 401
    for wrong in ("{", "[]"):
        assert await one.page.code_of("applyFilter", **{**own, "options": wrong}) == 406
    await one.page.call("applyFilter", **own)
    notified = await two.page.notification("streamPropertyChanged")
    assert (notified["property"], notified["newValue"]["type"]) == ("filter", "ZBarFilter")
    assert await two.page.code_of("applyFilter", **own) == 405
    listener = {"streamId": stream_id, "eventType": "CodeFound"}
    await two.page.call("addFilterEventListener", **listener)
    await two.page.call("removeFilterEventListener", **listener)
    await two.page.call("removeFilter", streamId=stream_id)
    assert (await one.page.notification("streamPropertyChanged"))["newValue"] == {}


async def test_events_of_a_filter_reach_those_that_listen(
    tmp_path: Path, fleet: EmulatedCluster, database: Path
) -> None:
    async with calls(tmp_path, fleet) as server, wire(fleet.uri(0)) as application:
        session_id = await new_session(server.api)
        one = await server.join(session_id, kurentoOptions={"allowedFilters": ["ZBarFilter"]})
        stream = await one.publish()
        named = {"streamId": stream["id"]}
        await one.page.call("applyFilter", type="ZBarFilter", options="{}", **named)
        await one.page.call("addFilterEventListener", eventType="Error", **named)
        (pipeline,) = fleet.nodes[0].pipelines
        elements = await application.invoke(pipeline, "getChildren")
        (filter_,) = [each for each in elements if "ZBarFilter" in each]
        fleet.nodes[0].raise_error(filter_, "X", "broken")
        notified = await one.page.notification("filterEventDispatched")
        assert (notified["streamId"], notified["filterType"], notified["eventType"]) == (
            stream["id"],
            "ZBarFilter",
            "Error",
        )
        assert re.fullmatch(r"\{.*description=broken, .*\}", notified["data"])
        (event,) = [
            each
            for each in histories.read_events(database)
            if each["name"] == "filterEventDispatched"
        ]
        assert event["data"] == notified["data"]


async def test_a_stream_whose_filter_fails_is_not_published(server: Server) -> None:
    session_id = await new_session(server.api)
    one, two = [await server.join(session_id) for _ in range(2)]
    refused = {"filter": {"type": "ZBarFilter", "options": {}}}
    assert await two.page.code_of("publishVideo", **published(**refused)) == 401
    assert (await one.page.notification("participantUnpublished"))["connectionId"] == two.id
    await two.publish()


async def test_browsers_get_credentials_of_the_turn_server(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    turn = {"COTURN_IP": "192.0.2.3", "COTURN_PORT": 3479, "COTURN_SHARED_SECRET_KEY": "north"}
    async with calls(tmp_path, fleet, **turn) as server:
        one = await server.join(await new_session(server.api))
        assert (one.joined["coturnIp"], one.joined["coturnPort"]) == ("192.0.2.3", 3479)
        assert one.joined["turnUsername"].endswith(f":{one.id}")
        assert len(one.joined["turnCredential"]) == 28
        await one.publish()


def codecs(description: str) -> set[str]:
    """Names of the codecs of the video in an SDP, without those that repair others."""
    video = description.partition("m=video")[2]
    return set(re.findall(r"a=rtpmap:\d+ ([A-Za-z0-9]+)/90000", video)) - {"rtx"}


async def offered(server: Server, session_id: str, stream_id: str) -> str:
    """The offer for a published stream, as the media server gets it."""
    answer = await server.api.get(
        f"/openvidu/api/sessions/{session_id}", params={"webRtcStats": "true"}
    )
    streams = [each["publishers"] for each in answer.json()["connections"]["content"]]
    return next(each["remoteSdp"] for (each,) in streams if each["streamId"] == stream_id)


@pytest.mark.parametrize(
    ("properties", "left"),
    [
        ({}, {"VP8"}),
        ({"forcedVideoCodec": "H264"}, {"H264"}),
        ({"forcedVideoCodec": "NONE"}, codecs(offer())),
        ({"forcedVideoCodec": "VP9", "allowTranscoding": True}, codecs(offer())),
    ],
)
async def test_a_session_may_force_a_codec(
    server: Server, properties: dict[str, Any], left: set[str]
) -> None:
    session_id = await new_session(server.api, **properties)
    one = await server.join(session_id)
    assert codecs(await offered(server, session_id, (await one.publish())["id"])) == left


async def test_a_browser_without_the_codec_neither_sends_nor_receives(server: Server) -> None:
    session_id = await new_session(server.api)
    one, two = await server.join(session_id), await server.join(session_id)
    stream = await one.publish()
    without = offer("subscribe").replace(" VP8/", " VP7/")
    receiving = {"sender": stream["id"], "sdpOffer": without}
    assert await two.page.code_of("receiveVideoFrom", **receiving) == 800
    assert await two.page.code_of("publishVideo", **published(sdpOffer=without)) == 800


async def test_the_configuration_says_which_codec_sessions_have(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    forced = {
        "OPENVIDU_STREAMS_FORCED_VIDEO_CODEC": "H264",
        "OPENVIDU_STREAMS_ALLOW_TRANSCODING": "true",
    }
    without = offer().replace(" H264/", " H265/")
    async with calls(tmp_path, fleet, **forced) as server:
        for base in ("/api", "/openvidu/api"):
            session_id = (await server.api.post(f"{base}/sessions")).json()["id"]
            shown = (await server.api.get(f"/openvidu/api/sessions/{session_id}")).json()
            assert (shown["forcedVideoCodec"], shown["allowTranscoding"]) == ("H264", True)
            one, two = await server.join(session_id), await server.join(session_id)
            ids = [(await one.publish())["id"], (await two.publish(sdpOffer=without))["id"]]
            found = [codecs(await offered(server, session_id, each)) for each in ids]
            assert found == [{"H264"}, codecs(without)]
