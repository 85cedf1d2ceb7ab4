"""The environment `aws`, against the suite of all environments and on its own.

EC2 is moto behind a shim of ours; instances are emulated nodes on loopback.
"""

import random
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import anyio
import pytest

from mediafleet.clock import SystemClock
from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import MachineRequest
from mediafleet.emulator import EmulatedCluster
from mediafleet.environments.aws import Aws, AwsSettings
from mediafleet.environments.aws.environment import CLUSTER as CLUSTER_TAG
from support import ec2_shim
from support.ec2_shim import Ec2Shim, Fault
from support.environment_suite import CLUSTER, FIRST, SECOND, LaunchingSuite
from support.factories import make_node

pytestmark = pytest.mark.anyio

INSTANCES = 6
KEY = "canary-of-a-secret-key"


class Lab:
    name = "aws"

    def __init__(self, shim: Ec2Shim, url: str, port: int) -> None:
        self.shim = shim
        self.settings = AwsSettings(
            region="eu-west-1",
            image_id="ami-0c58bcdd26011d0fd",
            instance_type="c5.xlarge",
            access_key=("AKIDEXAMPLE", KEY),
            endpoint_url=url,
            port=port,
            launch_timeout=10,
            request_timeout=20,
            poll_interval=0.05,
        )

    def make(self, **changes: object) -> Aws:
        return Aws(replace(self.settings, **changes), random.Random(1))  # type: ignore[arg-type]

    async def machines(self) -> list[str]:
        return self.shim.alive()

    def make_broken(self) -> Aws:
        self.shim.faults.append(
            Fault("RunInstances", "InvalidAMIID.NotFound", "no\nsuch\timage\x7f " + "!" * 2000)
        )
        return self.make()

    def make_slow(self) -> Aws:
        self.shim.faults.append(Fault("RunInstances", delay=1.0))
        return self.make()


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with EmulatedCluster(
        nodes=INSTANCES, random=random.Random(7), clock=SystemClock()
    ) as cluster:
        shim = ec2_shim.backed_by(cluster)
        with ec2_shim.serving(shim) as url:
            lab = Lab(shim, url, cluster.port)
            async with (environment := lab.make()).open(CLUSTER):
                await environment.discover()  # moto takes its time when it is asked first
            shim.asked.clear()
            yield lab


class TestAws(LaunchingSuite):
    """Launches instances."""


def request(node_id: str = FIRST) -> MachineRequest:
    return MachineRequest(node_id, None)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("RunInstances", "InsufficientInstanceCapacity"), "no capacity for c5.xlarge"),
        (Fault("RunInstances", "VcpuLimitExceeded"), "quota"),
        (Fault("RunInstances", "UnauthorizedOperation", status=403), "permission ec2:RunInstances"),
        (Fault("DescribeInstances", "UnauthorizedOperation", status=403), "ec2:DescribeInstances"),
        (Fault("RunInstances", "AuthFailure", status=401), "refuses the credentials"),
        (Fault("RunInstances", "InvalidSubnetID.NotFound"), "check the AWS_"),
    ],
    ids=lambda value: value.code if isinstance(value, Fault) else "",
)
async def test_an_error_says_what_to_do(lab: Lab, fault: Fault, expected: str) -> None:
    lab.shim.faults.append(fault)
    async with (environment := lab.make()).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError) as failure:
            await environment.launch(request())

    assert expected in failure.value.detail
    assert fault.code in failure.value.detail
    assert KEY not in str(failure.value)
    assert lab.shim.asked[fault.action] == 1
    assert lab.shim.alive() == []


async def test_the_secret_part_of_an_error_is_left_out(lab: Lab) -> None:
    message = "You are not allowed. Encoded authorization failure message: c2VjcmV0" * 1
    lab.shim.faults.append(Fault("RunInstances", "UnauthorizedOperation", message, status=403))
    async with (environment := lab.make()).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError) as failure:
            await environment.launch(request())

    assert "You are not allowed." in failure.value.detail
    assert "c2VjcmV0" not in failure.value.detail


@pytest.mark.parametrize("action", ["DescribeInstances", "RunInstances"])
async def test_throttling_is_waited_out(lab: Lab, action: str) -> None:
    lab.shim.faults.append(Fault(action, "RequestLimitExceeded", status=503, times=3))
    async with (environment := lab.make()).open(CLUSTER):
        machine = await environment.launch(request())

    assert lab.shim.alive() == [machine.environment_id]
    assert lab.shim.asked[action] >= 4


async def test_throttling_without_end_is_a_failure_in_time(lab: Lab) -> None:
    lab.shim.faults.append(Fault("RunInstances", "RequestLimitExceeded", status=503, times=99))
    began = time.monotonic()
    async with (environment := lab.make(request_timeout=3.0)).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError, match="RequestLimitExceeded"):
            await environment.launch(request())

    assert time.monotonic() - began < 15


