"""What every store must do with the sessions of calls and their connections."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from mediafleet.domain.calls import (
    Camera,
    ConnectionProperties,
    ConnectionType,
    Filter,
    IceServer,
    KurentoOptions,
    MediaOptions,
    RecordingProperties,
    Role,
    SessionProperties,
    Stream,
    Subscription,
)
from mediafleet.domain.errors import StaleMediaNodeError
from mediafleet.domain.media_node import MediaNodeStatus
from support.store_cases import AT, added, connection_of, kept, moved, noted, session_of

pytestmark = pytest.mark.anyio

LATER = AT + timedelta(seconds=61, microseconds=1)
FULL = connection_of(
    "con_full",
    seconds=1,
    properties=ConnectionProperties(
        role=Role.MODERATOR,
        data='{"name": "Zoë \\u0000 «☃»"}',
        record=False,
        kurento_options=KurentoOptions(0, None, 500, 100, ("FaceOverlayFilter",)),
        custom_ice_servers=(IceServer("turn:10.0.0.1", "user", "password"), IceServer("stun:a")),
    ),
    active_at=LATER,
    rpc_session="rpc-1",
    platform="Chrome 156",
    client_data="\x00 and 'quotes'",
    ip="192.0.2.7",
    stream=Stream(
        "str_CAM_Abcd_con_full",
        LATER,
        MediaOptions(frame_rate=30, video_dimensions='{"width":640,"height":480}'),
        "endpoint-1",
        "pass-through-1",
        loops_back=True,
        filter=Filter("GStreamerFilter", "{}", "filter-1", ("method", "{}"), (("con_b", "Code"),)),
    ),
    subscriptions={
        "str_b": Subscription("str_b", "con_b", LATER, "endpoint-2"),
        "str_a": Subscription("str_a", "con_a", LATER, "endpoint-3"),
    },
)
CAMERA = connection_of(
    "ipc_camera",
    seconds=2,
    properties=ConnectionProperties(
        type=ConnectionType.IPCAM, camera=Camera("rtsp://10.0.0.9/stream", network_cache=0)
    ),
)
PROPERTIES = SessionProperties(
    recording=RecordingProperties(resolution="1280x720"), custom_session_id="room", media_node="x"
)


async def test_a_call_comes_back_as_it_was_saved(case, tasks):
    session = session_of("room", "kms_1", properties=PROPERTIES)
    async with case.opened(tasks) as store:
        assert await store.load_calls() == ()
        await store.commit([kept("room", session), kept("room", FULL), kept("room", CAMERA)])
    async with case.opened(tasks) as store:
        (call,) = await store.load_calls()

    assert call.session == session
    assert dict(call.connections) == {"con_full": FULL, "ipc_camera": CAMERA}
    assert list(call.connections["con_full"].subscriptions) == ["str_b", "str_a"]


async def test_calls_load_in_the_order_of_their_creation(store):
    second = replace(session_of("a"), created_at=AT + timedelta(microseconds=1))
    connections = [connection_of(f"con_{name}", seconds=n / 1e6) for n, name in enumerate("cab")]
    await store.commit([kept("a", second), kept("z", session_of("z"))])
    for connection in reversed(connections):
        await store.commit([kept("z", connection)])
    await store.commit([kept("z", replace(connections[0], active_at=AT))])

    first, last = await store.load_calls()
    assert (first.id, last.id) == ("z", "a")
    assert list(first.connections) == ["con_c", "con_a", "con_b"]
    assert [each.id for each in first.active] == ["con_c"]


async def test_a_later_record_takes_the_place_of_the_one_before(store):
    connection = connection_of("con_1")
    joined = replace(connection, active_at=LATER, subscriptions=MappingProxyType({}))
    placed = session_of("room", "kms_1")
    await store.commit([kept("room", session_of("room")), kept("room", connection)])

    await store.commit([kept("room", placed), kept("room", connection), kept("room", joined)])

    (call,) = await store.load_calls()
    assert call.session == placed
    assert dict(call.connections) == {"con_1": replace(joined, subscriptions={})}


async def test_a_connection_is_deleted_alone_and_a_session_with_its_connections(store):
    for session in ("one", "two"):
        await store.commit([kept(session, session_of(session))])
        await store.commit([kept(session, connection_of(f"con_{n}")) for n in range(2)])

    await store.commit([kept("one", None, of="con_0"), kept("two", None)])
    await store.commit([kept("one", None, of="con_unknown"), kept("unknown", None)])

    (call,) = await store.load_calls()
    assert (call.id, list(call.connections)) == ("one", ["con_1"])


async def test_records_of_calls_leave_no_gap_between_events(store):
    node = added("kms_1")
    committed = await store.commit(
        [kept("room", session_of("room")), node, kept("room", FULL), noted(node.node)]
    )
    assert await store.commit([kept("room", CAMERA)]) == ()
    committed += await store.commit([moved(node.node, MediaNodeStatus.RUNNING)])

    assert [event.sequence for event in committed] == [1, 2, 3]
    assert committed == await store.events()
    assert store.newest_event == 3
    assert [list(call.connections) for call in await store.load_calls()] == [
        ["con_full", "ipc_camera"]
    ]


async def test_calls_and_events_are_saved_all_or_none(store):
    known = added("kms_1")
    await store.commit([known, kept("room", session_of("room"))])

    with pytest.raises(StaleMediaNodeError):
        await store.commit(
            [noted(known.node), kept("room", None), kept("new", session_of("new")), known]
        )

    assert [call.id for call in await store.load_calls()] == ["room"]
    assert len(await store.events()) == 1


async def test_records_are_there_after_a_commit_of_records_alone(case, tasks):
    async with case.opened(tasks) as store:
        await store.commit([added("kms_1")])
        await store.commit([kept("room", session_of("room"))])
    async with case.opened(tasks) as store:
        assert [call.id for call in await store.load_calls()] == ["room"]
        await store.commit([kept("room", None)])
        await store.commit([added("kms_2")])
        assert [event.sequence for event in await store.events()] == [1, 2]
        assert await store.load_calls() == ()
