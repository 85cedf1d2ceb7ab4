"""The environment `docker`, against the suite of all environments and on its own, on an Engine."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import MachineRequest
from mediafleet.environments.docker import Docker, DockerSettings, Pull
from mediafleet.environments.docker.engine import CLUSTER as CLUSTER_LABEL
from mediafleet.environments.docker.engine import NODE, name_of
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
        """An Engine that does not answer before a timeout."""
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


async def test_everything_configured_is_requested(lab: Lab) -> None:
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


async def test_a_name_that_others_hold_is_reported(lab: Lab) -> None:
    async with (theirs := lab.make()).open("other"):
        await theirs.launch(request())
    (container,) = lab.engine.containers()
    lab.engine.ask("POST", f"/containers/{container['Id']}/rename?name={name_of(CLUSTER, FIRST)}")
    async with (environment := lab.make()).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError, match="is taken by others"):
            await environment.launch(request())
    assert await lab.machines() == [container["Id"]]


@pytest.mark.parametrize("pull", [Pull.NEVER, Pull.MISSING])
async def test_an_image_that_is_not_available_is_reported(lab: Lab, pull: Pull) -> None:
    image = "127.0.0.1:9/no-such-image:1"
    async with (environment := lab.make(image=image, pull=pull)).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError) as failure:
            await environment.launch(request())
    assert "no-such-image" in failure.value.detail
    assert lab.engine.containers(running=False) == []


async def test_an_unreachable_engine_is_reported(lab: Lab) -> None:
    async with (environment := lab.make(host="unix:///no/such.sock")).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError, match="not reachable"):
            await environment.launch(request())


async def test_a_network_without_addresses_is_a_failure(lab: Lab) -> None:
    async with (environment := lab.make(network="none")).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError, match="no address in the network none"):
            await environment.launch(request())
    assert lab.engine.containers(running=False) == []


async def test_the_end_of_a_container_is_reported_with_its_reason(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    ended = anyio.Event()
    reported: list[tuple[str, str]] = []
    environment = lab.make()
    environment.on_machine_end(lambda *end: (reported.append(end), ended.set()))
    async with environment.open(CLUSTER):
        machine = await environment.launch(request())
        assert machine.environment_id is not None
        os.kill(lab.engine.pid_of(machine.environment_id), signal.SIGKILL)
        with anyio.fail_after(10):
            await ended.wait()
    assert reported == [(FIRST, "the container is exited, its exit code is 137")]
    (logged,) = (record for record in caplog.records if record.message == "container ended")
    assert logged.media_node_id == FIRST  # type: ignore[attr-defined]


Deed: TypeAlias = Callable[[Engine, str], None]


def pause(engine: Engine, container_id: str) -> None:
    assert engine.ask("POST", f"/containers/{container_id}/pause")[0] == 204


def take_off_the_network(engine: Engine, container_id: str) -> None:
    order = {"Container": container_id, "Force": True}
    assert engine.ask("POST", "/networks/bridge/disconnect", order)[0] == 200


def kill(engine: Engine, container_id: str) -> None:
    os.kill(engine.pid_of(container_id), signal.SIGKILL)
    assert engine.ask("POST", f"/containers/{container_id}/wait")[0] == 200


def remove(engine: Engine, container_id: str) -> None:
    assert engine.ask("DELETE", f"/containers/{container_id}?force=true")[0] == 204


@pytest.mark.parametrize(
    ("deed", "is_found", "is_gone"),
    [
        (pause, False, False),
        (take_off_the_network, False, False),
        (kill, False, True),
        (remove, False, True),
    ],
)
async def test_only_a_container_that_does_not_come_back_is_gone(
    lab: Lab, deed: Deed, is_found: bool, is_gone: bool
) -> None:
    async with (environment := lab.make()).open(CLUSTER):
        machine = await environment.launch(request())
        node = make_node(id=FIRST, environment_id=machine.environment_id)
        assert await environment.gone([node]) == frozenset()
        assert machine.environment_id is not None
        deed(lab.engine, machine.environment_id)
        assert bool(await environment.discover()) == is_found
        assert await environment.gone([node]) == ({FIRST} if is_gone else frozenset())


@pytest.mark.parametrize("expected", [b"<html>bad gateway</html>\n", b'{"Type": "con', b'"\xff"\n'])
async def test_an_engine_with_invalid_events_is_polled_again(expected: bytes) -> None:
    asked = []
    twice = anyio.Event()

    async def answer(stream: SocketStream) -> None:
        async with stream:
            while head := await stream.receive():
                path = head.split()[1].decode()
                if "version" in path:
                    body = b'{"ApiVersion": "1.41"}'
                elif "events" in path:
                    body = expected
                    asked.append(path)
                    if len(asked) == 2:
                        twice.set()
                else:
                    body = b"[]"
                length = f"Content-Length: {len(body)}\r\n\r\n"
                kind = "Content-Type: application/json\r\n"
                await stream.send(f"HTTP/1.1 200 OK\r\n{kind}{length}".encode() + body)

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(SocketAttribute.local_port)
        settings = DockerSettings(host=f"tcp://127.0.0.1:{port}", image=IMAGE)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, answer)
            async with (environment := Docker(settings)).open(CLUSTER):
                with anyio.fail_after(10):
                    await twice.wait()
                assert list(await environment.discover()) == []
            tasks.cancel_scope.cancel()


async def test_containers_of_others_are_never_ended(lab: Lab) -> None:
    async with (theirs := lab.make()).open("other"):
        foreign = await theirs.launch(request(SECOND))
    async with (environment := lab.make()).open(CLUSTER):
        for environment_id in (foreign.environment_id, "0" * 64, "not-an-id"):
            await environment.terminate(make_node(id=FIRST, environment_id=environment_id))
    assert await lab.machines() == [foreign.environment_id]
