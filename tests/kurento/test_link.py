"""One link to one media server: how it comes up, what it reports, how it survives."""

from __future__ import annotations

import json
import logging

import anyio
import pytest

from mediafleet.domain.diagnostics import NodeDiagnostics
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.heartbeat import HeartbeatSettings
from mediafleet.kurento.websocket import FLOODED
from support.fake_kurento import fake_kurento
from support.links import NODE, Observer, links, make_media_servers, until

pytestmark = pytest.mark.anyio


async def test_a_link_is_reported_once_it_subscribed_and_listed_the_sessions():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.create("room-1")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)

        first = observer.reports[NODE][0]
        assert first.connected
        assert first.server_id == fake.server_id
        assert first.connection_time is not None
        assert first.disconnection_time is None
        assert [session.id for session in first.sessions] == ["room-1"]
        methods = [
            request["params"].get("operation", request["method"]) for request in fake.requests
        ]
        assert methods[:4] == ["connect", "subscribe", "subscribe", "getPipelines"]


async def test_every_request_is_a_call_with_its_own_id_and_the_session_spelled_out():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.create()
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: len(fake.asked("ping")) > 1)
        fake.cut()
        await until(lambda: not observer.is_connected())
        await until(observer.is_connected)
        await media_servers.detach(NODE)

    ids = [request["id"] for request in fake.requests]
    assert len(ids) == len(set(ids))
    assert all(isinstance(request["params"], dict) for request in fake.requests)
    unbound = [r["method"] for r in fake.requests if "sessionId" not in r["params"]]
    assert set(unbound) == {"connect"}


async def test_sessions_come_and_go_with_events():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        object_id = fake.create("room")
        await until(lambda: observer.session_ids() == ["room"])
        (session,) = observer.last().sessions
        assert session.object_id == object_id
        assert session.created_at.timestamp() == pytest.approx(1795383333.459)
        fake.destroy(object_id)
        await until(lambda: observer.session_ids() == [])
        assert observer.ids_ever() == ["room"]


async def test_a_name_that_is_set_late_or_changed_is_seen_and_the_id_stays():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        late, renamed = fake.create(), fake.create("first")
        ids = sorted([late, "first"])
        await until(lambda: observer.session_ids() == ids)
        asked = len(fake.asked("getName"))
        await until(lambda: len(fake.asked("getName")) > asked + 4)
        fake.pipelines[late] = "late"
        fake.pipelines[renamed] = "second"
        await until(lambda: observer.names() == ["late", "second"])
        fake.pipelines[late] = "later"
        fake.pipelines[renamed] = renamed  # as an empty name resets it
        await until(lambda: observer.names() == ["later"])
        fake.cut()
        await until(lambda: not observer.is_connected())
        await until(observer.is_connected)
        assert observer.ids_ever() == observer.session_ids() == ids


async def test_a_shared_name_is_the_id_of_one_and_a_rename_of_either_is_seen():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        older = fake.create("shared")
        await until(lambda: observer.session_ids() == ["shared"])
        younger = fake.create("shared")
        ids = sorted(["shared", younger])
        await until(lambda: observer.session_ids() == ids)
        assert observer.names() == ["shared", "shared"]
        fake.pipelines[younger] = "other"
        await until(lambda: observer.names() == ["other", "shared"])
        fake.pipelines[older] = "elder"
        await until(lambda: observer.names() == ["elder", "other"])
        fake.destroy(older)
        third = fake.create("shared")
        await until(lambda: observer.names() == ["other", "shared"])
        assert observer.session_ids() == sorted(["shared", younger])
        assert {s.object_id for s in observer.last().sessions} == {younger, third}


async def test_a_session_that_ends_before_its_name_is_known_is_never_reported():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        fake.answers["getName"] = lambda _: None
        for _ in range(3):
            fake.destroy(fake.create("short"))
        brief = fake.create("brief")
        await until(lambda: fake.asked("getName"))
        fake.cut()
        await until(lambda: not observer.is_connected())
        assert observer.ids_ever() == []
        fake.answers.clear()
        await until(lambda: observer.session_ids() == ["brief"])
        assert observer.ids_ever() == ["brief"]
        assert brief in fake.pipelines


