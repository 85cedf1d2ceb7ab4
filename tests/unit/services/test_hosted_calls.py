"""What becomes of calls when their Media Node is removed, drained or crashes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from mediafleet.domain.call_errors import CallError, InvalidTokenError, NoMediaNodeError
from mediafleet.domain.calls import (
    CallMedia,
    Camera,
    ConnectionProperties,
    ConnectionType,
    SessionProperties,
)
from mediafleet.domain.entries import Mutation
from mediafleet.domain.errors import MediaNodeBusyError, MediaNodeNotFoundError
from mediafleet.domain.lifecycle import DeletionStrategy, Step
from mediafleet.domain.media_node import (
    SERVING_STATUSES,
    MediaNodeStatus,
    transition,
)
from mediafleet.domain.outcomes import entries_of_crash
from mediafleet.services.call_recovery import FIRST_RECONNECTION_S
from mediafleet.services.rooms import Notifier
from support.call_cluster import CLOCK, FIRST, SECOND, Cluster, cluster_in, opened
from support.call_media import CountedMedia
from support.factories import MOMENT

pytestmark = pytest.mark.anyio

S = MediaNodeStatus


def end_of_call(reason: str, connections: int, participants: int) -> list[str]:
    ends = ["webrtcConnectionDestroyed"] * connections + ["participantLeft"] * participants
    return sorted(f"{name} {reason}" for name in (*ends, "sessionDestroyed"))


class Browsers(Notifier):
    """Records whose sockets are closed so that they connect again."""

    def __init__(self) -> None:
        self.reconnected: list[str] = []
        self.all_reconnect = anyio.Event()

    def notify(self, rpc_session: str, method: str, params: Mapping[str, Any]) -> None:
        pass

    def evict(self, rpc_session: str) -> None:
        pass

    def reconnect(self, rpc_session: str) -> None:
        self.reconnected.append(rpc_session)
        if len(self.reconnected) == 3:
            self.all_reconnect.set()


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with opened() as cluster:
        yield cluster


async def test_a_removal_now_ends_calls_between_terminating_and_terminated(
    cluster: Cluster,
) -> None:
    await cluster.begin_call()
    before = len(await cluster.committed())
    assert cluster.calls.call("room").node_id == FIRST

    await cluster.removals.remove(FIRST, DeletionStrategy.NOW, wait=False)
    await cluster.reconcile(FIRST)

    first, *ends, last = (await cluster.committed())[before:]
    assert first == "mediaNodeStatusChanged terminating"
    assert sorted(ends) == end_of_call("mediaServerDisconnect", connections=3, participants=2)
    assert ends[-1] == "sessionDestroyed mediaServerDisconnect"
    assert last == "mediaNodeStatusChanged terminated"
    assert cluster.calls.all() == []
    assert cluster.media.objects == {}
    assert await cluster.store.load_calls() == ()


async def test_a_crash_ends_calls_and_names_them(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    await cluster.begin_call()
    before = len(await cluster.committed())

    cluster.lose(FIRST)
    await cluster.reconcile(FIRST)

    crashed, terminating, *ends, terminated = (await cluster.committed())[before:]
    assert crashed == "nodeCrashed "
    (event,) = (each for each in await cluster.store.events() if each.name == "nodeCrashed")
    assert event.payload["sessionIds"] == ["room"]
    (warning,) = caplog.records
    assert vars(warning).items() >= {"event": "nodeCrashed", "media_node_id": FIRST}.items()
    assert terminating == "mediaNodeStatusChanged terminating"
    assert sorted(ends) == end_of_call("nodeCrashed", connections=3, participants=2)
    assert terminated == "mediaNodeStatusChanged terminated"


async def test_calls_end_at_the_crash_of_a_node_that_is_never_given_up() -> None:
    async with opened(reconnection=None) as cluster:
        await cluster.begin_call()
        before = len(await cluster.committed())

        cluster.lose(FIRST)
        await cluster.reconcile(FIRST)

        crashed, *ends = (await cluster.committed())[before:]
        assert crashed == "nodeCrashed "
        assert sorted(ends) == end_of_call("nodeCrashed", connections=3, participants=2)
        assert cluster.state.existing(FIRST).node.status is S.RUNNING
        assert cluster.state.existing(FIRST).sessions == ()


async def test_with_failover_calls_move_at_the_crash_and_none_ends() -> None:
    async with opened(moves=True) as cluster:
        await cluster.begin_call()
        before = len(await cluster.committed())

        cluster.lose(FIRST)
        await cluster.reconcile(FIRST)

        assert (await cluster.committed())[before:] == [
            "nodeCrashed ",
            "mediaNodeStatusChanged terminating",
            "mediaNodeStatusChanged terminated",
        ]
        call = cluster.calls.call("room")
        assert call.node_id == SECOND
        assert len(call.active) == 2
        assert [session.id for session in cluster.state.existing(SECOND).sessions] == ["room"]


async def test_with_failover_calls_end_that_fit_on_no_other_node() -> None:
    async with opened(moves=True) as cluster:
        await cluster.begin_call()
        cluster.lose(SECOND)
        before = len(await cluster.committed())

        cluster.lose(FIRST)
        await cluster.reconcile(FIRST)

        _, _, *ends, _ = (await cluster.committed())[before:]
        assert sorted(ends) == end_of_call("nodeCrashed", connections=3, participants=2)


async def test_browsers_connect_again_some_time_after_the_crash_not_after_the_move() -> None:
    async with opened(moves=True) as cluster, anyio.create_task_group() as tasks:
        await cluster.begin_call("one")
        await cluster.begin_call("two", participants=1)
        cluster.rooms.notifier = browsers = Browsers()
        tasks.start_soon(cluster.recovery.run, lambda: None)
        await cluster.recovery.move_hosted(FIRST, ["one"])  # these wait longer

        cluster.lose(FIRST)
        since = CLOCK.monotonic() - FIRST_RECONNECTION_S
        cluster.state.record(FIRST, lambda member: replace(member, down_since=since))
        await cluster.reconcile(FIRST)

        with anyio.fail_after(1):
            await browsers.all_reconnect.wait()
        assert sorted(browsers.reconnected) == ["one-0", "one-1", "two-0"]
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("moves", [False, True])
async def test_calls_whose_process_was_replaced_go_on_and_their_streams_end_or_are_rebuilt(
    *, moves: bool
) -> None:
    async with opened(moves=moves) as cluster:
        await cluster.begin_call("old")
        before = len(await cluster.committed())
        connection = cluster.state.existing(FIRST).connection
        cluster.state.observe(FIRST, replace(connection, server_id="another"))
        cluster.media.server_ids[FIRST] = "another"
        await cluster.begin_call("new", participants=0)
        await cluster.join("new", "early")
        assert cluster.calls.call("new").node_id == FIRST

        await cluster.reconcile(FIRST)

        ends = [name for name in (await cluster.committed())[before:] if "Destroyed" in name]
        assert ends == ([] if moves else ["webrtcConnectionDestroyed mediaServerReconnect"] * 3)
        assert [call.id for call in cluster.calls.all()] == ["old", "new"]
        old = cluster.calls.call("old")
        assert len(old.active) == 2
        assert old.session.media is not None
        assert (old.node_id, old.session.media.server_id) == (FIRST, "another")
        assert any(each.stream for each in old.active) is moves
        assert cluster.calls.call("new").node_id == FIRST
        assert cluster.state.existing(FIRST).lost_calls == ()


async def test_calls_end_that_a_replaced_process_does_not_take(cluster: Cluster) -> None:
    await cluster.begin_call()
    before = len(await cluster.committed())
    connection = cluster.state.existing(FIRST).connection
    cluster.state.observe(FIRST, replace(connection, server_id="another"))
    cluster.media.unreachable.add(FIRST)

    await cluster.reconcile(FIRST)

    ends = (await cluster.committed())[before:]
    assert sorted(ends) == end_of_call("nodeCrashed", connections=3, participants=2)


@pytest.mark.parametrize("moves", [False, True])
async def test_cameras_are_published_again_when_their_media_are_renewed(*, moves: bool) -> None:
    async with opened(moves=moves) as cluster:
        await cluster.begin_call()
        camera = Camera("rtsp://192.0.2.1/live", only_play_with_subscribers=False)
        properties = ConnectionProperties(type=ConnectionType.IPCAM, camera=camera)
        made = await cluster.calls.create_connection("room", properties)
        connection = cluster.state.existing(FIRST).connection
        cluster.state.observe(FIRST, replace(connection, server_id="another"))
        cluster.media.server_ids[FIRST] = "another"

        await cluster.reconcile(FIRST)

        call = cluster.calls.call("room")
        stream = call.connections[made.id].stream
        assert stream is not None
        assert made.stream is not None
        assert stream.id == made.stream.id
        assert {stream.endpoint, stream.pass_through} <= set(cluster.media.objects)
        created = [each for each in await cluster.committed() if "webrtcConnectionCreated" in each]
        assert len(created) == (4 if moves else 5)


async def test_a_server_that_died_after_a_crash_was_stored_ends_the_calls_at_its_next_start() -> (
    None
):
    async with opened(reconnection=None) as cluster:
        await cluster.begin_call()
        cluster.lose(FIRST)
        for step in (Step.REPORT_CRASH, Step.GIVE_UP):
            member = cluster.state.existing(FIRST)
            await cluster.state.apply(*entries_of_crash(step, member, at=CLOCK.now()))
        before = len(await cluster.committed())

        after = cluster_in(cluster.store, cluster.media, moves=False)
        async with after.state.kept_in(cluster.store):
            after.recovery.load(after.state.loaded_calls)
            await after.reconcile(FIRST)

        *ends, terminated = (await cluster.committed())[before:]
        assert sorted(ends) == end_of_call("nodeCrashed", connections=3, participants=2)
        assert terminated == "mediaNodeStatusChanged terminated"


async def test_a_drain_that_moves_calls_ends_none() -> None:
    async with opened() as cluster:
        await cluster.begin_call("one")
        await cluster.begin_call("two", participants=1)
        assert {call.node_id for call in cluster.calls.all()} == {FIRST}
        before = len(await cluster.committed())
        node = cluster.state.existing(FIRST).node
        to = S.WAITING_IDLE_TO_TERMINATE
        moving = Mutation(*transition(node, to, at=MOMENT, moves_calls=True))

        cluster.lose(SECOND)
        await cluster.state.apply(moving)
        assert await cluster.reconcile(FIRST) == [1.0]
        assert {call.node_id for call in cluster.calls.all()} == {FIRST}

        cluster.media.unreachable.clear()
        connection = cluster.state.existing(SECOND).connection
        cluster.state.observe(SECOND, replace(connection, connected=True))
        await cluster.reconcile(FIRST)

        assert {call.node_id for call in cluster.calls.all()} == {SECOND}
        assert (await cluster.committed())[before:] == [
            "mediaNodeStatusChanged waiting-idle-to-terminate",
            "mediaNodeStatusChanged terminating",
            "mediaNodeStatusChanged terminated",
        ]


async def test_a_drain_outlives_the_server_and_moves_calls_at_its_next_start() -> None:
    async with opened() as cluster:
        await cluster.begin_call()
        node = cluster.state.existing(FIRST).node
        to = S.WAITING_IDLE_TO_TERMINATE
        await cluster.state.apply(Mutation(*transition(node, to, at=MOMENT, moves_calls=True)))

        after = cluster_in(cluster.store, cluster.media, moves=False)
        async with after.state.kept_in(cluster.store):
            after.recovery.load(after.state.loaded_calls)
            for node_id in (FIRST, SECOND):
                after.state.observe(node_id, cluster.state.existing(node_id).connection)
            await after.reconcile(FIRST)

            assert after.calls.call("room").node_id == SECOND
            assert len(after.calls.call("room").active) == 2
            assert after.state.member(FIRST) is None


async def test_a_quarantined_node_keeps_its_calls_and_takes_joins_to_them(
    cluster: Cluster,
) -> None:
    await cluster.begin_call()
    assert not await cluster.removals.remove(FIRST, DeletionStrategy.WHEN_NO_SESSIONS, wait=False)

    await cluster.join("room", "late")
    await cluster.begin_call("other", participants=1)
    await cluster.reconcile(FIRST)

    assert len(cluster.calls.call("room").active) == 3
    assert cluster.calls.call("room").node_id == FIRST
    assert cluster.calls.call("other").node_id == SECOND
    assert cluster.state.existing(FIRST).node.status is S.WAITING_IDLE_TO_TERMINATE

    await cluster.calls.close_session("room")
    await cluster.reconcile(FIRST)
    assert cluster.state.member(FIRST) is None


async def test_a_node_with_a_call_just_placed_is_not_removed(cluster: Cluster) -> None:
    """Its pipeline is not created yet, so the node itself lists no session."""
    await cluster.calls.create_session(SessionProperties(custom_session_id="room"))
    pending = await cluster.calls.create_connection("room", ConnectionProperties())
    refused = []

    async def remove(node_id: str, name: str) -> CallMedia:
        with pytest.raises(MediaNodeBusyError) as raised:
            await cluster.removals.remove(node_id, DeletionStrategy.IF_NO_SESSIONS, wait=False)
        refused.append(raised.value.sessions)
        return await CountedMedia.create_pipeline(cluster.media, node_id, name)

    cluster.media.create_pipeline = remove  # type: ignore[method-assign]
    await cluster.participants.join(
        "room", pending.token, rpc_session="a", platform="", metadata="", ip=""
    )

    assert refused == [1]
    assert cluster.calls.call("room").node_id == FIRST


async def test_a_join_whose_token_ends_meanwhile_leaves_no_node_taken(cluster: Cluster) -> None:
    await cluster.calls.create_session(SessionProperties(custom_session_id="room"))
    pending = await cluster.calls.create_connection("room", ConnectionProperties())

    async def disconnect(node_id: str, name: str) -> CallMedia:
        await cluster.calls.disconnect("room", pending.id)
        return await CountedMedia.create_pipeline(cluster.media, node_id, name)

    cluster.media.create_pipeline = disconnect  # type: ignore[method-assign]
    with pytest.raises(InvalidTokenError):
        await cluster.participants.join(
            "room", pending.token, rpc_session="a", platform="", metadata="", ip=""
        )

    assert cluster.calls.call("room").node_id is None


async def test_a_call_is_not_placed_on_a_node_that_a_removal_has_taken(cluster: Cluster) -> None:
    await cluster.removals.remove(FIRST, DeletionStrategy.IF_NO_SESSIONS, wait=False)
    await cluster.begin_call()
    assert cluster.calls.call("room").node_id == SECOND

    with pytest.raises(MediaNodeBusyError):
        await cluster.removals.remove(SECOND, DeletionStrategy.IF_NO_SESSIONS, wait=False)
    await cluster.removals.remove(SECOND, DeletionStrategy.WHEN_NO_SESSIONS, wait=False)
    with pytest.raises(NoMediaNodeError):
        await cluster.begin_call("late")


STRATEGIES = st.sampled_from([DeletionStrategy.IF_NO_SESSIONS, DeletionStrategy.WHEN_NO_SESSIONS])
ACTIONS = st.one_of(
    st.tuples(st.just("join"), st.sampled_from("abc"), st.integers(0, 9)),
    st.tuples(st.just("remove"), st.sampled_from([FIRST, SECOND]), STRATEGIES),
    st.tuples(st.just("leave"), st.sampled_from("abc"), st.none()),
)


async def act(cluster: Cluster, pause: int, kind: str, target: str, argument: Any) -> None:
    """Do something to a session or a node after a while, unless it is refused."""
    for _ in range(pause):
        await checkpoint()
    with suppress(CallError, MediaNodeBusyError, MediaNodeNotFoundError):
        if kind == "join":
            await cluster.join(target, f"{target}-{argument}-{pause}")
        elif kind == "remove":
            await cluster.removals.remove(target, argument, wait=False)
            await cluster.reconcile(target)
        elif active := cluster.calls.call(target).active:
            await cluster.calls.disconnect(target, active[0].id)


@settings(max_examples=40, deadline=None)
@given(
    actions=st.lists(st.tuples(st.integers(0, 6), ACTIONS), min_size=2, max_size=10),
)
async def test_no_race_of_joins_and_removals_takes_a_node_from_a_call(
    actions: list[tuple[int, tuple[str, str, Any]]],
) -> None:
    """No strategy here ends calls: a participant is there until it leaves."""
    async with opened() as cluster:
        for name in "abc":
            await cluster.calls.create_session(SessionProperties(custom_session_id=name))

        async with anyio.create_task_group() as racing:
            for pause, action in actions:
                racing.start_soon(act, cluster, pause, *action)

        await require_whole(cluster)


async def require_whole(cluster: Cluster) -> None:
    """Each call that somebody is in is on a node that serves, and none was ended by a removal."""
    active = [call for call in cluster.calls.all() if call.is_active]
    for call in active:
        member = cluster.state.existing(call.node_id or "")
        assert member.node.status in SERVING_STATUSES
        assert call.id in {session.id for session in member.sessions}
    hosted = {session.id for member in cluster.state.cluster for session in member.calls}
    assert hosted == {call.id for call in active}
    assert hosted == {call.id for call in await cluster.store.load_calls() if call.is_active}
    reasons = {event.payload.get("reason") for event in await cluster.store.events()}
    assert not reasons & {"mediaServerDisconnect", "nodeCrashed"}
