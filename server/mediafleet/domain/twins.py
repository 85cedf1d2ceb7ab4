"""Two members that are one media server: how that is seen, and which of them gives way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediafleet.domain.events import MediaNodeGaveWay
from mediafleet.domain.media_node import SERVING_STATUSES, MediaNodeStatus, transition
from mediafleet.domain.ports import EventOnly, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.ports import StoreEntry


def twin_of(member: Member, cluster: Cluster) -> str | None:
    """Id of another member whose link leads to the same media server process, if there is one."""
    server_id = member.connection.server_id
    if server_id is None:
        return None
    return next(
        (
            other.node.id
            for other in cluster.of_server(server_id)
            if other.node.id != member.node.id and other.node.holds_its_uri
        ),
        None,
    )


def at_work_by_age(members: Iterable[Member]) -> tuple[Member, ...]:
    """Of members whose links lead to one media server those that count, the eldest first: it stays.

    The others give way. Only those count that are at work and in touch: nobody is driven out by a
    name that leads nowhere just now, nor for a node that is on its way out itself.
    """
    at_work = (
        member
        for member in members
        if member.connection.connected and member.node.status in SERVING_STATUSES
    )
    return tuple(sorted(at_work, key=lambda each: (each.node.launching_time, each.node.id)))


def entries_of_giving_way(
    younger: Member, eldest: Member, *, at: datetime
) -> tuple[StoreEntry, ...]:
    """Have a member leave at once for another one that is the same media server.

    It leaves in one commit. Were it terminating for a while, its sessions would be waited for or
    ended, and those are sessions of the one that stays; so is its machine.
    """
    node = younger.node
    told = EventOnly(MediaNodeGaveWay(timestamp=at, id=node.id, uri=node.uri, stays=eldest.node.id))
    leaving = Mutation(*transition(node, MediaNodeStatus.TERMINATING, at=at))
    gone = Mutation(*transition(leaving.node, MediaNodeStatus.TERMINATED, at=at))
    return told, leaving, gone