async def test_a_session_without_a_name_is_shown_under_its_object_id():
    async with (
        fake_kurento() as fake,
        links(request_timeout=0.2, heartbeat=HeartbeatSettings(interval=30)) as (
            media_servers,
            observer,
        ),
    ):
        fake.answers["getName"] = lambda _: None
        created = fake.create("mute")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: observer.session_ids() == [created])
        assert observer.ids_ever() == [created]


@pytest.mark.parametrize(
    "bound",
    [
        {"name_queries_per_second": 20},
        {"shared_name_queries_per_second": 10},
        {"name_interval": 20.0},
    ],
    ids=str,
)
async def test_how_often_names_are_asked_again_is_bounded(bound):
    settings = {
        "name_interval": 0.01,
        "name_queries_per_second": 1000,
        "heartbeat": HeartbeatSettings(interval=30),
    }
    async with fake_kurento() as fake, links(**{**settings, **bound}) as (media_servers, observer):
        for number in range(200):
            fake.create(f"room-{number}")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: len(observer.session_ids()) == 200)
        asked, began = len(fake.asked("getName")), anyio.current_time()
        await until(lambda: len(fake.asked("getName")) >= asked + 15)
        renewed, passed = len(fake.asked("getName")) - asked, anyio.current_time() - began
        assert renewed <= 10 + 20 * passed + 1


async def test_watching_holds_no_pipeline():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        before = fake.create("before")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        after = fake.create("after")
        await until(lambda: observer.session_ids() == ["after", "before"])
        await until(lambda: len(fake.asked("unref")) >= 2)
        await until(lambda: fake.references[before] == fake.references[after] == {"application"})

        fake.drop_reference(before, "application")
        fake.drop_reference(after, "application")
        await until(lambda: observer.session_ids() == [])


async def test_a_destruction_between_listing_and_answer_counts():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.create("stays")
        goes = fake.create("goes")

        def overtake(request):
            listed = sorted(fake.pipelines)
            fake.destroy(goes)
            fake.create("comes")
            del fake.answers["getPipelines"]
            return json.dumps({"id": request["id"], "jsonrpc": "2.0", "result": {"value": listed}})

        fake.answers["getPipelines"] = overtake
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        await until(lambda: observer.session_ids() == ["comes", "stays"])


async def test_elements_and_foreign_events_are_no_sessions():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        pipeline = fake.create("room")
        fake.emit("ObjectCreated", {"object": f"{pipeline}/x_kurento.PassThrough"})
        fake.emit("ObjectCreated", {"object": f"{pipeline}/x_kurento.MediaPipeline"})
        fake.emit("ObjectCreated", {"object": 5})
        fake.emit("ObjectCreated", {})
        fake.emit("ObjectDestroyed", {"objectId": [pipeline]})
        fake.create("last")
        await until(lambda: observer.session_ids() == ["last", "room"])


async def test_a_lost_link_keeps_its_sessions_and_resyncs_with_the_same_session_id():
    async with fake_kurento() as fake, links(load_interval=60) as (media_servers, observer):
        kept, gone = fake.create("kept"), fake.create("gone")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        first = observer.last()

        fake.cut()
        await until(lambda: not observer.is_connected())
        lost = observer.last()
        assert lost.disconnection_time is not None
        assert lost.connection_time == first.connection_time
        assert lost.load is None
        assert observer.session_ids() == ["gone", "kept"]

        fake.destroy(gone)
        fake.create("new")
        await until(observer.is_connected)
        again = observer.last()
        assert again.disconnection_time is None
        assert again.connection_time > first.connection_time
        await until(lambda: observer.session_ids() == ["kept", "new"])
        assert {s.object_id: s for s in first.sessions}[kept] in observer.last().sessions

        sessions = {r["params"].get("sessionId") for r in fake.asked("subscribe")}
        assert len(sessions) == 1
        assert len(fake.asked("subscribe")) == 2, "subscriptions outlive the connection"
        assert fake.asked("connect")[-1]["params"].get("sessionId") in sessions


async def test_a_new_process_begins_with_an_empty_cache():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.create("old")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        old = observer.last().server_id
        await fake.restart()
        fake.create("new")
        await until(lambda: observer.is_connected() and observer.last().server_id != old)
        assert observer.last().server_id == fake.server_id
        assert observer.session_ids() == ["new"]


