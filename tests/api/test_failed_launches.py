"""What a failed launch may leave, through the whole server: it is ended, then forgotten."""

import random
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.clock import SystemClock
from mediafleet.domain.machines import MachineRequest
from mediafleet.emulator import EmulatedCluster
from mediafleet.environments.aws import Aws, AwsSettings
from support import ec2_shim, histories, live
from support.cluster_client import NODES, Json, delete, members, until_gone
from support.ec2_shim import Ec2Shim, Fault
from support.failing_environment import FailingEnvironment
from support.local_nodes import end_local_nodes, local_nodes, until_local_nodes
from support.machine_scripts import DROP, MachineScripts, write_script

pytestmark = pytest.mark.anyio

SOON_S = 10


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[FailingEnvironment]:
    yield FailingEnvironment(tmp_path)
    end_local_nodes(tmp_path)


@pytest.fixture
async def api(environment: FailingEnvironment, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with live.mediafleet(
        tmp_path, environment=environment, OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0
    ) as api:
        yield api


async def fail(api: httpx.AsyncClient) -> Json:
    """Ask for a node whose launch fails; what is listed of it."""
    answer = await api.post(NODES, params={"wait": "true"})
    assert answer.status_code == 502, answer.text
    (node,) = await members(api)
    assert node["status"] == "failed"
    return node


async def until_true(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(SOON_S):
        while not condition():
            await anyio.sleep(0.02)


async def test_what_a_failed_launch_leaves_is_ended_as_soon_as_that_can_be_done(
    api: httpx.AsyncClient, environment: FailingEnvironment, tmp_path: Path
) -> None:
    environment.failing_afterwards, environment.failing = {"launch"}, {"terminate"}
    node = await fail(api)
    await until_true(lambda: environment.calls["terminate"] == 1)

    assert len(local_nodes(tmp_path)) == 1
    (waiting,) = (await api.get("/health")).json()["waitingMediaNodes"]
    assert (waiting["id"], waiting["status"]) == (node["id"], "failed")
    assert "not authorized" in waiting["reason"]

    environment.failing.clear()
    await until_local_nodes(tmp_path, 0)
    assert environment.calls["launch"] == 1
    assert [each["id"] for each in await members(api)] == [node["id"]]
    with anyio.fail_after(SOON_S):
        while (await api.get("/health")).json()["waitingMediaNodes"]:
            await anyio.sleep(0.02)
    assert environment.calls["terminate"] == 2
    assert (await delete(api, node["id"])).status_code == 204
    assert await members(api) == []


async def test_a_failed_node_is_not_forgotten_before_what_it_left_is_ended(
    api: httpx.AsyncClient, environment: FailingEnvironment, tmp_path: Path
) -> None:
    environment.failing_afterwards, environment.failing = {"launch"}, {"terminate"}
    node = await fail(api)

    refused = await delete(api, node["id"], wait="true")
    assert refused.status_code == 502
    assert f"{node['id']} is still listed, it is tried again" in refused.json()["message"]
    assert "not authorized" in refused.json()["message"]
    assert (await delete(api, node["id"])).status_code == 204
    assert len(local_nodes(tmp_path)) == 1
    assert [each["id"] for each in await members(api)] == [node["id"]]

    environment.failing.clear()
    await until_gone(api, node["id"])
    assert local_nodes(tmp_path) == []


async def test_a_machine_seen_of_a_failed_node_is_ended_and_not_taken_in(
    api: httpx.AsyncClient, environment: FailingEnvironment, tmp_path: Path
) -> None:
    environment.failing = {"launch"}
    node = await fail(api)
    await until_true(lambda: environment.calls["terminate"] == 1)
    environment.failing.clear()
    await environment.launch(MachineRequest(node["id"], None))

    assert (await api.put(NODES)).json()["content"] == []
    await until_local_nodes(tmp_path, 0)
    assert [each["status"] for each in await members(api)] == ["failed"]


async def test_the_id_of_a_node_that_left_is_never_given_again(
    api: httpx.AsyncClient, environment: FailingEnvironment, tmp_path: Path
) -> None:
    environment.failing = {"launch"}
    node = await fail(api)
    assert (await delete(api, node["id"], wait="true")).status_code == 204
    environment.failing.clear()
    await environment.launch(MachineRequest(node["id"], None))
    assert len(local_nodes(tmp_path)) == 1

    environment.failing = {"terminate"}
    assert (await api.put(NODES)).json()["content"] == []
    assert len(local_nodes(tmp_path)) == 1
    environment.failing.clear()
    assert (await api.put(NODES)).json()["content"] == []
    assert local_nodes(tmp_path) == []
    assert await members(api) == []


@pytest.fixture
async def ec2() -> AsyncIterator[tuple[Ec2Shim, Aws]]:
    """EC2 that takes its time or refuses, and an environment with short timeouts."""
    async with EmulatedCluster(nodes=3, random=random.Random(7), clock=SystemClock()) as cluster:
        shim = ec2_shim.backed_by(cluster)
        with ec2_shim.serving(shim) as url:
            settings = AwsSettings(
                region="eu-west-1",
                image_id="ami-0c58bcdd26011d0fd",
                instance_type="c5.xlarge",
                access_key=("AKIDEXAMPLE", "a-key"),
                endpoint_url=url,
                port=cluster.port,
                launch_timeout=1,
                request_timeout=1,
                poll_interval=0.05,
            )
            async with (first := Aws(settings)).open("x"):
                with anyio.fail_after(30):  # moto takes its time when it is asked first
                    while not await _answers(first):
                        pass
            yield shim, Aws(settings, random.Random(1))


async def _answers(environment: Aws) -> bool:
    from mediafleet.domain.errors import EnvironmentFailureError  # noqa: PLC0415

    try:
        await environment.discover()
    except EnvironmentFailureError:
        return False
    return True


async def test_an_instance_whose_launch_was_not_answered_in_time_is_ended(
    ec2: tuple[Ec2Shim, Aws], tmp_path: Path
) -> None:
    shim, environment = ec2
    shim.faults.append(Fault("RunInstances", delay=2.0))
    async with live.mediafleet(
        tmp_path, environment=environment, OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0
    ) as api:
        node = await fail(api)
        await until_true(lambda: shim.alive() == [])
        assert len(shim.instances) == 1
        assert (await delete(api, node["id"], wait="true")).status_code == 204
        assert (await api.put(NODES)).json()["content"] == []


async def test_an_instance_that_cannot_be_ended_at_once_is_ended_later(
    ec2: tuple[Ec2Shim, Aws], tmp_path: Path
) -> None:
    shim, environment = ec2
    shim.boot = 60
    throttled = Fault("TerminateInstances", "RequestLimitExceeded", status=503, times=99)
    shim.faults.append(throttled)
    async with live.mediafleet(
        tmp_path, environment=environment, OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0
    ) as api:
        await fail(api)
        assert len(shim.alive()) == 1
        throttled.times = 0
        await until_true(lambda: shim.alive() == [])


@pytest.mark.parametrize("tells_nodes", [True, False])
async def test_a_machine_that_a_failed_script_named_is_dropped_until_that_is_done(
    tmp_path: Path, *, tells_nodes: bool
) -> None:
    scripts = MachineScripts(tmp_path)
    named = 'printf \'{"id": "%s", "ip": "%s"}\' "$id" "$ip"; exit 1'
    folder = scripts.write(after=named, tells_nodes=tells_nodes)
    drop, refusing = (folder / DROP).read_text(), tmp_path / "refusing"
    refusing.touch()
    write_script(
        folder / DROP, drop.replace("set -eu", f"set -eu\n[ ! -e '{refusing}' ] || exit 1")
    )
    try:
        async with live.mediafleet(
            tmp_path / "data",
            OPENVIDU_PRO_CLUSTER_ENVIRONMENT="script",
            OPENVIDU_PRO_CLUSTER_PATH=str(folder),
            OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0,
        ) as api:
            node = await fail(api)
            assert (await api.put(NODES)).json()["content"] == []
            assert len(scripts.alive()) == 1
            refusing.unlink()
            await until_true(lambda: scripts.alive() == [])
            assert (await delete(api, node["id"], wait="true")).status_code == 204
    finally:
        scripts.end_all()
    database = tmp_path / "data" / "mediafleet.db"
    assert histories.faults(histories.read_events(database), histories.read_members(database)) == []
