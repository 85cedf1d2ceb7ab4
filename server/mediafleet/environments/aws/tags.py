"""Whose an instance is, told by its tags; no other instance is ever touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mediafleet.environments.aws.settings import AwsSettings

CLUSTER, NODE = "mediafleet:cluster", "mediafleet:node"
MEMBER, STACK_NAME, STACK_ID, REGION = (
    "ov-cluster-member",
    "ov-stack-name",
    "ov-stack-id",
    "ov-stack-region",
)
"""As OpenVidu's deployment names them."""
MEDIA_NODE = "kms"
ALIVE = ("pending", "running")

Filter = dict[str, "str | list[str]"]


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
        """All tags of the instance that is launched for a Media Node, as EC2 wants them."""
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
        """Questions whose answers together are all living instances of the cluster."""
        ours = [[_is(CLUSTER, self.cluster_id)]]
        if self.settings.stack_name:
            stack = [_is(MEMBER, MEDIA_NODE), _is(STACK_NAME, self.settings.stack_name)]
            ours.append(stack)
        return [[*filters, _alive()] for filters in ours]

    def filters_of(self, node_id: str) -> list[Filter]:
        """The question for the living instances that were launched for a Media Node."""
        return [_is(CLUSTER, self.cluster_id), _is(NODE, node_id), _alive()]

    def is_ours(self, tags: Mapping[str, str]) -> bool:
        """Whether an instance belongs to the cluster: by our tag, else by its deployment."""
        if CLUSTER in tags:
            return tags[CLUSTER] == self.cluster_id
        stack = self.settings.stack_name
        return bool(stack) and tags.get(MEMBER) == MEDIA_NODE and tags.get(STACK_NAME) == stack


def tags_of(instance: Mapping[str, Any]) -> dict[str, str]:
    """The tags of an instance as EC2 describes it."""
    tags: Sequence[Mapping[str, str]] = instance.get("Tags", ())
    return {tag["Key"]: tag["Value"] for tag in tags}


def _is(tag: str, value: str) -> Filter:
    return {"Name": f"tag:{tag}", "Values": [value]}


def _alive() -> Filter:
    return {"Name": "instance-state-name", "Values": list(ALIVE)}