async def test_a_session_the_server_forgot_is_made_anew():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.create("room")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        fake.sessions.clear()
        fake.subscriptions.clear()
        fake.cut()
        await until(lambda: not observer.is_connected())
        await until(observer.is_connected)
        assert observer.session_ids() == ["room"]
        assert len(fake.asked("subscribe")) == 4
        fake.create("next")
        await until(lambda: observer.session_ids() == ["next", "room"])


async def test_a_reference_that_the_loss_of_the_link_left_behind_is_given_back():
    async with fake_kurento() as fake, links(settle_timeout=0.1) as (media_servers, observer):
        room = fake.create("room")
        fake.answers["unref"] = lambda _: fake.cut()
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: len(fake.asked("unref")) == 1)
        assert len(fake.references[room]) == 2
        del fake.answers["unref"]
        await until(observer.is_connected)
        await until(lambda: fake.references[room] == {"application"})


async def test_a_server_that_hangs_is_lost_and_found_again():
    async with fake_kurento() as fake, links(request_timeout=0.3) as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        fake.hang()
        await until(lambda: not observer.is_connected())
        fake.wake()
        await until(observer.is_connected)


async def test_late_answers_and_odd_frames_change_nothing():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        reports = len(observer.reports[NODE])
        for frame in (
            "",
            "no json",
            "[]",
            "null",
            "1e+9999",
            '{"id":1,"result":{"value":1}}',
            '{"id":null,"error":{"code":-32600,"message":"x"}}',
            '{"jsonrpc":"2.0","method":"onEvent"}',
            '{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"type":5,"data":null}}}',
            "[" * 5000,
            b"\xff\xfe",
        ):
            fake.send_raw(frame)
        fake.create("still-there")
        await until(lambda: observer.session_ids() == ["still-there"])
        assert all(report.connected for report in observer.reports[NODE][reports:])


async def test_attach_is_idempotent_and_works_before_the_links_run():
    observer = Observer()
    media_servers = make_media_servers(observer)
    async with fake_kurento() as fake, anyio.create_task_group() as tasks:
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        media_servers.attach(NODE, "ws://127.0.0.1:1/other", NodeDiagnostics())
        await tasks.start(media_servers.run)
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        tasks.cancel_scope.cancel()


async def test_links_run_again_after_they_were_stopped():
    observer = Observer()
    media_servers = make_media_servers(observer)
    async with fake_kurento() as fake:
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        for _ in range(2):
            seen = len(observer.reports.get(NODE, []))
            async with anyio.create_task_group() as tasks:
                await tasks.start(media_servers.run)
                await until(
                    lambda seen=seen: (
                        len(observer.reports.get(NODE, [])) > seen and observer.is_connected()
                    )
                )
                tasks.cancel_scope.cancel()
            await until(lambda: not fake.connections)
        assert not fake.sessions


async def test_detach_ends_the_session_and_nothing_is_count_after_it():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.create("room")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        await media_servers.detach(NODE)
        count = len(observer.reports[NODE])
        assert fake.requests[-1]["method"] == "closeSession"
        await until(lambda: not fake.connections)
        fake.create("unseen")
        connections = fake.connection_count
        await anyio.sleep(0.3)
        assert len(observer.reports[NODE]) == count
        assert fake.connection_count == connections
        with pytest.raises(UnreachableMediaServerError, match="not connected"):
            await media_servers.list_sessions(NODE)


async def test_detach_does_not_wait_for_a_server_that_hangs():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        fake.hang()
        with anyio.fail_after(1):
            await media_servers.detach(NODE)
        fake.wake()


async def test_detach_while_dialling_leaves_no_connection():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.hang()
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: fake.requests)
        await media_servers.detach(NODE)
        fake.wake()
        await until(lambda: not fake.connections)
        assert NODE not in observer.reports


async def test_stopping_disconnects_from_every_server_and_leaves_nothing_on_it():
    async with fake_kurento() as fake:
        async with links() as (media_servers, observer):
            for number in range(20):
                media_servers.attach(f"kms_{number}", fake.uri, NodeDiagnostics())
            await until(lambda: len(observer.reports) == 20)
        assert not fake.sessions
        assert not any(fake.references.values())
        await until(lambda: not fake.connections)


async def test_an_outage_is_one_line_in_the_log_however_often_it_is_tried(caplog):
    caplog.set_level(logging.INFO, "mediafleet")
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        await fake.stop()
        await until(lambda: not observer.is_connected())
        await anyio.sleep(0.5)
        await fake.start()
        await until(observer.is_connected)
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["media server connected", "media server lost", "media server connected"]
    lost = caplog.records[1]
    assert lost.media_node_id == NODE
    assert lost.reason == "the connection was cut"


