import random
from collections.abc import AsyncIterator
from datetime import timedelta

import anyio
import pytest

from mediafleet.domain import formats
from mediafleet.domain.cluster import Connection
from mediafleet.domain.entries import Mutation
from mediafleet.domain.errors import (
    MediaNodeNotFoundError,
    NoFittingMediaNodeError,
    StaleMediaNodeError,
)
from mediafleet.domain.media_node import MediaNodeStatus, new_media_node, transition
from mediafleet.domain.placement import PlacementRequest
from mediafleet.services.cluster_state import ClusterState
from mediafleet.services.placements import Placements
from mediafleet.store import SqlStore
from support.commit_barrier import barrier_before_commit
from support.factories import MOMENT, StandingClock

pytestmark = pytest.mark.anyio

FIRST, SECOND = "kms_A0000001", "kms_A0000002"


@pytest.fixture
async def state(store: SqlStore) -> AsyncIterator[ClusterState]:
    """Two running nodes; the first one has the least load."""
    state = ClusterState(StandingClock())
    async with state.kept_in(store):
        for load, node_id in enumerate((FIRST, SECOND)):
            node, event = new_media_node(node_id, at=MOMENT, uri=f"ws://{node_id}/kurento")
            await state.apply(Mutation(node, event))
            await state.apply(Mutation(*transition(node, MediaNodeStatus.RUNNING, at=MOMENT)))
            connection = Connection(connected=True, server_id=node_id, load=50 * load)
            state.observe(node_id, connection)
        yield state


@pytest.fixture
def placements(state: ClusterState) -> Placements:
    source = random.Random(2)
    return Placements(state, StandingClock(), lambda: formats.placement_id(source))


def place(placements: Placements, **request: object) -> str:
    placement, _ = placements.place(PlacementRequest(**request))  # type: ignore[arg-type]
    return placement.member.node.id


def leave(state: ClusterState, to: MediaNodeStatus) -> Mutation:
    return Mutation(*transition(state.existing(FIRST).node, to, at=MOMENT))


async def test_a_placement_names_the_node_and_when_it_expires(placements: Placements) -> None:
    placement, considered = placements.place(PlacementRequest("room", ttl=30))

    assert placement.member.node.uri == f"ws://{FIRST}/kurento"
    assert placement.expires == MOMENT + timedelta(seconds=30)
    assert considered.members == 2
    assert placements.page() == ([placement], 1)
    placements.release(placement.reservation.id)
    assert placements.page() == ([], 0)


async def test_a_pinned_node_must_be_in_the_cluster(placements: Placements) -> None:
    with pytest.raises(MediaNodeNotFoundError, match="kms_Other"):
        place(placements, node_id="kms_Other")


@pytest.mark.parametrize(
    "status", [MediaNodeStatus.TERMINATING, MediaNodeStatus.WAITING_IDLE_TO_TERMINATE]
)
async def test_a_node_gets_no_session_once_it_is_decided_that_it_leaves(
    state: ClusterState, placements: Placements, store: SqlStore, status: MediaNodeStatus
) -> None:
    with barrier_before_commit(store) as barrier:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(state.apply, leave(state, status))
            await barrier.reached.wait()
            try:
                assert state.existing(FIRST).node.status is MediaNodeStatus.RUNNING
                assert place(placements) == SECOND
                with pytest.raises(NoFittingMediaNodeError, match="is being removed"):
                    place(placements, node_id=FIRST)
            finally:  # or the task group waits for ever
                barrier.opened.set()
    assert place(placements) == SECOND


async def test_a_node_whose_load_is_measured_while_it_leaves_gets_no_session(
    state: ClusterState, placements: Placements, store: SqlStore
) -> None:
    with barrier_before_commit(store) as barrier:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(state.apply, leave(state, MediaNodeStatus.TERMINATING))
            await barrier.reached.wait()
            state.observe(FIRST, Connection(connected=True, server_id=FIRST, load=1))
            try:
                assert place(placements) == SECOND
            finally:
                barrier.opened.set()


async def test_a_removal_that_is_not_stored_changes_nothing(
    state: ClusterState, placements: Placements
) -> None:
    reserved, _ = placements.place(PlacementRequest())
    node, event = transition(state.existing(FIRST).node, MediaNodeStatus.TERMINATING, at=MOMENT)
    stale = Mutation(node, event), Mutation(node, event)

    with pytest.raises(StaleMediaNodeError):
        await state.apply(*stale)

    assert place(placements) == FIRST
    placements.release(reserved.reservation.id)


async def test_a_node_that_has_left_frees_its_reservations(
    state: ClusterState, placements: Placements
) -> None:
    place(placements)
    await state.apply(leave(state, MediaNodeStatus.TERMINATING))
    await state.apply(leave(state, MediaNodeStatus.TERMINATED))

    assert placements.page() == ([], 0)
    assert place(placements) == SECOND


async def test_labels_are_stored_with_the_node_and_emit_an_event(
    state: ClusterState, placements: Placements, store: SqlStore
) -> None:
    labels = frozenset({("zone", "eu"), ("gpu", "")})
    before = store.newest_event

    await placements.label(SECOND, labels)
    await placements.label(SECOND, labels)

    assert place(placements, labels=frozenset({("zone", "eu")})) == SECOND
    assert [node.labels for node in await store.load()] == [frozenset(), labels]
    (event,) = await store.events(after=before)
    assert (event.name, event.node_id) == ("mediaNodeLabelsChanged", SECOND)
    assert event.payload["labels"] == {"gpu": "", "zone": "eu"}


async def test_a_server_that_starts_ranks_the_members_of_the_store(
    state: ClusterState, placements: Placements, store: SqlStore
) -> None:
    await placements.label(SECOND, frozenset({("zone", "eu")}))
    after = ClusterState(StandingClock())
    async with after.kept_in(store):
        with pytest.raises(NoFittingMediaNodeError, match="accepts sessions: 2 disconnected"):
            place(Placements(after, StandingClock(), lambda: "plc_1"))
        after.observe(SECOND, Connection(connected=True, server_id=SECOND, load=0))

        zone = frozenset({("zone", "eu")})
        assert place(Placements(after, StandingClock(), lambda: "plc_1"), labels=zone) == SECOND
