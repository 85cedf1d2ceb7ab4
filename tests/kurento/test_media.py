"""The media of calls, on a media server that keeps the protocol until a test breaks it."""

from __future__ import annotations

import asyncio
import json

import anyio
import pytest

from mediafleet.domain.call_errors import FilterError, MediaFailureError, NoAnswerError
from mediafleet.domain.calls import Camera
from mediafleet.domain.diagnostics import NodeDiagnostics
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.media import Bandwidths, Endpoint, IceCandidate, IceSettings
from support.fake_kurento import ANSWER, fake_kurento
from support.links import NODE, links, until
from support.media import Node, linked, offer, request

pytestmark = pytest.mark.anyio

CANDIDATE = IceCandidate("candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host", "0", 0)


def error(code):
    """Refuses whatever is asked."""
    fault = {"code": code, "message": "no", "data": {"type": "X"}}
    return lambda request: json.dumps({"error": fault, "id": request["id"], "jsonrpc": "2.0"})


def replying(value):
    """Replies with a value."""
    return lambda request: json.dumps({"id": request["id"], "result": {"value": value}})


def len_of(value):
    """The name of a case whose value may be long."""
    return repr(value)[:20]


def silent(_request):
    return None


def steps(fake, object_id):
    """What was asked about an object, in order: operations, and events subscribed to."""
    params = [each["params"] for each in fake.requests if each["params"].get("object") == object_id]
    return [each.get("operation") or each.get("type") or "release" for each in params]


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
            if subscriber.id in {each["params"].get("object"), _sink(each)}
            and "operation" in each["params"]
        ]
        assert about[-3:] == ["processOffer", "gatherCandidates", "connect"]


def _sink(asked):
    return asked["params"].get("operationParams", {}).get("sink")


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


HOSTILE_CANDIDATES = [
    None,
    [],
    {},
    {"candidate": "candidate:1\r\n", "sdpMid": "0", "sdpMLineIndex": 0},
    {"candidate": "candidate:" + "1" * 2048, "sdpMid": "0", "sdpMLineIndex": 0},
    {"candidate": "not one", "sdpMid": "0", "sdpMLineIndex": 0},
    {"candidate": 1, "sdpMid": "0", "sdpMLineIndex": 0},
    {"candidate": CANDIDATE.candidate, "sdpMid": "\x1b[2J", "sdpMLineIndex": 0},
    {"candidate": CANDIDATE.candidate, "sdpMid": "0", "sdpMLineIndex": -1},
    {"candidate": CANDIDATE.candidate, "sdpMid": "0", "sdpMLineIndex": True},
    {"candidate": CANDIDATE.candidate, "sdpMid": "0", "sdpMLineIndex": 10**30},
]


async def test_candidates_and_events_of_a_hostile_node_are_dropped_or_bounded():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        endpoint = (await node.media.create_publisher(media, request(), loops_back=False)).id
        foreign = fake.create("foreign")
        for each in HOSTILE_CANDIDATES:
            fake.emit("IceCandidateFound", {"candidate": each}, endpoint)
        sent = {"candidate": CANDIDATE.candidate, "sdpMid": "0", "sdpMLineIndex": 0}
        for source in (f"{foreign}/x", "", "/", None, 5, ["x"]):
            fake.emit("IceCandidateFound", {"candidate": sent}, source)
            fake.emit("Error", {"description": "x"}, source)
        deep = json.loads("[" * 20 + "]" * 20)
        data = {"text": "\x1b" + "x" * 5000, "deep": deep, "many": list(range(5000)), "f": 0.5}
        fake.emit("Error", data, endpoint)
        await until(lambda: node.log.events)
        assert node.log.candidates == []
        ((_, event),) = node.log.events
        assert len(event.data["text"]) <= 1000
        assert event.data["text"].isprintable()
        assert len(event.data["many"]) == 100
        assert len(json.dumps(event.data["deep"])) < 40
        assert node.observer.is_connected()


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


async def test_what_a_failed_step_leaves_is_released():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.answers["processOffer"] = error(40209)
        with pytest.raises(NoAnswerError, match="refuses processOffer with code 40209: no"):
            await node.media.create_publisher(media, request(), loops_back=False)
        await until(lambda: fake.elements == set())
        assert len(fake.asked("release")) == 2
        fake.answers = {"connect": error(40401)}
        with pytest.raises(MediaFailureError, match="refuses connect"):
            await node.media.create_subscriber(media, request(), f"{media.pipeline}/gone")
        await until(lambda: len(fake.asked("release")) == 3 and not fake.elements)
        assert fake.pipelines == {media.pipeline: "ses_A"}


