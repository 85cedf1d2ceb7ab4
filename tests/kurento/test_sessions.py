"""Requests to one node: its sessions, their end, its version and memory."""

from __future__ import annotations

import anyio
import pytest

from mediafleet.domain.diagnostics import NodeDiagnostics
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.heartbeat import HeartbeatSettings
from mediafleet.domain.ports import ServerInfo, ServerModule
from support.fake_kurento import SUFFIX, fake_kurento
from support.links import NODE, links, until

pytestmark = pytest.mark.anyio


async def test_a_list_comes_from_the_node_and_updates_the_cache():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        gone = fake.create("gone")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: observer.session_ids() == ["gone"])
        del fake.pipelines[gone]
        unseen = f"unseen{SUFFIX}"
        fake.pipelines[unseen] = "unseen"
        fake.created_at[unseen] = 1795383333
        fake.references[unseen].add("application")
        sessions = await media_servers.list_sessions(NODE)
        assert [session.object_id for session in sessions] == [unseen]
        await until(lambda: observer.session_ids() == ["unseen"])


async def test_a_session_that_is_listed_before_its_name_is_known_is_counted_and_keeps_its_id():
    async with (
        fake_kurento() as fake,
        links(settle_timeout=0.02, name_interval=0.1, heartbeat=HeartbeatSettings(interval=30)) as (
            media_servers,
            observer,
        ),
    ):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        fake.answers["getName"] = lambda _: None
        created = fake.create("room")
        (session,) = await media_servers.list_sessions(NODE)
        assert (session.id, session.name) == (created, None)
        fake.answers.clear()
        await until(lambda: observer.names() == ["room"])
        assert observer.ids_ever() == [created]


async def test_a_list_waits_for_the_names_of_new_sessions():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        for number in range(50):
            fake.create(f"room-{number:02}")
        listed = await media_servers.list_sessions(NODE)
        assert sorted(session.id for session in listed) == [f"room-{n:02}" for n in range(50)]
        await until(lambda: len(observer.session_ids()) == 50)
        assert observer.ids_ever() == observer.session_ids()


async def test_a_list_of_a_node_that_is_not_connected_is_an_error():
    async with links() as (media_servers, _):
        with pytest.raises(UnreachableMediaServerError, match="not connected"):
            await media_servers.list_sessions("kms_unknown")
        media_servers.attach(NODE, "ws://127.0.0.1:1/kurento", NodeDiagnostics())
        with pytest.raises(UnreachableMediaServerError, match="not connected"):
            await media_servers.list_sessions(NODE)


@pytest.mark.parametrize("answer", ["null", '"x"', "{}", "7"])
async def test_a_list_that_is_none_is_an_error(answer):
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        fake.answers["getPipelines"] = lambda r: f'{{"id":{r["id"]},"result":{{"value":{answer}}}}}'
        with pytest.raises(UnreachableMediaServerError):
            await media_servers.list_sessions(NODE)


async def test_odd_members_of_a_list_are_passed_over():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.create(object_id=f"a{SUFFIX}")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        fake.answers["getPipelines"] = lambda r: (
            f'{{"id":{r["id"]},"result":{{"value":[1,null,"","x",[],{{}},"a{SUFFIX}",'
            f'"a{SUFFIX}","b/c{SUFFIX}"]}}}}'
        )
        (session,) = await media_servers.list_sessions(NODE)
        assert session.object_id == f"a{SUFFIX}"


async def test_a_list_that_is_not_answered_is_an_error_in_time():
    async with (
        fake_kurento() as fake,
        links(heartbeat=HeartbeatSettings(interval=30)) as (media_servers, observer),
    ):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        fake.answers["getPipelines"] = lambda _: None
        with (
            anyio.fail_after(2),
            pytest.raises(UnreachableMediaServerError, match="does not answer"),
        ):
            await media_servers.list_sessions(NODE)


async def test_releasing_ends_those_sessions_and_no_others():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        for number in range(120):
            fake.create(f"room-{number}")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: len(observer.session_ids()) == 120)
        sessions = await media_servers.list_sessions(NODE)
        spared = fake.create("late")
        await media_servers.release_sessions(NODE, [*sessions[1:], *sessions[-1:]])
        assert set(fake.pipelines) == {sessions[0].object_id, spared}
        assert len(fake.asked("release")) == 119


async def test_a_release_that_is_not_answered_is_an_error_in_time():
    async with (
        fake_kurento() as fake,
        links(heartbeat=HeartbeatSettings(interval=30)) as (media_servers, observer),
    ):
        for number in range(120):
            fake.create(f"room-{number}")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        sessions = await media_servers.list_sessions(NODE)
        fake.answers["release"] = lambda _: None
        with anyio.fail_after(1), pytest.raises(UnreachableMediaServerError, match="not answer"):
            await media_servers.release_sessions(NODE, sessions)
        assert len(fake.asked("release")) == 50


async def test_releases_that_take_too_long_are_an_error_in_time():
    async with (
        fake_kurento() as fake,
        links(release_timeout=0.1, heartbeat=HeartbeatSettings(interval=30)) as (
            media_servers,
            observer,
        ),
    ):
        fake.create("room")
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        sessions = await media_servers.list_sessions(NODE)
        fake.answers["release"] = lambda _: None
        with anyio.fail_after(0.4), pytest.raises(UnreachableMediaServerError, match="did not end"):
            await media_servers.release_sessions(NODE, sessions)


async def test_a_server_describes_itself():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        assert await media_servers.describe(NODE) == ServerInfo(
            version="7.3.0",
            capabilities=("transactions",),
            memory=50,
            modules=(ServerModule("core", "7.3.0", "Nov 22 2026 21:26:07", ("MediaPipeline",)),),
        )


async def test_a_server_that_does_not_describe_itself_in_time_has_no_description():
    async with (
        fake_kurento() as fake,
        links(heartbeat=HeartbeatSettings(interval=30)) as (media_servers, observer),
    ):
        assert await media_servers.describe(NODE) is None
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(observer.is_connected)
        fake.answers["getUsedMemory"] = lambda _: None
        with anyio.fail_after(2):
            assert await media_servers.describe(NODE) is None
        fake.answers["getInfo"] = lambda r: f'{{"id":{r["id"]},"error":{{"code":40008}}}}'
        assert await media_servers.describe(NODE) is None
