"""Whose machines are gone, as far as environments tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediafleet.domain.endpoints import MediaServerUri
from mediafleet.domain.media_node import SERVING_STATUSES, MediaNodeStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.ports import Machine


def judged_members(cluster: Cluster, *, sees_every_end: bool) -> tuple[Member, ...]:
    """Members of which it matters, when the server begins, whether their machine is no more.

    Those whose termination may have come as far as the machine, and those that served.

    Args:
        cluster: As it is.
        sees_every_end: The environment knows it of those that served, too.
    """
    terminating = frozenset({MediaNodeStatus.TERMINATING})
    judged = SERVING_STATUSES | terminating if sees_every_end else terminating
    return tuple(
        member
        for member in cluster
        if member.node.status in judged and member.node.environment_id is not None
    )


def missing(nodes: Sequence[MediaNode], machines: Sequence[Machine]) -> frozenset[str]:
    """Ids of the Media Nodes whose machine is none of these."""
    names = {machine.environment_id for machine in machines}
    ids = {machine.node_id for machine in machines}
    return frozenset(
        node.id for node in nodes if node.environment_id not in names and node.id not in ids
    )


def displaced_by_launch(cluster: Cluster, heir: Member, machine: Machine) -> tuple[Member, ...]:
    """Members at the address of a machine that was launched for another one.

    No two machines that run have the same address, so theirs is no more. A member that was in touch
    before the launch is none of them: there the environment must be wrong.

    Args:
        cluster: As it is.
        heir: Whose machine it is.
        machine: That runs.
    """
    return tuple(
        member
        for member in _others_at_address(cluster, machine)
        if member is not heir and not _was_in_touch_before(member, heir)
    )


def displaced_by_listing(
    cluster: Cluster, machine: Machine, machines: Sequence[Machine]
) -> tuple[Member, ...]:
    """Members at the address of a machine that is not theirs, while theirs is not listed.

    One that is in touch is none of them: whoever lists may have given its machine another name.

    Args:
        cluster: As it is.
        machine: One of those that run.
        machines: All that run.
    """
    return tuple(
        member
        for member in _others_at_address(cluster, machine)
        if not member.connection.connected and _has_lost_its_machine(member, machines)
    )


def _others_at_address(cluster: Cluster, machine: Machine) -> Iterator[Member]:
    if machine.environment_id is None:
        return
    for member in cluster.at_endpoint(MediaServerUri.parse(machine.uri)):
        is_another = member.located_id not in {None, machine.environment_id}
        if is_another and member.node.holds_its_uri:
            yield member


def _has_lost_its_machine(member: Member, machines: Sequence[Machine]) -> bool:
    return member.node.environment_id is not None and bool(missing([member.node], machines))


def _was_in_touch_before(member: Member, heir: Member) -> bool:
    since = member.connection.connection_time
    return member.connection.connected and since is not None and since < heir.node.launching_time
