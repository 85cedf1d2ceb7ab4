"""When autoscaling acts, what it repeats, and what it remembers; over a real store."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace

import anyio
import pytest

from mediafleet.clock import AwakeClock, SystemClock
from mediafleet.domain import formats
from mediafleet.domain.autoscaling import Autoscaling, Policy
from mediafleet.domain.cluster import Connection
from mediafleet.domain.entries import Mutation
from mediafleet.domain.media_node import MediaNodeStatus, new_media_node, transition
from mediafleet.services.autoscaling import DECISIONS_KEPT, Autoscaler, AutoscalingSettings
from mediafleet.services.cluster_state import ClusterState
from mediafleet.store import SqlStore, open_store

pytestmark = pytest.mark.anyio

CLOCK = AwakeClock(SystemClock())
POLICY = Policy(min_nodes=1, max_nodes=8, min_load=30, max_load=70)


class World:
    """Autoscaling without its loop, whose settings a test changes."""

    def __init__(self, state: ClusterState, store: SqlStore | None = None) -> None:
        source = random.Random(2)
        self.state = state
        self.store = store
        self.policy = POLICY
        self.is_on = self.may_launch = True
        self.capacity = 10
        self.autoscaler = self._make(source)

    def _make(self, source: random.Random) -> Autoscaler:
        async def no_hook(event: Autoscaling) -> None:
            raise AssertionError(event)

        return Autoscaler(
            self.state,
            lambda: AutoscalingSettings(is_on=self.is_on, interval=10, policy=self.policy),
            clock=CLOCK,
            new_node_id=lambda: formats.media_node_id(source),
            capacity=self.capacity,
            may_launch=lambda: self.may_launch,
            run_hook=no_hook,
        )

    async def requests(self) -> list[int]:
        """The new nodes of all events so far."""
        assert self.store is not None
        events = await self.store.events()
        return [
            event.payload["mediaNodes"]["launch"]["newNodes"]
            for event in events
            if event.name == "autoscaling"
        ]

    async def add_running(self, node_id: str, load: float | None) -> None:
        at = CLOCK.now()
        node, event = new_media_node(node_id, at=at, uri=f"ws://127.0.1.1:{node_id[-4:]}/kurento")
        await self.state.apply(Mutation(node, event))
        running = transition(node, MediaNodeStatus.RUNNING, at=at)
        await self.state.apply(Mutation(*running))
        self.state.observe(node_id, Connection(connected=True, load=load, last_load=load))

    async def remove(self, node_id: str) -> None:
        at, node = CLOCK.now(), self.state.existing(node_id).node
        terminating = Mutation(*transition(node, MediaNodeStatus.TERMINATING, at=at))
        gone = transition(terminating.node, MediaNodeStatus.TERMINATED, at=at)
        await self.state.apply(terminating, Mutation(*gone))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    state = ClusterState(CLOCK)
    async with (
        anyio.create_task_group() as tasks,
        open_store("sqlite://", tasks=tasks, make_cluster_id=lambda: "clu_1") as store,
        state.kept_in(store),
    ):
        yield World(state, store)


async def test_nothing_is_done_without_a_store_to_write_to() -> None:
    world = World(ClusterState(CLOCK))
    await world.autoscaler.evaluate()

    report = world.autoscaler.report()
    assert report.idle_reason == "this server does not hold the lock of the store"
    assert (report.plan.new_nodes, report.decisions) == (1, ())


@pytest.mark.parametrize(("attribute", "reason"), [("is_on", "off"), ("may_launch", "machines")])
async def test_nothing_is_done_while_it_is_off_or_machines_are_not_known(
    world: World, attribute: str, reason: str
) -> None:
    setattr(world, attribute, False)
    await world.autoscaler.evaluate()

    assert len(world.state.cluster) == 0
    assert reason in (world.autoscaler.report().idle_reason or "")


async def test_the_event_and_the_new_nodes_are_one_commit(world: World) -> None:
    world.policy = replace(POLICY, min_nodes=3)
    await world.autoscaler.evaluate()

    assert world.store is not None
    events = await world.store.events()
    assert [event.name for event in events] == ["autoscaling", *["mediaNodeStatusChanged"] * 3]
    assert [event.node_id is None for event in events] == [True, False, False, False]
    await world.autoscaler.evaluate()
    assert await world.requests() == [3]


async def test_no_more_members_are_launched_than_there_is_room_for(world: World) -> None:
    world.capacity, world.policy = 2, replace(POLICY, min_nodes=3)
    world.autoscaler = world._make(random.Random(3))
    await world.autoscaler.evaluate()
    await world.autoscaler.evaluate()

    assert len(world.state.cluster) == 2
    assert "room for 0 more members" in world.autoscaler.report().plan.reason


async def test_a_request_is_repeated_only_if_it_is_another_one(world: World) -> None:
    world.policy = replace(POLICY, min_nodes=3, launches_machines=False)
    for _ in range(3):
        await world.autoscaler.evaluate()
    assert await world.requests() == [3]
    await world.add_running("kms_1001", 50)
    await world.autoscaler.evaluate()
    await world.add_running("kms_1002", 50)
    await world.autoscaler.evaluate()
    assert await world.requests() == [3]  # operators add what was requested
    await world.remove("kms_1002")
    await world.autoscaler.evaluate()
    assert await world.requests() == [3, 2]  # one more than a moment ago
    world.policy = replace(world.policy, min_nodes=4)
    await world.autoscaler.evaluate()
    assert await world.requests() == [3, 2, 3]  # another size
    for number in range(3):
        await world.add_running(f"kms_200{number}", 50)
    await world.autoscaler.evaluate()
    await world.remove("kms_2000")
    await world.autoscaler.evaluate()
    assert await world.requests() == [3, 2, 3, 1]  # the last one was served


async def test_a_request_is_withdrawn_without_an_event(world: World) -> None:
    world.policy = replace(POLICY, launches_machines=False)
    await world.add_running("kms_1001", 90)
    await world.autoscaler.evaluate()
    world.state.observe("kms_1001", Connection(connected=True, load=40.0, last_load=40.0))
    await world.autoscaler.evaluate()
    assert await world.requests() == [1]
    assert world.autoscaler.report().plan.is_empty
    world.state.observe("kms_1001", Connection(connected=True, load=95.0, last_load=95.0))
    await world.autoscaler.evaluate()
    assert await world.requests() == [1, 1]


async def test_evaluations_that_change_nothing_are_one_decision_and_the_last_are_kept(
    world: World,
) -> None:
    await world.add_running("kms_1001", 50)
    for _ in range(5):
        await world.autoscaler.evaluate()
    assert [each.evaluations for each in world.autoscaler.report().decisions] == [5]

    for number in range(2 * DECISIONS_KEPT):
        load = 10.0 if number % 2 else 50.0
        world.state.observe("kms_1001", Connection(connected=True, load=load, last_load=load))
        await world.autoscaler.evaluate()
    decisions = world.autoscaler.report().decisions
    assert len(decisions) == DECISIONS_KEPT
    assert decisions[0].avg_load == 10