@pytest.mark.parametrize("step", ["setName", "subscribe"])
async def test_a_pipeline_that_a_failed_step_leaves_is_released(step):
    async with fake_kurento() as fake, linked(fake.uri) as node:
        fake.answers[step] = error(40009)
        with pytest.raises(MediaFailureError):
            await node.media.create_pipeline(NODE, "ses_A")
        await until(lambda: fake.pipelines == {})
        await until(lambda: node.observer.session_ids() == [])
        assert node.log.lost == []


async def test_objects_whose_creation_is_confirmed_too_late_are_released():
    async with fake_kurento() as fake, linked(fake.uri, request_timeout=0.1) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        late = []
        fake.answers["create"] = late.append
        with pytest.raises(UnreachableMediaServerError, match=r"does not answer within 0\.1 s"):
            await node.media.create_publisher(media, request(), loops_back=False)
        with pytest.raises(UnreachableMediaServerError):
            await node.media.create_pipeline(NODE, "ses_B")
        for number, asked in enumerate(late):
            reply = {"id": asked["id"], "result": {"value": f"{media.pipeline}/{number}"}}
            fake.send_raw(json.dumps(reply))
        await until(lambda: len(fake.asked("release")) == 3)
        assert node.session_ids() == ["ses_A"]


async def test_a_creation_as_a_whole_is_bounded_in_time():
    quick = {"creation_timeout": 0.1, "concurrent_creations": 1}
    async with fake_kurento() as fake, linked(fake.uri, **quick) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.answers["processOffer"] = silent
        failures = []

        async def publish():
            with pytest.raises(UnreachableMediaServerError) as raised:
                await node.media.create_publisher(media, request(), loops_back=False)
            failures.append(raised.value.reason)

        with anyio.fail_after(0.4):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(publish)
                tasks.start_soon(publish)
        assert failures == ["it did not create what was asked within 0.1 s"] * 2
        await until(lambda: fake.elements == set())


async def test_a_caller_that_is_cancelled_leaves_nothing():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.answers["gatherCandidates"] = silent
        with anyio.move_on_after(0.1) as scope:
            await node.media.create_publisher(media, request(), loops_back=False)
        assert scope.cancelled_caught
        await until(lambda: fake.elements == set())


async def test_a_lost_link_fails_all_that_wait_at_once():
    slow = {"request_timeout": 30.0, "reconnect_delays": ((1000, 30.0),)}
    async with fake_kurento() as fake, linked(fake.uri, **slow) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.answers["processOffer"] = silent
        failures = []

        async def publish():
            with pytest.raises(UnreachableMediaServerError) as raised:
                await node.media.create_publisher(media, request(), loops_back=False)
            failures.append(raised.value)

        async with anyio.create_task_group() as tasks:
            for _ in range(20):  # more than are created at once
                tasks.start_soon(publish)
            await until(lambda: len(fake.asked("processOffer")) == 8)
            with anyio.fail_after(1):
                fake.cut()
                await until(lambda: len(failures) == 20)
        assert node.media.is_alive(media) is None
        with pytest.raises(UnreachableMediaServerError):
            await node.media.create_publisher(media, request(), loops_back=False)


async def test_a_node_that_hangs_fails_all_that_wait_and_others_go_on():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.hang()
        with anyio.fail_after(2), pytest.raises(UnreachableMediaServerError):
            await node.media.create_publisher(media, request(), loops_back=False)
        fake.wake()


async def test_releases_and_candidates_are_repeated_when_the_link_comes_back():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        endpoint = (await node.media.create_publisher(media, request(), loops_back=False)).id
        fake.answers = {"release": silent, "addIceCandidate": silent}
        node.media.add_candidate(media, endpoint, CANDIDATE)
        node.media.release(media, [endpoint])
        await until(lambda: fake.asked("release"))
        fake.cut()
        await until(lambda: not node.observer.is_connected())
        node.media.release(media, [media.pipeline])
        fake.answers.clear()
        await until(lambda: fake.pipelines == {} and not fake.elements)
        assert len(fake.asked("addIceCandidate")) == 2
        assert [each["params"]["object"] for each in fake.asked("release")] == [
            endpoint,
            endpoint,
            media.pipeline,
        ]
        assert node.log.lost == []


