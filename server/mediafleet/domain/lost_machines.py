"""Which members have lost their machines, as environments list them, or their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediafleet.domain.endpoints import MediaServerUri
from mediafleet.domain.machines import missing
from mediafleet.domain.media_node import SERVING_STATUSES, MediaNodeStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.machines import Machine


def members_to_look_up(cluster: Cluster, *, sees_every_end: bool) -> tuple[Member, ...]:
    """Members whose machines must be looked up when the server starts.

    Those whose termination may have reached the machine, and those that served.

    Args:
        cluster: As it is.
        sees_every_end: The environment can say it of those that served, too.
    """
    terminating = frozenset({MediaNodeStatus.TERMINATING})
    statuses = SERVING_STATUSES | terminating if sees_every_end else terminating
    return tuple(
        member
        for member in cluster
        if member.node.status in statuses and member.node.environment_id is not None
    )


def conflicts_with_launch(
    cluster: Cluster, successor: Member, machine: Machine
) -> tuple[Member, ...]:
    """Members at the address of a machine that was launched for another one.

    No two running machines have the same address, so those of the members are gone. A member that
    was connected before the launch is not returned: there the environment must be wrong.

    Args:
        cluster: As it is.
        successor: The member it was launched for.
        machine: That runs.
    """
    return tuple(
        member
        for member in _others_at_address(cluster, machine)
        if member is not successor and not _was_connected_before(member, successor)
    )


def conflicts_with_listing(
    cluster: Cluster, machine: Machine, machines: Sequence[Machine]
) -> tuple[Member, ...]:
    """Members at the address of a machine that is not theirs, while theirs is not listed.

    A connected one is not returned: the environment may have renamed its machine.

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


def _was_connected_before(member: Member, successor: Member) -> bool:
    since = member.connection.connection_time
    return (
        member.connection.connected and since is not None and since < successor.node.launching_time
    )
