"""The media of calls on nodes that refuse, hang, die, come back or lie."""

from __future__ import annotations

import json

import anyio
import pytest

from mediafleet.domain.call_errors import MediaFailureError, NoAnswerError
from mediafleet.domain.diagnostics import NodeDiagnostics
from mediafleet.domain.errors import UnreachableMediaServerError
from support.fake_kurento import fake_kurento
from support.links import NODE, links, until
from support.media import (
    CANDIDATE,
    Node,
    error,
    linked,
    links_of,
    replying,
    request,
    silent,
)

pytestmark = pytest.mark.anyio

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
        assert node.is_alive(media) is None
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
        assert node.is_alive(media) is True
        fake.cut()
        await until(lambda: node.is_alive(media) is None)
        await until(node.observer.is_connected)
        assert node.is_alive(media) is True
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
        assert node.is_alive(media) is False
        with pytest.raises(MediaFailureError, match="media of this session have ended"):
            await node.media.create_publisher(media, request(), loops_back=False)
        node.media.release(media, [media.pipeline])
        node.media.add_candidate(media, f"{media.pipeline}/x", CANDIDATE)
        second = await node.media.create_pipeline(NODE, "ses_A")
        assert node.is_alive(second) is True
        assert node.session_ids() == ["ses_A"]
        assert len(fake.asked("release")) == 1
        assert fake.asked("addIceCandidate") == []


async def test_media_are_lost_with_the_session_that_keeps_them():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.sessions.clear()
        fake.cut()
        await until(lambda: node.log.lost == [media.pipeline])
        assert node.is_alive(media) is False


async def test_media_that_somebody_else_releases_are_lost():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        one = await node.media.create_pipeline(NODE, "ses_A")
        two = await node.media.create_pipeline(NODE, "ses_B")
        fake.destroy(one.pipeline)
        await until(lambda: node.log.lost == [one.pipeline])
        assert node.is_alive(one) is False
        assert node.is_alive(two) is True
        fake.subscriptions.clear()
        fake.destroy(two.pipeline)
        await node.links.list_sessions(NODE)
        assert node.log.lost == [one.pipeline, two.pipeline]


@pytest.mark.parametrize("answer", [None, 5, "", "v=1", "v=0\x00", "v=0" + "x" * 33_000], ids=ascii)
async def test_an_answer_that_is_no_session_description_is_refused(answer):
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.answers["processOffer"] = replying(answer)
        with pytest.raises(NoAnswerError):
            await node.media.create_publisher(media, request(), loops_back=False)
        await until(lambda: fake.elements == set())


@pytest.mark.parametrize("value", [None, 5, {}, "", "\x1b", "x" * 600, "a b"], ids=ascii)
async def test_ids_that_no_media_server_gives_are_refused(value):
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.answers["create"] = replying(value)
        with pytest.raises(UnreachableMediaServerError):
            await node.media.create_publisher(media, request(), loops_back=False)
        with pytest.raises(UnreachableMediaServerError):
            await node.media.create_pipeline(NODE, "ses_B")
        assert node.session_ids() == ["ses_A"]


async def test_media_end_with_a_node_that_is_removed():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        await node.links.detach(NODE)
        assert fake.pipelines == {}
        assert node.is_alive(media) is None
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
            assert node.is_alive(media) is None
            await node.attach(fake.uri)
            assert node.is_alive(media) is True
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
            assert node.is_alive(media) is False
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


async def test_a_filter_that_cannot_be_connected_leaves_the_stream_as_it_was():
    async with fake_kurento() as fake, linked(fake.uri) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        stream = await node.media.create_publisher(media, request(), loops_back=False)
        fake.answers["connect"] = error(40110)
        with pytest.raises(MediaFailureError):
            await node.media.apply_filter(media, stream, "ZBarFilter", {})
        await until(lambda: fake.elements == {stream.id, stream.pass_through})
        assert links_of(fake)[-1] == (stream.id, stream.pass_through)


async def test_what_waits_for_a_node_is_bounded_and_the_oldest_is_dropped():
    few = {"max_background_requests": 3, "concurrent_background_requests": 2}
    async with fake_kurento() as fake, linked(fake.uri, **few) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        fake.answers["release"] = silent
        ids = [f"{media.pipeline}/{number}" for number in range(7)]
        node.media.release(media, ids)
        await until(lambda: len(fake.asked("release")) == 2)
        fake.answers.clear()
        fake.cut()
        await until(lambda: len(fake.asked("release")) == 2 + 5)
        asked = [each["params"]["object"] for each in fake.asked("release")]
        assert asked == [*ids[:2], *ids[:2], *ids[4:]]


async def test_a_node_with_too_many_unanswered_requests_gets_no_more():
    async with fake_kurento() as fake, linked(fake.uri, max_waiting_calls=10) as node:
        media = await node.media.create_pipeline(NODE, "ses_A")
        with pytest.raises(UnreachableMediaServerError, match="too many unanswered requests"):
            await node.media.create_publisher(media, request(), loops_back=False)
        await until(lambda: fake.elements == set())