async def test_a_link_that_comes_back_to_the_same_process_finds_the_media_alive():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        assert node.media.is_alive(media) is True
        fake.cut()
        await until(lambda: node.media.is_alive(media) is None)
        await until(node.observer.is_connected)
        assert node.media.is_alive(media) is True
        await node.media.create_publisher(media, request(), loops_back=False)
        assert node.log.lost == []
        assert {each["params"]["object"] for each in fake.asked("unref")} == set()


async def test_media_are_lost_with_their_process_and_what_was_to_be_released_with_them():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.answers["release"] = silent
        node.media.release(media, [f"{media.pipeline}/x"])
        await until(lambda: fake.asked("release"))
        fake.answers.clear()
        await fake.restart()
        await until(lambda: node.log.lost == [media.pipeline])
        assert node.observer.is_connected()
        assert node.media.is_alive(media) is False
        with pytest.raises(MediaFailureError, match="media of this session have ended"):
            await node.media.create_publisher(media, request(), loops_back=False)
        node.media.release(media, [media.pipeline])
        node.media.add_candidate(media, f"{media.pipeline}/x", CANDIDATE)
        second = await node.media.create_pipeline(NODE, "ses_A")
        assert node.media.is_alive(second) is True
        assert node.session_ids() == ["ses_A"]
        assert len(fake.asked("release")) == 1
        assert fake.asked("addIceCandidate") == []


async def test_media_are_lost_with_the_session_that_keeps_them():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.sessions.clear()
        fake.cut()
        await until(lambda: node.log.lost == [media.pipeline])
        assert node.media.is_alive(media) is False


async def test_media_that_somebody_else_releases_are_lost():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        one = await node.media.create_pipeline(NODE, "ses_A")
        two = await node.media.create_pipeline(NODE, "ses_B")
        fake.destroy(one.pipeline)
        await until(lambda: node.log.lost == [one.pipeline])
        assert node.media.is_alive(one) is False
        assert node.media.is_alive(two) is True
        fake.subscriptions.clear()
        fake.destroy(two.pipeline)
        await node.links.list_sessions(NODE)
        assert node.log.lost == [one.pipeline, two.pipeline]


@pytest.mark.parametrize(
    "answer", [None, 5, "", "v=1", "v=0\x00", "v=0" + "x" * 33_000], ids=len_of
)
async def test_an_answer_that_is_no_session_description_is_refused(answer):
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.answers["processOffer"] = replying(answer)
        with pytest.raises(NoAnswerError):
            await node.media.create_publisher(media, request(), loops_back=False)
        await until(lambda: fake.elements == set())


@pytest.mark.parametrize("value", [None, 5, {}, "", "\x1b", "x" * 600, "a b"], ids=len_of)
async def test_ids_that_no_media_server_gives_are_refused(value):
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.answers["create"] = replying(value)
        with pytest.raises(UnreachableMediaServerError):
            await node.media.create_publisher(media, request(), loops_back=False)
        with pytest.raises(UnreachableMediaServerError):
            await node.media.create_pipeline(NODE, "ses_B")
        assert node.session_ids() == ["ses_A"]


async def test_nothing_can_be_created_on_a_node_that_is_not_linked():
    async with links() as (media_servers, observer):
        node = Node(media_servers, observer)
        with pytest.raises(UnreachableMediaServerError):
            await node.media.create_pipeline(NODE, "ses_A")


async def test_media_end_with_a_node_that_is_removed():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        await node.links.detach(NODE)
        assert fake.pipelines == {}
        assert node.media.is_alive(media) is None
        node.media.release(media, [media.pipeline])


async def test_media_outlive_this_server_and_the_next_one_resumes_them():
    async with fake_kurento() as fake:
        async with linked(fake.uri) as node:
            media = await node.media.create_pipeline(NODE, "ses_A")
            published = await node.media.create_publisher(media, request(), loops_back=False)
            created_at = node.sessions()[0].created_at
        assert list(fake.pipelines) == [media.pipeline]
        async with links() as (media_servers, observer):
            node = Node(media_servers, observer)
            node.media.resume(media, "ses_A", created_at)
            assert node.media.is_alive(media) is None
            await node.attach(fake.uri)
            assert node.media.is_alive(media) is True
            assert observer.session_ids() == node.session_ids() == ["ses_A"]
            assert node.sessions()[0].created_at == created_at
            fake.emit("MediaStateChanged", {}, published.id)
            await until(lambda: node.log.events)
            await node.media.create_subscriber(media, request(), published.pass_through)
            assert fake.asked("getName") == fake.asked("unref") == []
            assert node.log.lost == []


