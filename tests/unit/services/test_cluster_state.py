from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediafleet.domain.calls import CallMedia
from mediafleet.domain.cluster import MAX_MEMBERS, Cluster, Connection, Session
from mediafleet.domain.entries import Mutation
from mediafleet.domain.errors import ClusterFullError, MediaNodeNotFoundError, NotReadyError
from mediafleet.domain.events import NodeCrashed
from mediafleet.domain.lifecycle import Step, Timeouts, next_deadline, next_step
from mediafleet.domain.media_node import (
    MediaNode,
    MediaNodeStatus,
    forget,
    new_media_node,
    transition,
)
from mediafleet.domain.outcomes import CRASH_STEPS, entries_of_crash
from mediafleet.services.cluster_state import ClusterState, Decision
from mediafleet.store import SqlStore, open_store
from support.factories import MOMENT, StandingClock, make_session
from support.store_cases import connection_of, kept, session_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def state(store: SqlStore) -> AsyncIterator[ClusterState]:
    state = ClusterState(StandingClock())
    async with state.kept_in(store):
        yield state


async def launch(state: ClusterState, node_id: str = "kms_A0000001") -> MediaNode:
    node, event = new_media_node(node_id, at=MOMENT, uri=f"ws://{node_id}/kurento")
    await state.apply(Mutation(node, event))
    return node


async def test_a_change_is_stored_before_it_is_seen(state: ClusterState, store: SqlStore) -> None:
    node = await launch(state)

    assert state.existing(node.id).node == node
    assert await store.load() == (node,)
    assert [event.name for event in await store.events()] == ["mediaNodeStatusChanged"]


async def test_a_snapshot_never_changes(state: ClusterState) -> None:
    before = state.snapshot
    await launch(state)

    assert len(before) == 0
    assert len(state.snapshot) == 1
    assert state.snapshot is state.snapshot


async def test_a_decision_that_raises_changes_nothing(state: ClusterState, store: SqlStore) -> None:
    def decide(cluster: Cluster) -> Decision[None]:
        raise MediaNodeNotFoundError("kms_A0000001")

    with pytest.raises(MediaNodeNotFoundError):
        await state.change(decide)

    assert len(state.snapshot) == 0
    assert await store.events() == ()


async def test_decisions_take_turns_and_each_sees_the_one_before(state: ClusterState) -> None:
    seen: list[int] = []

    def decide(cluster: Cluster) -> Decision[None]:
        seen.append(len(cluster))
        node, event = new_media_node(f"kms_A000000{len(cluster)}", at=MOMENT)
        return Decision(None, (Mutation(node, event),))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(state.change, decide)

    assert seen == list(range(8))


async def test_without_a_store_nothing_changes() -> None:
    state = ClusterState(StandingClock())

    with pytest.raises(NotReadyError):
        await launch(state)
    assert len(state.snapshot) == 0


async def test_observations_of_a_link_are_shown_and_never_stored(
    state: ClusterState, store: SqlStore
) -> None:
    node = await launch(state)
    connection = Connection(connected=True, load=12.5, sessions=(make_session(),))

    state.observe(node.id, connection)
    state.observe("kms_Unknown1", connection)

    assert state.existing(node.id).connection == connection
    assert state.snapshot.existing(node.id).connection == connection
    assert len(await store.events()) == 1


async def test_a_status_change_keeps_the_observations_of_the_link(state: ClusterState) -> None:
    node = await launch(state)
    connection = Connection(connected=True, sessions=(make_session(),))
    state.observe(node.id, connection)

    await state.apply(Mutation(*transition(node, MediaNodeStatus.RUNNING, at=MOMENT)))

    assert state.existing(node.id).connection == connection


async def test_a_terminated_node_is_gone_and_waiters_are_notified(state: ClusterState) -> None:
    node = await launch(state)
    waited = anyio.Event()

    async def wait() -> None:
        await state.wait_until(node.id, lambda member: member is None)
        waited.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        for status in (
            MediaNodeStatus.RUNNING,
            MediaNodeStatus.TERMINATING,
            MediaNodeStatus.TERMINATED,
        ):
            assert not waited.is_set()
            node, event = transition(node, status, at=MOMENT)
            await state.apply(Mutation(node, event))
        with anyio.fail_after(2):
            await waited.wait()

    with pytest.raises(MediaNodeNotFoundError):
        state.existing(node.id)


