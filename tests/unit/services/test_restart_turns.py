"""Restarts take turns and requests wait for them; the loop's time jumps, so nobody sleeps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import TaskGroup

from mediafleet.api.errors import describe_error
from mediafleet.app.active_configuration import ActiveConfiguration
from mediafleet.contract import Problem
from mediafleet.domain.errors import InvalidConfigurationError, InvalidProperty, RestartingError
from mediafleet.domain.lifecycle import Timeouts
from mediafleet.domain.ports import Settings
from mediafleet.services.cluster import ClusterConfiguration
from mediafleet.services.cluster_state import ClusterState
from support import live
from support.jumping_clock import JumpingLoop, LoopClock

LEAST, MOST = (f"OPENVIDU_PRO_CLUSTER_AUTOSCALING_{end}_NODES" for end in ("MIN", "MAX"))
LIMIT_S = 10.0


class Blocking(Settings):
    """A real configuration, whose changes begin only when a barrier opens.

    Attributes:
        begun: Set when a change has come to the barrier.
        barrier: Opened by the test.
    """

    def __init__(self, folder: Path) -> None:
        self.active = ActiveConfiguration(live.configuration(folder), folder / ".env")
        self.begun, self.barrier = anyio.Event(), anyio.Event()

    def describe(self, kms_uris: Sequence[str]) -> Mapping[str, Any]:
        return self.active.describe(kms_uris)

    async def validation_errors(
        self, changes: Mapping[str, Any], refused: Collection[str]
    ) -> Sequence[InvalidProperty]:
        return await self.active.validation_errors(changes, refused)

    async def change(self, changes: Mapping[str, Any]) -> None:
        self.begun.set()
        await self.barrier.wait()
        await self.active.change(changes)


def nothing_more() -> None:
    """The cluster needs nothing to be in line with its configuration."""


class Scenario:
    """One cluster's configuration, and what came of those who asked."""

    def __init__(self, folder: Path) -> None:
        self.settings = Blocking(folder)
        clock = LoopClock()
        self.cluster = ClusterConfiguration(
            ClusterState(clock), self.settings, clock, Timeouts(), nothing_more
        )
        self.served = self.cluster.between_restarts(self.serve)
        self.outcomes: list[tuple[str, str]] = []
        self.loop = asyncio.get_running_loop()

    async def serve(self) -> object:
        """A handler; it answers by the configuration that it finds."""
        return self.settings.describe([])["OPENVIDU_PRO_CLUSTER_ID"]

    async def note(self, name: str, work: Awaitable[object]) -> None:
        """Note what comes of something."""
        try:
            result = await work
        except (RestartingError, InvalidConfigurationError) as error:
            result = type(error).__name__
        self.outcomes.append((name, str(result)))

    @asynccontextmanager
    async def restarting(self) -> AsyncIterator[TaskGroup]:
        """A restart with a new cluster id is under way, and ends with the context."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.cluster.restart, {"OPENVIDU_PRO_CLUSTER_ID": "new"})
            await self.settings.begun.wait()
            try:
                yield tasks
            finally:
                self.settings.barrier.set()


Act = Callable[[Scenario], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Act], None]:
    """Run a test in a loop whose time jumps."""

    def play(act: Act) -> None:
        async def run() -> None:
            await act(Scenario(tmp_path))

        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            runner.run(run())

    return play


def test_a_request_waits_ten_seconds_for_a_restart_and_is_then_refused(
    play: Callable[[Act], None],
) -> None:
    async def act(scenario: Scenario) -> None:
        assert isinstance(scenario.loop, JumpingLoop)
        async with scenario.restarting():
            began = scenario.loop.time()
            with scenario.loop.jumping(), pytest.raises(RestartingError) as refused:
                await scenario.served()
            assert LIMIT_S <= scenario.loop.time() - began < LIMIT_S + 1
        assert await scenario.served() == "new"
        assert describe_error(refused.value) == Problem(
            503, "The server is restarting with a new configuration", (("Retry-After", "5"),)
        )

    play(act)


def test_a_request_that_comes_during_a_restart_is_answered_by_the_new_configuration(
    play: Callable[[Act], None],
) -> None:
    async def act(scenario: Scenario) -> None:
        async with scenario.restarting() as tasks:
            for name in ("one", "two"):
                tasks.start_soon(scenario.note, name, scenario.served())
            await anyio.wait_all_tasks_blocked()
            assert scenario.outcomes == []
        assert sorted(scenario.outcomes) == [("one", "new"), ("two", "new")]

    play(act)


def test_a_call_that_waits_goes_on_across_a_restart(play: Callable[[Act], None]) -> None:
    async def act(scenario: Scenario) -> None:
        waiting, node_runs = anyio.Event(), anyio.Event()

        async def add_media_node() -> str:
            waiting.set()
            await node_runs.wait()
            return "running"

        async with anyio.create_task_group() as tasks:
            call = scenario.cluster.between_restarts(add_media_node)()
            tasks.start_soon(scenario.note, "wait=true", call)
            await waiting.wait()
            scenario.settings.barrier.set()
            await scenario.cluster.restart({"OPENVIDU_PRO_CLUSTER_ID": "new"})
            assert scenario.outcomes == []
            node_runs.set()
        assert scenario.outcomes == [("wait=true", "running")]

    play(act)


def test_restarts_apply_in_order_of_arrival_each_against_the_result_of_the_one_before(
    play: Callable[[Act], None],
) -> None:
    async def act(scenario: Scenario) -> None:
        restarts: list[tuple[str, dict[str, Any]]] = [
            ("first", {MOST: 5}),
            ("only after the first", {LEAST: 4}),
            ("not after the second", {MOST: 3}),
            ("another", {"OPENVIDU_PRO_CLUSTER_ID": "new"}),
        ]
        async with anyio.create_task_group() as tasks:
            for name, changes in restarts:
                tasks.start_soon(scenario.note, name, scenario.cluster.restart(changes))
                await anyio.wait_all_tasks_blocked()
            # What is left of a body that breaks its schema waits for its turn, too.
            errors = scenario.cluster.validation_errors({MOST: 3}, {"OPENVIDU_CDR"})
            tasks.start_soon(scenario.note, "last", errors)
            await anyio.wait_all_tasks_blocked()
            assert scenario.outcomes == []
            scenario.settings.barrier.set()
        conflict = f"Property {LEAST}=4: must not be above {MOST}=3."
        assert scenario.outcomes == [
            ("first", "None"),
            ("only after the first", "None"),
            ("not after the second", "InvalidConfigurationError"),
            ("another", "None"),
            ("last", str([InvalidProperty(conflict, LEAST)])),
        ]
        assert (scenario.settings.active.value[LEAST], scenario.settings.active.value[MOST]) == (
            4,
            5,
        )
        assert scenario.cluster.health().restarts == 3

    play(act)


def test_a_restart_that_waits_too_long_for_its_turn_changes_nothing(
    play: Callable[[Act], None],
) -> None:
    async def act(scenario: Scenario) -> None:
        assert isinstance(scenario.loop, JumpingLoop)
        async with scenario.restarting():
            with scenario.loop.jumping(), pytest.raises(RestartingError):
                await scenario.cluster.restart({"OPENVIDU_PRO_CLUSTER_ID": "too late"})
        assert await scenario.served() == "new"
        assert scenario.cluster.health().restarts == 1

    play(act)


def test_a_restart_whose_client_hangs_up_is_carried_out_whole(play: Callable[[Act], None]) -> None:
    async def act(scenario: Scenario) -> None:
        async with scenario.restarting() as tasks:
            tasks.cancel_scope.cancel()
        assert await scenario.served() == "new"
        assert scenario.cluster.health().restarts == 1

    play(act)