async def test_an_answer_that_was_lost_does_not_launch_twice(lab: Lab) -> None:
    """AWS launched the instance, and its answer came too late: the token finds it again."""
    lab.shim.faults.append(Fault("RunInstances", delay=2.0))
    async with (environment := lab.make(request_timeout=0.5)).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError, match="in time"):
            await environment.launch(request())
    async with (environment := lab.make()).open(CLUSTER):
        machine = await environment.launch(request())

    assert lab.shim.alive() == [machine.environment_id]
    assert len(lab.shim.instances) == 1


async def test_an_instance_that_never_runs_is_ended(lab: Lab) -> None:
    lab.shim.boot = 60
    async with (environment := lab.make(launch_timeout=0.5)).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError, match="did not run in time"):
            await environment.launch(request())

    assert len(lab.shim.instances) == 1
    assert lab.shim.alive() == []


async def test_no_response_at_all_is_reported(lab: Lab) -> None:
    environment = lab.make(endpoint_url="http://127.0.0.1:9", request_timeout=0.6)
    async with environment.open(CLUSTER):
        with pytest.raises(EnvironmentFailureError) as failure:
            await environment.discover()

    assert KEY not in str(failure.value)
    assert "EC2 does not take DescribeInstances" in failure.value.detail


async def test_an_invalid_region_is_reported_at_once(lab: Lab) -> None:
    with pytest.raises(EnvironmentFailureError):
        async with lab.make(region="no region!", endpoint_url=None).open(CLUSTER):
            pass


async def test_discovery_reads_every_page(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mediafleet.environments.aws.ec2.PAGE", 5)
    async with (environment := lab.make()).open(CLUSTER):
        machines = [await environment.launch(request(f"kms_{n}")) for n in range(INSTANCES)]
        before = lab.shim.asked["DescribeInstances"]
        found = await environment.discover()

    assert {each.environment_id for each in found} == {each.environment_id for each in machines}
    assert lab.shim.asked["DescribeInstances"] - before >= 2


async def test_instances_of_the_deployment_are_found_by_its_tags(lab: Lab) -> None:
    """As OpenVidu's own scripts launch them: without tags of ours."""
    async with (official := lab.make(stack_name="my-stack")).open("other-cluster"):
        launched = await official.launch(request())
    lab_tags(lab, launched.environment_id, remove=CLUSTER_TAG)

    async with (environment := lab.make(stack_name="my-stack")).open(CLUSTER):
        assert [each.environment_id for each in await environment.discover()] == [
            launched.environment_id
        ]
        node = make_node(id=SECOND, environment_id=launched.environment_id)
        await environment.terminate(node)
    assert lab.shim.alive() == []


async def test_instances_of_another_deployment_are_not(lab: Lab) -> None:
    async with (official := lab.make(stack_name="other-stack")).open("other-cluster"):
        launched = await official.launch(request())
    lab_tags(lab, launched.environment_id, remove=CLUSTER_TAG)

    async with (environment := lab.make(stack_name="my-stack")).open(CLUSTER):
        assert list(await environment.discover()) == []
        await environment.terminate(make_node(id=SECOND, environment_id=launched.environment_id))
    assert lab.shim.alive() == [launched.environment_id]


async def test_terminating_what_is_gone_or_senseless_is_no_error(lab: Lab) -> None:
    async with (environment := lab.make()).open(CLUSTER):
        for environment_id in ("i-0123456789abcdef0", "not-an-instance", None):
            await environment.terminate(make_node(id=FIRST, environment_id=environment_id))


async def test_everything_configured_is_requested(lab: Lab) -> None:
    async with (
        environment := lab.make(
            volume_size=50, security_groups=(), stack_name="my-stack", stack_id="arn:aws:x"
        )
    ).open(CLUSTER):
        machine = await environment.launch(request())

    tags = lab_tags(lab, machine.environment_id)
    assert tags == {
        "Name": f"mediafleet {CLUSTER} {FIRST}",
        "mediafleet:cluster": CLUSTER,
        "mediafleet:node": FIRST,
        "ov-cluster-member": "kms",
        "ov-stack-region": "eu-west-1",
        "ov-stack-name": "my-stack",
        "ov-stack-id": "arn:aws:x",
    }


async def test_calls_do_not_block_each_other(lab: Lab) -> None:
    lab.shim.faults.append(Fault("DescribeInstances", delay=1.0))
    ticks = 0
    async with (environment := lab.make()).open(CLUSTER), anyio.create_task_group() as tasks:
        tasks.start_soon(environment.discover)
        with anyio.move_on_after(0.5):
            while True:
                await anyio.sleep(0.01)
                ticks += 1
    assert ticks > 20


def lab_tags(lab: Lab, instance_id: str | None, remove: str | None = None) -> dict[str, str]:
    """The tags that moto holds for an instance."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415

    backend = ec2_backends["123456789012"]["eu-west-1"]
    if remove is not None:
        backend.delete_tags([instance_id], {remove: None})
    return {
        tag["key"]: tag["value"] for tag in backend.describe_tags({"resource-id": [instance_id]})
    }