@pytest.mark.parametrize("has_restarted", [False, True])
async def test_media_that_ended_while_this_server_was_away_are_lost(has_restarted):
    async with fake_kurento() as fake:
        async with linked(fake.uri) as node:
            media = await node.media.create_pipeline(NODE, "ses_A")
            created_at = node.sessions()[0].created_at
        if has_restarted:
            await fake.restart()
        else:
            fake.destroy(media.pipeline)
        async with links() as (media_servers, observer):
            node = Node(media_servers, observer)
            node.media.resume(media, "ses_A", created_at)
            await node.attach(fake.uri)
            await until(lambda: node.log.lost == [media.pipeline])
            assert node.media.is_alive(media) is False
            assert observer.session_ids() == []


async def test_what_an_earlier_server_left_without_storing_it_ends():
    async with fake_kurento() as fake:
        async with linked(fake.uri) as node:
            media = await node.media.create_pipeline(NODE, "ses_A")
            created_at = node.sessions()[0].created_at
            unknown = await node.media.create_pipeline(NODE, "ses_B")
        async with links() as (media_servers, observer):
            node = Node(media_servers, observer)
            node.media.resume(media, "ses_A", created_at)
            node.links.attach(NODE, fake.uri, NodeDiagnostics())
            await until(lambda: unknown.pipeline not in fake.pipelines)
            await until(lambda: observer.session_ids() == ["ses_A"])


async def test_many_creations_at_once_are_done_in_turn():
    async with fake_kurento() as fake, linked(fake.uri, request_timeout=5.0) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        async with asyncio.TaskGroup() as tasks:
            for _ in range(50):
                tasks.create_task(node.media.create_publisher(media, request(), loops_back=False))
        assert len(fake.elements) == 100


def links_of(fake):
    """What was connected, in order: pairs of source and sink."""
    return [
        (each["params"]["object"], _sink(each))
        for each in fake.asked("connect")
        if "object" in each["params"]
    ]


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


async def test_a_publisher_that_cannot_be_replaced_is_connected_as_before():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        old = await node.media.create_publisher(media, request(), loops_back=True)
        before = links_of(fake)
        fake.answers["processOffer"] = error(40209)
        with pytest.raises(NoAnswerError):
            await node.media.replace_publisher(media, request(), old, loops_back=True)
        await until(lambda: fake.elements == {old.id, old.pass_through})
        assert links_of(fake)[-1] == before[0]


async def test_a_publisher_comes_to_a_pass_through_that_subscribers_wait_for():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        pass_through = await node.media.create_pass_through(media)
        empty = Endpoint("", pass_through)
        new = await node.media.replace_publisher(media, request(), empty, loops_back=False)
        assert links_of(fake) == [(new.id, pass_through)]
        assert fake.asked("release") == []


async def test_a_camera_plays_when_it_is_told_to():
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
        assert await invoke(media, element, "setElementProperty", {}) == {"value": ["\\x1b"]}
        await node.media.listen_to_filter(media, element, "CodeFound")
        await node.media.listen_to_filter(media, element, "CodeFound")
        fake.emit("CodeFound", {"value": "x"}, element)
        await until(lambda: node.log.types_of(element) == {"CodeFound"})
        await node.media.remove_filter(media, stream, element)
        assert links_of(fake)[3:] == [(stream.id, stream.pass_through)]
        await until(lambda: element not in fake.elements)


async def test_a_filter_that_cannot_be_connected_leaves_the_stream_as_it_was():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        stream = await node.media.create_publisher(media, request(), loops_back=False)
        fake.answers["connect"] = error(40110)
        with pytest.raises(MediaFailureError):
            await node.media.apply_filter(media, stream, "ZBarFilter", {})
        await until(lambda: fake.elements == {stream.id, stream.pass_through})
        assert links_of(fake)[-1] == (stream.id, stream.pass_through)


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
