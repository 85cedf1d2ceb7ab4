import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediafleet.clock import AwakeClock, SystemClock
from mediafleet.domain.cluster import Connection
from mediafleet.domain.entries import Mutation
from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.lifecycle import Timeouts, why_waiting
from mediafleet.domain.media_node import MediaNodeStatus, new_media_node, transition
from mediafleet.kurento import KurentoMediaServers, LinkSettings
from mediafleet.services.cluster_state import ClusterState
from mediafleet.services.controller import Controller
from mediafleet.services.machines import Machines
from mediafleet.store import SqlStore
from support.factories import MOMENT
from support.failing_environment import FailingEnvironment

pytestmark = pytest.mark.anyio

CLOCK = AwakeClock(SystemClock())
TIMEOUTS = Timeouts(termination=0.05)
NODE_ID = "kms_A0000001"


@pytest.fixture
async def state(store: SqlStore) -> AsyncIterator[ClusterState]:
    """With one node, which must be terminated."""
    state = ClusterState(CLOCK)
    async with state.kept_in(store):
        node, event = new_media_node(NODE_ID, at=MOMENT)
        await state.apply(Mutation(node, event))
        for status in (MediaNodeStatus.CANCELED, MediaNodeStatus.TERMINATING):
            node, event = transition(node, status, at=MOMENT)
            await state.apply(Mutation(node, event))
        yield state


@pytest.fixture
async def environment(tmp_path: Path) -> AsyncIterator[FailingEnvironment]:
    environment = FailingEnvironment(tmp_path)
    async with environment.open("Clu-ster_1"):
        yield environment


@pytest.fixture
def controller(state: ClusterState, environment: FailingEnvironment) -> Controller:
    return make_controller(state, environment, TIMEOUTS)


def make_controller(
    state: ClusterState, environment: FailingEnvironment, timeouts: Timeouts
) -> Controller:
    servers = KurentoMediaServers(
        state.observe, clock=CLOCK, random=random.Random(1), settings=LinkSettings()
    )
    machines = Machines(state, environment, timeouts)
    return Controller(state, machines, servers, clock=CLOCK, timeouts=timeouts)


async def test_an_environment_that_never_ends_is_interrupted_and_named(
    state: ClusterState, environment: FailingEnvironment, controller: Controller
) -> None:
    environment.hanging = {"terminate"}

    with pytest.raises(EnvironmentFailureError, match=r"within 0\.05 s"):
        await controller.reconcile(NODE_ID)

    reason = why_waiting(state.existing(NODE_ID), TIMEOUTS, CLOCK.monotonic())
    assert reason.startswith("the environment failed once and is asked again: ")
    assert "did not come to an end within 0.05 s" in reason


async def test_an_environment_that_fails_is_called_again_after_growing_pauses(
    state: ClusterState, environment: FailingEnvironment, controller: Controller
) -> None:
    environment.failing = {"terminate"}
    pauses = []
    for _ in range(7):
        with pytest.raises(EnvironmentFailureError):
            await controller.reconcile(NODE_ID)
        pauses.append(controller.pause_after_failure(NODE_ID))

    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert state.existing(NODE_ID).progress.failures == 7
    assert controller.pause_after_failure("kms_Unknown1") == 1


async def test_a_launch_that_failed_never_comes_to_run(
    state: ClusterState, environment: FailingEnvironment
) -> None:
    """Its media server answers while, or after, its machine is being ended."""
    controller = make_controller(state, environment, Timeouts(launch=0, termination=0.5))
    node, event = new_media_node("kms_A0000002", at=MOMENT, uri="ws://127.0.0.1:9/kurento")
    await state.apply(Mutation(node, event))
    environment.hanging = {"terminate"}

    await controller.reconcile(node.id)
    with pytest.raises(EnvironmentFailureError):
        await controller.reconcile(node.id)
    state.observe(node.id, Connection(connected=True, server_id="late"))
    environment.hanging.clear()
    for _ in range(2):
        await controller.reconcile(node.id)

    assert state.existing(node.id).node.status is MediaNodeStatus.FAILED
    assert environment.calls["terminate"] == 2
