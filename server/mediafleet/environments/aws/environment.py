"""The environment `aws`: EC2 instances, launched by token and identified by tags."""

from __future__ import annotations

import hashlib
import logging
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import anyio
from typing_extensions import override

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import Machine, MachineRequest
from mediafleet.domain.ports import Environment
from mediafleet.environments.aws.ec2 import NAME, Ec2Error, open_ec2
from mediafleet.environments.common import is_node_id, kurento_uri

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from random import Random

    from mediafleet.domain.media_node import MediaNode
from mediafleet.environments.aws.ec2 import AwsSettings

CLUSTER, NODE = "mediafleet:cluster", "mediafleet:node"
MEMBER, STACK_NAME, STACK_ID, REGION = (
    "ov-cluster-member",
    "ov-stack-name",
    "ov-stack-id",
    "ov-stack-region",
)
"""The tags of OpenVidu's deployments."""
MEDIA_NODE = "kms"
ALIVE = ("pending", "running")

Filter = dict[str, "str | list[str]"]


log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 0.1
_INSTANCE_ID = re.compile(r"i-[0-9a-f]{8,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of one cluster's instances.

    Attributes:
        cluster_id: The cluster.
        settings: With the deployment that it belongs to, if any.
    """

    cluster_id: str
    settings: AwsSettings

    def of(self, node_id: str) -> list[dict[str, str]]:
        """Return the tags of the instance for a Media Node, in the form of the EC2 API."""
        given = {
            "Name": f"mediafleet {self.cluster_id} {node_id}",
            CLUSTER: self.cluster_id,
            NODE: node_id,
            MEMBER: MEDIA_NODE,
            REGION: self.settings.region,
            STACK_NAME: self.settings.stack_name,
            STACK_ID: self.settings.stack_id,
        }
        return [{"Key": key, "Value": value} for key, value in given.items() if value]

    def filters(self) -> list[list[Filter]]:
        """Return filters that together match all living instances of the cluster."""
        ours = [[_is(CLUSTER, self.cluster_id)]]
        if self.settings.stack_name:
            stack = [_is(MEMBER, MEDIA_NODE), _is(STACK_NAME, self.settings.stack_name)]
            ours.append(stack)
        return [[*filters, _alive()] for filters in ours]

    def filters_of(self, node_id: str) -> list[Filter]:
        """Return the filters that match the living instances of a Media Node."""
        return [_is(CLUSTER, self.cluster_id), _is(NODE, node_id), _alive()]

    def is_ours(self, tags: Mapping[str, str]) -> bool:
        """Return whether an instance has the cluster's tag, or else the deployment's."""
        if CLUSTER in tags:
            return tags[CLUSTER] == self.cluster_id
        stack = self.settings.stack_name
        return bool(stack) and tags.get(MEMBER) == MEDIA_NODE and tags.get(STACK_NAME) == stack


def tags_of(instance: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of an instance."""
    tags: Sequence[Mapping[str, str]] = instance.get("Tags", ())
    return {tag["Key"]: tag["Value"] for tag in tags}


def _is(tag: str, value: str) -> Filter:
    return {"Name": f"tag:{tag}", "Values": [value]}


def _alive() -> Filter:
    return {"Name": "instance-state-name", "Values": list(ALIVE)}


class Aws(Environment):
    """Runs one instance per Media Node, tagged with the ids of the cluster and the node."""

    name = NAME
    launches_machines = True
    ends_with_server = False

    def __init__(self, settings: AwsSettings, random: Random | None = None) -> None:
        self._settings = settings
        self._random = random or SystemRandom()

    @override
    @asynccontextmanager
    async def open(self, cluster_id: str) -> AsyncIterator[None]:
        async with open_ec2(self._settings, self._random) as self._ec2:
            self._tags = Tags(cluster_id, self._settings)
            yield

    @override
    async def launch(self, request: MachineRequest) -> Machine:
        try:
            # AWS forgets a token after a while; the tags stay with the instance.
            found = await self._ec2.describe(self._tags.filters_of(request.node_id))
            instance_id = (
                str(found[0]["InstanceId"])
                if found
                else await self._ec2.run_instance(
                    _token(self._tags.cluster_id, request.node_id), self._tags.of(request.node_id)
                )
            )
        except Ec2Error as error:
            raise error.to_failure("launch") from None
        return await self._running(instance_id, request.node_id)

    @override
    async def terminate(self, node: MediaNode) -> None:
        try:
            found = await self._ec2.describe(self._tags.filters_of(node.id))
            ids = [str(instance["InstanceId"]) for instance in found]
            named = node.environment_id
            if named is not None and named not in ids and _INSTANCE_ID.fullmatch(named):
                instance = await self._ec2.find(named)
                if instance is not None and self._tags.is_ours(tags_of(instance)):
                    ids.append(named)
                elif instance is not None:
                    log.warning(
                        "instance belongs to another cluster and is not terminated",
                        extra={"media_node_id": node.id, "environment_id": named},
                    )
            await self._ec2.terminate(ids)
        except Ec2Error as error:
            raise error.to_failure("terminate") from None

    @override
    async def discover(self) -> Sequence[Machine]:
        instances: dict[str, Mapping[str, Any]] = {}
        try:
            for filters in self._tags.filters():
                for instance in await self._ec2.describe(filters):
                    instances[str(instance["InstanceId"])] = instance
        except Ec2Error as error:
            raise error.to_failure("discover") from None
        return [
            self._machine(instance)
            for instance in instances.values()
            if _is_ready(instance) and self._tags.is_ours(tags_of(instance))
        ]

    @override
    def may_have_made(self, environment_id: str) -> bool:
        return _INSTANCE_ID.fullmatch(environment_id) is not None

    async def _running(self, instance_id: str, node_id: str) -> Machine:
        """Wait until an instance runs; terminate it if it does not."""
        reason = f"instance {instance_id} did not run in time"
        pause = _FIRST_PAUSE_S
        try:
            with anyio.move_on_after(self._settings.launch_timeout):
                while True:
                    instance = await self._ec2.find(instance_id)
                    if instance is not None and instance["State"]["Name"] not in ALIVE:
                        reason = _why_ended(instance)
                        break
                    if instance is not None and _is_ready(instance):
                        return self._machine(instance, node_id)
                    await anyio.sleep(pause)
                    pause = min(2 * pause, self._settings.poll_interval)
        except Ec2Error as error:
            reason = error.detail
        await self._clean_up(instance_id)
        raise EnvironmentFailureError(NAME, "launch", reason)

    async def _clean_up(self, instance_id: str) -> None:
        try:
            await self._ec2.terminate([instance_id])
        except Ec2Error as error:
            log.warning(
                "instance of a failed launch may still run",
                extra={"environment_id": instance_id, "reason": error.detail},
            )

    def _machine(self, instance: Mapping[str, Any], node_id: str | None = None) -> Machine:
        known = node_id or tags_of(instance).get(NODE)
        return Machine(
            environment_id=str(instance["InstanceId"]),
            uri=kurento_uri(str(instance["PrivateIpAddress"]), self._settings.port),
            node_id=known if known and is_node_id(known) else None,
        )


def _is_ready(instance: Mapping[str, Any]) -> bool:
    return instance["State"]["Name"] == "running" and bool(instance.get("PrivateIpAddress"))


def _why_ended(instance: Mapping[str, Any]) -> str:
    reason = instance.get("StateReason", {}).get("Message", "no reason was given")
    state = instance["State"]["Name"]
    return f"instance {instance['InstanceId']} is {state}: {reason}"


def _token(cluster_id: str, node_id: str) -> str:
    """Return the same token for every attempt to launch a node; EC2 allows 64 characters."""
    return hashlib.sha256(f"{cluster_id}/{node_id}".encode()).hexdigest()
