"""How many Media Nodes the cluster launches or drains to reach its configured size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediafleet.domain.media_node import ACTIVE_STATUSES, MediaNodeStatus

if TYPE_CHECKING:
    from mediafleet.domain.cluster import Cluster, Member


@dataclass(frozen=True, slots=True)
class Resizing:
    """What brings the cluster to its size.

    Attributes:
        missing: How many nodes are to be launched.
        surplus: Ids of nodes that are to leave when their sessions have ended.
    """

    missing: int = 0
    surplus: tuple[str, ...] = ()


def resizing(
    cluster: Cluster, wanted: int, *, remembered: int | None, began_empty: bool
) -> Resizing:
    """Compare the nodes that are at work, or soon will be, with those that are wanted.

    Nodes leave only if the wanted number is another one now, or if all of them were just found by
    a store without members: a cluster that grew by hand, or that a crash interrupted, is never
    trimmed by a mere start.

    Args:
        cluster: As it is.
        wanted: The configured number.
        remembered: The number at the last resizing; ``None``: there was none with this store.
        began_empty: There were no members before machines were looked for.
    """
    active = [member for member in cluster if member.node.status in ACTIVE_STATUSES]
    if len(active) <= wanted:
        return Resizing(missing=wanted - len(active))
    if remembered == wanted or (remembered is None and not began_empty):
        return Resizing()
    by_worth = sorted(active, key=_worth)
    return Resizing(surplus=tuple(each.node.id for each in by_worth[: len(active) - wanted]))


def _worth(member: Member) -> tuple[bool, int, float]:
    """Nodes not yet at work leave first, then those with the fewest sessions, then the youngest."""
    return (
        member.node.status is MediaNodeStatus.RUNNING,
        len(member.connection.sessions),
        -member.node.launching_time.timestamp(),
    )
