"""The environment `docker`, against the suite of all environments and on its own, on an Engine."""

import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace

import anyio
import pytest

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.ports import MachineRequest
from mediafleet.environments.docker import Docker, DockerSettings, Pull
from mediafleet.environments.docker.containers import CLUSTER as CLUSTER_LABEL
from mediafleet.environments.docker.containers import NODE, name_of
from support.docker_engine import IMAGE, Engine, private_engine
from support.environment_suite import CLUSTER, FIRST, SECOND, LaunchingSuite
from support.factories import make_node

pytestmark = pytest.mark.anyio


class Lab:
    name = "docker"

    def __init__(self, engine: Engine, deaf: socket.socket) -> None:
        self.engine = engine
        self.deaf = deaf
        self.settings = DockerSettings(
            host=engine.url, image=IMAGE, launch_timeout=20, pull=Pull.NEVER
        )

    def make(self, **changes: object) -> Docker:
        return Docker(replace(self.settings, **changes))  # type: ignore[arg-type]

    async def machines(self) -> list[str]:
        return [container["Id"] for container in self.engine.containers()]

    def make_broken(self) -> Docker:
        return self.make(command=("no-such-program\x1b[31m",))

    def make_slow(self) -> Docker:
        """An Engine that does not answer before anybody loses patience."""
        return self.make(host=f"tcp://127.0.0.1:{self.deaf.getsockname()[1]}")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with private_engine() as engine:
        yield engine


@pytest.fixture
def lab(engine: Engine) -> Iterator[Lab]:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        yield Lab(engine, deaf)
    engine.clear()


class TestDocker(LaunchingSuite):
    """Launches containers."""


def request(node_id: str = FIRST) -> MachineRequest:
    return MachineRequest(node_id, None)


async def test_everything_configured_is_asked_for(lab: Lab) -> None:
    async with (environment := lab.make(memory_mib=256, cpus=0.5, labels={"team": "video"})).open(
        CLUSTER
    ):
        machine = await environment.launch(request())

    (container,) = lab.engine.containers()
    assert container["Id"] == machine.environment_id
    assert container["Names"] == [f"/{name_of(CLUSTER, FIRST)}"]
    labels = {CLUSTER_LABEL: CLUSTER, NODE: FIRST, "team": "video"}
    assert labels.items() <= container["Labels"].items()
    _, shown = lab.engine.ask("GET", f"/containers/{machine.environment_id}/json")
    assert b'"Memory":268435456' in shown
    assert b'"NanoCpus":500000000' in shown


async def test_two_launches_at_once_make_one_container(lab: Lab) -> None:
    found = []
    async with (one := lab.make()).open(CLUSTER), (other := lab.make()).open(CLUSTER):

        async def launch(environment: Docker) -> None:
            found.append(await environment.launch(request()))

        async with anyio.create_task_group() as launches:
            launches.start_soon(launch, one)
            launches.start_soon(launch, other)
    assert {machine.environment_id for machine in found} == set(await lab.machines())
    assert len(await lab.machines()) == 1


async def test_a_container_that_was_created_and_not_started_is_started(lab: Lab) -> None:
    async with (environment := lab.make()).open(CLUSTER):
        machine = await environment.launch(request())
        lab.engine.ask("POST", f"/containers/{machine.environment_id}/kill")
        again = await environment.launch(request())
    assert again.environment_id != machine.environment_id
    assert await lab.machines() == [again.environment_id]
    assert len(lab.engine.containers(running=False)) == 1


async def test_a_name_that_others_hold_is_told(lab: Lab) -> None:
    async with (theirs := lab.make()).open("other"):
        await theirs.launch(request())
    (container,) = lab.engine.containers()
    lab.engine.ask("POST", f"/containers/{container['Id']}/rename?name={name_of(CLUSTER, FIRST)}")
    async with (environment := lab.make()).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError, match="is taken by others"):
            await environment.launch(request())
    assert await lab.machines() == [container["Id"]]


@pytest.mark.parametrize("pull", [Pull.NEVER, Pull.MISSING])
async def test_an_image_that_is_not_to_be_had_is_told(lab: Lab, pull: Pull) -> None:
    image = "127.0.0.1:9/no-such-image:1"
    async with (environment := lab.make(image=image, pull=pull)).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError) as failure:
            await environment.launch(request())
    assert "no-such-image" in failure.value.detail
    assert lab.engine.containers(running=False) == []


async def test_an_engine_out_of_reach_is_told(lab: Lab) -> None:
    async with (environment := lab.make(host="unix:///no/such.sock")).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError, match="not within reach"):
            await environment.launch(request())


async def test_a_network_without_addresses_is_a_failure(lab: Lab) -> None:
    async with (environment := lab.make(network="none")).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError, match="no address in the network none"):
            await environment.launch(request())
    assert lab.engine.containers(running=False) == []


async def test_the_end_of_a_container_is_told_with_its_reason(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    ended = anyio.Event()
    told: list[tuple[str, str]] = []
    environment = lab.make()
    environment.tell_ends(lambda *end: (told.append(end), ended.set()))
    async with environment.open(CLUSTER):
        machine = await environment.launch(request())
        assert machine.environment_id is not None
        os.kill(lab.engine.pid_of(machine.environment_id), signal.SIGKILL)
        with anyio.fail_after(10):
            await ended.wait()
    assert told == [(FIRST, "the container is exited, its exit code is 137")]
    (logged,) = (record for record in caplog.records if record.message == "container ended")
    assert logged.media_node_id == FIRST  # type: ignore[attr-defined]


async def test_containers_of_others_are_never_ended(lab: Lab) -> None:
    async with (theirs := lab.make()).open("other"):
        foreign = await theirs.launch(request(SECOND))
    async with (environment := lab.make()).open(CLUSTER):
        for environment_id in (foreign.environment_id, "0" * 64, "not-an-id"):
            await environment.terminate(make_node(id=FIRST, environment_id=environment_id))
    assert await lab.machines() == [foreign.environment_id]
