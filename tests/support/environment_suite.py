"""What every environment must do; each subclasses one of these suites beside its own tests.

A module that tests an environment provides the fixture `lab`: the environment under test, made
again at will over the same machines, and a view on these machines that does not pass through it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol

import anyio
import pytest

from mediafleet.clock import AwakeClock, SystemClock
from mediafleet.domain.endpoints import MediaServerUri
from mediafleet.domain.errors import (
    EnvironmentFailureError,
    MissingUriError,
    UnreachableMediaServerError,
)
from mediafleet.domain.machines import Machine, MachineRequest
from mediafleet.domain.ports import Environment
from mediafleet.kurento import KurentoMediaServers, LinkSettings
from support.factories import make_node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.domain.media_node import MediaNode

CLUSTER = "Clu-ster_1"
OTHER_CLUSTER = "Clu-ster_2"
FIRST, SECOND = "kms_First001", "kms_Second02"
READY_S = 60
CONTROL = {chr(code) for code in range(32)} | {chr(127)}


class Lab(Protocol):
    """An environment under test and a way to see its machines from outside."""

    name: str
    """The word of `OPENVIDU_PRO_CLUSTER_ENVIRONMENT`."""

    def make(self) -> Environment:
        """A new environment over the same machines, as after a restart of the server."""


class MachineLab(Lab, Protocol):
    """A lab whose environment makes machines."""

    async def machines(self) -> Sequence[str]:
        """Environment ids of all machines that run, of any cluster; not read through it."""

    def make_broken(self) -> Environment:
        """An environment whose every launch fails, with control characters in its reason."""

    def make_slow(self) -> Environment:
        """An environment whose launch takes so long that a test can cancel it half-way."""


def _requested(node_id: str) -> MachineRequest:
    return MachineRequest(node_id, None)


def _member(node_id: str, machine: Machine) -> MediaNode:
    return make_node(id=node_id, environment_id=machine.environment_id, uri=machine.uri)


def _unplaced(node_id: str) -> MediaNode:
    """A member whose launch was interrupted before its place was stored."""
    return make_node(id=node_id, environment_id=None, uri=None)


async def _answers(uri: str) -> bool:
    media_servers = KurentoMediaServers(
        lambda *_: None,
        clock=AwakeClock(SystemClock()),
        random=random.Random(1),
        settings=LinkSettings(),
    )
    try:
        await media_servers.probe(uri)
    except UnreachableMediaServerError:
        return False
    return True


async def until_it_answers(uri: str) -> None:
    """Wait for the media server behind a uri; fails when it takes too long."""
    with anyio.fail_after(READY_S):
        while not await _answers(uri):
            await anyio.sleep(0.05)


async def until_none_runs(lab: MachineLab) -> None:
    """Wait for the end of all machines; fails when it takes too long."""
    with anyio.fail_after(READY_S):
        while await lab.machines():
            await anyio.sleep(0.05)


class EnvironmentSuite:
    """For every environment."""

    pytestmark = pytest.mark.anyio

    async def test_it_has_its_name(self, lab: Lab) -> None:
        assert lab.make().name == lab.name

    async def test_it_can_be_opened_again(self, lab: Lab) -> None:
        environment = lab.make()
        for _ in range(2):
            async with environment.open(CLUSTER):
                assert list(await environment.discover()) == []

    async def test_terminating_what_never_was_is_no_error(self, lab: Lab) -> None:
        async with (environment := lab.make()).open(CLUSTER):
            await environment.terminate(_unplaced(FIRST))


class TakingSuite(EnvironmentSuite):
    """For environments that take machines as they are."""

    async def test_a_launch_needs_a_uri(self, lab: Lab) -> None:
        async with (environment := lab.make()).open(CLUSTER):
            with pytest.raises(MissingUriError):
                await environment.launch(_requested(FIRST))

    async def test_a_launch_takes_the_uri_as_it_is(self, lab: Lab) -> None:
        uri = "ws://127.0.0.1:8888/kurento"
        async with (environment := lab.make()).open(CLUSTER):
            machine = await environment.launch(MachineRequest(FIRST, uri))
        assert machine.uri == uri
        assert not environment.launches_machines


class LaunchingSuite(EnvironmentSuite):
    """For environments that make machines."""

    async def test_a_machine_holds_a_media_server(self, lab: MachineLab) -> None:
        async with (environment := lab.make()).open(CLUSTER):
            machine = await environment.launch(_requested(FIRST))
            await until_it_answers(machine.uri)
            assert environment.launches_machines
            MediaServerUri.parse(machine.uri)  # raises if it is none
            assert list(await lab.machines()) == [machine.environment_id]
            await environment.terminate(_member(FIRST, machine))
            await until_none_runs(lab)
            assert not await _answers(machine.uri)

    async def test_termination_can_be_repeated(self, lab: MachineLab) -> None:
        async with (environment := lab.make()).open(CLUSTER):
            machine = await environment.launch(_requested(FIRST))
            await environment.terminate(_member(FIRST, machine))
            await environment.terminate(_member(FIRST, machine))
            await until_none_runs(lab)

    async def test_two_nodes_have_two_machines(self, lab: MachineLab) -> None:
        async with (environment := lab.make()).open(CLUSTER):
            first = await environment.launch(_requested(FIRST))
            second = await environment.launch(_requested(SECOND))
            assert first.environment_id != second.environment_id
            await environment.terminate(_member(FIRST, first))
            with anyio.fail_after(READY_S):
                while list(await lab.machines()) != [second.environment_id]:
                    await anyio.sleep(0.05)
            await until_it_answers(second.uri)

    async def test_a_repeated_launch_finds_the_first(self, lab: MachineLab) -> None:
        async with (environment := lab.make()).open(CLUSTER):
            first = await environment.launch(_requested(FIRST))
            again = await environment.launch(_requested(FIRST))
            assert again.environment_id == first.environment_id
            assert len(await lab.machines()) == 1

    async def test_another_server_process_finds_the_machine_again(self, lab: MachineLab) -> None:
        async with (before := lab.make()).open(CLUSTER):
            first = await before.launch(_requested(FIRST))
        async with (after := lab.make()).open(CLUSTER):
            again = await after.launch(_requested(FIRST))
            assert again.environment_id == first.environment_id
            assert [(m.node_id, m.environment_id) for m in await after.discover()] == [
                (FIRST, first.environment_id)
            ]
            await after.terminate(_member(FIRST, again))
            await until_none_runs(lab)

    async def test_a_launch_that_was_never_stored_is_undone_by_its_node(
        self, lab: MachineLab
    ) -> None:
        async with (before := lab.make()).open(CLUSTER):
            await before.launch(_requested(FIRST))
        async with (after := lab.make()).open(CLUSTER):
            await after.terminate(_unplaced(FIRST))
            await until_none_runs(lab)

    async def test_machines_of_another_cluster_are_left_alone(self, lab: MachineLab) -> None:
        async with (ours := lab.make()).open(CLUSTER), (theirs := lab.make()).open(OTHER_CLUSTER):
            foreign = await theirs.launch(_requested(FIRST))
            assert list(await ours.discover()) == []
            await ours.terminate(_unplaced(FIRST))
            await ours.terminate(_member(FIRST, foreign))
            assert list(await lab.machines()) == [foreign.environment_id]
            own = await ours.launch(_requested(FIRST))
            assert own.environment_id != foreign.environment_id

    async def test_a_launch_cancelled_half_way_leaves_one_machine_or_none(
        self, lab: MachineLab
    ) -> None:
        async with (slow := lab.make_slow()).open(CLUSTER):
            with anyio.move_on_after(0.3) as limit:
                await slow.launch(_requested(FIRST))
            assert limit.cancelled_caught
        async with (environment := lab.make()).open(CLUSTER):
            machine = await environment.launch(_requested(FIRST))
            await until_it_answers(machine.uri)
            assert list(await lab.machines()) == [machine.environment_id]

    async def test_a_failed_launch_says_why_and_leaves_nothing(self, lab: MachineLab) -> None:
        async with (broken := lab.make_broken()).open(CLUSTER):
            with pytest.raises(EnvironmentFailureError) as failure:
                await broken.launch(_requested(FIRST))
        detail = failure.value.detail
        assert detail
        assert len(detail) <= 1000
        assert not CONTROL & set(detail)
        assert not await lab.machines()