LITTLE_TRAFFIC = {"node_rate": 2000, "shared_rate": 20_000, "shared_burst": 20_000}


@pytest.mark.parametrize("frame", ["", "x" * 3000, "[" * 3000], ids=["empty", "long", "nested"])
async def test_a_node_that_floods_is_cut_off_and_disturbs_no_other(frame):
    async with (
        fake_kurento() as fake,
        fake_kurento() as calm,
        links(
            **LITTLE_TRAFFIC,
            node_burst=5000,
            flood_timeout=0.2,
            reconnect_delay=0.3,
            heartbeat=HeartbeatSettings(interval=30),
        ) as (
            media_servers,
            observer,
        ),
    ):
        diagnostics = NodeDiagnostics()
        media_servers.attach(NODE, fake.uri, diagnostics)
        media_servers.attach("kms_B", calm.uri, NodeDiagnostics())
        await until(observer.is_connected)
        await until(lambda: observer.is_connected("kms_B"))
        while observer.is_connected():
            for _ in range(50):
                fake.send_raw(frame)
            await anyio.sleep(0.005)
        lost = diagnostics.snapshot(lag=0, stalls=0).decisions[-1]
        assert lost.reason == FLOODED
        calm.create("room")
        await until(lambda: observer.session_ids("kms_B") == ["room"])
        assert all(report.connected for report in observer.reports["kms_B"])
        await until(observer.is_connected)


async def test_a_burst_within_the_bounds_is_read_whole_and_ends_no_link():
    async with (
        fake_kurento() as fake,
        links(heartbeat=HeartbeatSettings()) as (media_servers, observer),
    ):
        listed = [fake.create(f"listed-{number}") for number in range(2000)]
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        assert len(await media_servers.list_sessions(NODE)) == 2000
        for object_id in listed[1:]:
            fake.destroy(object_id)
        for number in range(5000):
            fake.emit("ObjectCreated", {"object": f"{listed[0]}/{number}_kurento.PassThrough"})
        await until(lambda: observer.session_ids() in ([listed[0]], ["listed-0"]), within=20)
        assert all(report.connected for report in observer.reports[NODE])


async def test_the_cache_of_one_node_is_bounded():
    async with fake_kurento() as fake, links(max_sessions_per_node=5) as (media_servers, observer):
        for _ in range(10):
            fake.create()
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        fake.create("one-more")
        assert len(await media_servers.list_sessions(NODE)) == 5


async def test_a_busy_node_is_reported_in_bunches():
    async with fake_kurento() as fake, links(publish_interval=0.3) as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        reports = len(observer.reports[NODE])
        names = [f"room-{number:03}" for number in range(200)]
        for name in names:
            fake.create(name)
        await until(lambda: observer.session_ids() == names)
        assert len(observer.reports[NODE]) - reports < 20


async def test_names_that_cannot_be_ids_are_not_taken():
    hostile = ["a b", "x" * 129, "\x1b[31mred", "naïve", "../etc", "", "a.b", "\ud800"]
    async with fake_kurento() as fake, links() as (media_servers, observer):
        ids = [fake.create(name) for name in hostile]
        same_named = [fake.create("shared"), fake.create("shared")]
        good = fake.create("good")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        await until(lambda: len(observer.session_ids()) == len(ids) + 3)
        (shown,) = set(same_named) & set(observer.session_ids())
        assert observer.session_ids() == sorted([*ids, shown, "shared", "good"])
        fake.destroy(good)
        await until(lambda: "good" not in observer.session_ids())


async def test_hostile_object_ids_are_replaced():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        hostile = "\x1b[2J\r\n" + "y" * 200 + "_kurento.MediaPipeline"
        fake.create("n", object_id=hostile)
        unsayable = "z" * 5000 + "_kurento.MediaPipeline"
        fake.create(object_id=unsayable)
        fake.pipelines[hostile] = "not a name"
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        (session,) = observer.last().sessions
        assert session.id == session.object_id
        assert session.id.startswith("pipeline.")
        assert len(session.id) < 60
        await media_servers.release_sessions(NODE, [session])
        assert hostile not in fake.pipelines