async def test_a_load_alone_notifies_no_waiter_but_a_lost_link_does(state: ClusterState) -> None:
    changed: list[str] = []
    state.on_change = changed.append
    node = await launch(state)
    assert changed == [node.id]

    state.observe(node.id, Connection(load=10.0))
    assert changed == [node.id]

    state.observe(node.id, Connection(connected=True, load=10.0))
    assert changed == [node.id, node.id]


async def test_sessions_of_a_process_that_is_gone_are_lost_until_their_end_is_emitted(
    state: ClusterState,
) -> None:
    node = await launch(state)
    sessions = (make_session("a"), make_session("b"))
    state.observe(node.id, Connection(connected=True, server_id="1", sessions=sessions))
    state.observe(node.id, Connection(server_id="1", sessions=sessions))
    assert state.existing(node.id).lost_sessions == ()

    state.observe(node.id, Connection(connected=True, server_id="2", sessions=sessions[:1]))
    member = state.existing(node.id)
    assert member.lost_sessions == sessions
    assert member.connection.sessions == sessions[:1]

    (first, _) = entries_of_crash(Step.REPORT_LOST_SESSIONS, member, at=MOMENT)
    await state.apply(first)
    assert state.existing(node.id).lost_sessions == sessions[1:]


async def test_a_node_whose_machine_is_gone_crashes_with_its_sessions_before_they_end(
    state: ClusterState,
) -> None:
    node = await launch(state)
    await state.apply(Mutation(*transition(node, MediaNodeStatus.RUNNING, at=MOMENT)))
    sessions = (make_session("a"), make_session("b"))
    state.observe(node.id, Connection(connected=True, server_id="1", sessions=sessions))
    state.record_gone(node.id)

    steps, reported = [], []
    while (step := next_step(state.existing(node.id), Timeouts(), 100.0)) in CRASH_STEPS:
        entries = entries_of_crash(step, state.existing(node.id), at=MOMENT)
        await state.apply(*entries)
        steps.append(step)
        reported += [entry.event for entry in entries]

    assert steps == [Step.REPORT_CRASH, Step.REPORT_LOST_SESSIONS, Step.GIVE_UP]
    crash, *ends, terminating = reported
    assert isinstance(crash, NodeCrashed)
    assert crash.session_ids == ("a", "b")
    assert [end.name for end in ends] == ["sessionDestroyed"] * 2
    assert terminating.name == "mediaNodeStatusChanged"


async def test_a_loss_counts_from_the_moment_it_was_learnt(store: SqlStore) -> None:
    clock = StandingClock()
    state = ClusterState(clock)
    async with state.kept_in(store):
        node = await launch(state)
        clock.seconds = 200.0
        state.observe(node.id, Connection(connected=True))
        clock.seconds = 300.0
        state.observe(node.id, Connection())
        clock.seconds = 400.0
        state.observe(node.id, Connection(server_id="1"))
        assert state.existing(node.id).down_since == 300.0


@pytest.mark.parametrize(
    ("ago", "left"), [(0, 3600), (3000, 600), (3600, 0), (9e6, 0), (-9e6, 3600)]
)
async def test_the_hour_of_a_failed_node_goes_on_over_a_restart(
    state: ClusterState, store: SqlStore, ago: float, left: float
) -> None:
    node = await launch(state)
    at = MOMENT - timedelta(seconds=ago)
    await state.apply(Mutation(*transition(node, MediaNodeStatus.FAILED, at=at)))

    after = ClusterState(StandingClock())
    async with after.kept_in(store):
        deadline = next_deadline(after.existing(node.id), Timeouts())

    assert deadline == StandingClock.seconds + left


async def test_what_is_no_failure_begins_anew_with_the_server(
    state: ClusterState, store: SqlStore
) -> None:
    node, event = new_media_node("kms_A0000001", at=MOMENT - timedelta(seconds=50))
    await state.apply(Mutation(node, event))

    after = ClusterState(StandingClock())
    async with after.kept_in(store):
        assert after.existing(node.id).progress.since == StandingClock.seconds


async def test_a_caller_cancelled_meanwhile_leaves_store_and_memory_the_same(
    state: ClusterState, store: SqlStore
) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(launch, state)
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()

    assert [member.node for member in state.snapshot] == list(await store.load())


