import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from mediafleet.clock import AwakeClock, SystemClock
from mediafleet.domain import formats
from mediafleet.domain.entries import Mutation
from mediafleet.domain.errors import EnvironmentFailureError, StoreUnavailableError
from mediafleet.domain.lifecycle import Timeouts
from mediafleet.domain.machines import Machine
from mediafleet.domain.media_node import MediaNodeStatus, new_media_node
from mediafleet.kurento import KurentoMediaServers, LinkSettings
from mediafleet.services.additions import Additions
from mediafleet.services.cluster_state import ClusterState
from mediafleet.services.controller import Controller
from mediafleet.services.machines import Discovery, Machines
from mediafleet.services.removals import Removals
from mediafleet.services.sizing import WANTED, Sizing
from mediafleet.store import SqlStore
from support.factories import MOMENT
from support.failing_environment import FailingEnvironment

pytestmark = pytest.mark.anyio

CLOCK = AwakeClock(SystemClock())


@pytest.fixture
async def state(store: SqlStore) -> AsyncIterator[ClusterState]:
    state = ClusterState(CLOCK)
    async with state.kept_in(store):
        yield state


@pytest.fixture
def environment(tmp_path: Path) -> FailingEnvironment:
    return FailingEnvironment(tmp_path)


@pytest.fixture
async def sizing(state: ClusterState, environment: FailingEnvironment) -> AsyncIterator[Sizing]:
    """Of a cluster whose nodes take no steps: those that are launched stay so."""
    source = random.Random(2)
    servers = KurentoMediaServers(
        state.observe, clock=CLOCK, random=source, settings=LinkSettings()
    )
    additions = Additions(
        state,
        environment,
        servers,
        clock=CLOCK,
        new_node_id=lambda: formats.media_node_id(source),
    )
    machines = Machines(state, environment, Timeouts())
    controller = Controller(
        state,
        machines,
        servers,
        clock=CLOCK,
        timeouts=Timeouts(),
    )
    discovery = Discovery(state, environment, machines, controller, additions, clock=CLOCK)
    removals = Removals(state, servers, CLOCK)
    async with environment.open("Clu-ster_1"):
        yield Sizing(state, environment, discovery, additions, removals)


async def admit_some(state: ClusterState, count: int) -> None:
    for number in range(count):
        await state.apply(Mutation(*new_media_node(f"kms_stored{number}", at=MOMENT)))


def statuses(state: ClusterState) -> list[MediaNodeStatus]:
    return sorted(member.node.status for member in state.snapshot)


@contextmanager
def refusing_a_commit(store: SqlStore) -> Iterator[None]:
    """The next transaction meets a full disk."""
    engine = store._database.engine

    def refuse(_: object) -> None:
        event.remove(engine, "commit", refuse)
        raise OSError("No space left on device")

    event.listen(engine, "commit", refuse)
    yield
    assert not event.contains(engine, "commit", refuse)


async def test_nothing_is_launched_before_the_environment_listed_its_machines_once(
    sizing: Sizing, state: ClusterState, store: SqlStore, environment: FailingEnvironment
) -> None:
    environment.failing = {"discover"}
    for _ in range(2):
        with pytest.raises(EnvironmentFailureError):
            await sizing.resize(store, 2)
    assert (statuses(state), await store.get_value(WANTED)) == ([], None)

    environment.failing = set()
    await sizing.resize(store, 2)
    assert (statuses(state), await store.get_value(WANTED)) == (
        [MediaNodeStatus.LAUNCHING] * 2,
        "2",
    )
    environment.failing = {"discover"}
    await sizing.resize(store, 3)
    assert statuses(state) == [MediaNodeStatus.LAUNCHING] * 3


async def test_a_trim_that_the_store_interrupted_is_not_done(
    sizing: Sizing, state: ClusterState, store: SqlStore
) -> None:
    await sizing.resize(store, 4)
    with refusing_a_commit(store), pytest.raises(StoreUnavailableError):
        await sizing.resize(store, 2)
    assert await store.get_value(WANTED) == "4"

    await sizing.resize(store, 2)
    assert statuses(state) == [MediaNodeStatus.CANCELED] * 2 + [MediaNodeStatus.LAUNCHING] * 2
    assert await store.get_value(WANTED) == "2"


async def test_stored_members_are_not_trimmed_for_want_of_a_number_to_compare_with(
    sizing: Sizing, state: ClusterState, store: SqlStore
) -> None:
    await admit_some(state, 3)
    await sizing.resize(store, 1)
    assert statuses(state) == [MediaNodeStatus.LAUNCHING] * 3
    await sizing.resize(store, 1)
    assert statuses(state) == [MediaNodeStatus.LAUNCHING] * 3


class Found(FailingEnvironment):
    """Three machines run."""

    async def discover(self) -> list[Machine]:
        return [
            Machine(f"{number}-1", f"ws://127.64.1.{number}:8888/kurento") for number in (1, 2, 3)
        ]


class TestFound:
    @pytest.fixture
    def environment(self, tmp_path: Path) -> FailingEnvironment:
        return Found(tmp_path)

    async def test_what_a_store_without_members_finds_is_trimmed(
        self, sizing: Sizing, state: ClusterState, store: SqlStore
    ) -> None:
        await sizing.resize(store, 1)
        assert statuses(state) == [MediaNodeStatus.CANCELED] * 2 + [MediaNodeStatus.LAUNCHING]

    async def test_what_a_store_with_members_finds_is_not(
        self, sizing: Sizing, state: ClusterState, store: SqlStore
    ) -> None:
        await admit_some(state, 1)
        await sizing.resize(store, 1)
        assert statuses(state) == [MediaNodeStatus.LAUNCHING] * 4