@pytest.mark.slow
async def test_a_full_cluster_adds_no_member_and_its_members_can_leave(
    state: ClusterState, store: SqlStore
) -> None:
    added = [new_media_node(f"kms_A{number:07}", at=MOMENT) for number in range(MAX_MEMBERS)]
    for batch in range(0, MAX_MEMBERS, 500):
        await state.apply(*(Mutation(*each) for each in added[batch : batch + 500]))

    with pytest.raises(ClusterFullError):
        await launch(state, "kms_B0000000")
    assert len(await store.load()) == len(state.snapshot) == MAX_MEMBERS

    leaving, event = transition(added[0][0], MediaNodeStatus.FAILED, at=MOMENT)
    await state.apply(Mutation(leaving, event))
    await state.apply(Mutation(*forget(leaving, at=MOMENT), forget=True))
    await launch(state, "kms_B0000000")
    assert len(state.snapshot) == MAX_MEMBERS


async def running(state: ClusterState, node_id: str = "kms_A0000001") -> MediaNode:
    node, event = transition(await launch(state, node_id), MediaNodeStatus.RUNNING, at=MOMENT)
    await state.apply(Mutation(node, event))
    return node


async def test_a_call_counts_as_a_session_from_its_placement_on(state: ClusterState) -> None:
    changed: list[str] = []
    node = await running(state)
    state.on_change = changed.append

    await state.apply(kept("room", replace(session_of("room"), media=CallMedia(node.id))))
    assert [session.id for session in state.existing(node.id).sessions] == ["room"]
    assert changed == [node.id]

    pipeline = Session("room", "room_p", MOMENT, "room")
    others = (make_session("other"), make_session("late"))
    state.observe(node.id, Connection(connected=True, sessions=(pipeline, *others)))
    await state.apply(
        kept("room", session_of("room", node.id)), kept("room", connection_of("con_1"))
    )
    member = state.existing(node.id)
    assert [session.id for session in member.sessions] == ["room", "other", "late"]
    assert member.sessions[0].object_id == "room_p"
    assert member.foreign_sessions == others
    assert member.progress.most_sessions == 3


async def test_a_pipeline_that_is_left_of_an_ended_call_is_no_session(state: ClusterState) -> None:
    node = await running(state)
    pipeline = Session("room", "room_p", MOMENT, "room")
    await state.apply(kept("room", session_of("room", node.id)))
    state.observe(node.id, Connection(connected=True, server_id="1", sessions=(pipeline,)))
    changed: list[str] = []
    state.on_change = changed.append

    await state.apply(kept("room", None))
    assert state.existing(node.id).sessions == ()
    assert changed == [node.id]

    state.observe(node.id, Connection(connected=True, server_id="2"))
    assert state.existing(node.id).lost_sessions == ()


async def test_a_call_moves_from_node_to_node(state: ClusterState, store: SqlStore) -> None:
    first, second = await running(state), await running(state, "kms_B0000001")
    await state.apply(kept("room", session_of("room", first.id)))
    await state.apply(kept("room", session_of("room", second.id)))

    assert state.existing(first.id).sessions == ()
    assert [call.id for call in state.existing(second.id).calls] == ["room"]
    after = ClusterState(StandingClock())
    async with after.kept_in(store):
        assert after.existing(second.id).calls == state.existing(second.id).calls
        assert after.existing(first.id).calls == ()
        assert [call.id for call in after.loaded_calls] == ["room"]
        await after.apply(kept("room", None))
        assert after.existing(second.id).calls == ()


NODES = ("kms_A0000001", "kms_B0000001")
PLACES = st.none() | st.sampled_from(NODES)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), PLACES, st.booleans()), max_size=30))
async def test_each_node_hosts_just_the_calls_that_are_stored_with_it(
    steps: list[tuple[str, str | None, bool]],
) -> None:
    async with (
        anyio.create_task_group() as tasks,
        open_store("sqlite://", tasks=tasks, make_cluster_id=lambda: "c") as store,
    ):
        state = ClusterState(StandingClock())
        async with state.kept_in(store):
            for node_id in NODES:
                await running(state, node_id)
            for session_id, node_id, is_deleted in steps:
                value = None if is_deleted else session_of(session_id, node_id)
                await state.apply(kept(session_id, value))
            stored = await store.load_calls()
            for node_id in NODES:
                ids = {call.id for call in stored if call.node_id == node_id}
                assert {call.id for call in state.existing(node_id).calls} == ids
            again = ClusterState(StandingClock())
            async with again.kept_in(store):
                for node_id in NODES:
                    assert set(again.existing(node_id).calls) == set(state.existing(node_id).calls)
