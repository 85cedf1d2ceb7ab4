"""Decides how many Media Nodes to launch or drain to reach the configured size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediafleet.domain.media_node import ACTIVE_STATUSES, MediaNodeStatus

if TYPE_CHECKING:
    from mediafleet.domain.cluster import Cluster, Member


@dataclass(frozen=True, slots=True)
class Resizing:
    """What must be done to reach the size.

    Attributes:
        missing: How many nodes to launch.
        surplus: Ids of nodes to drain.
    """

    missing: int = 0
    surplus: tuple[str, ...] = ()


def resizing(
    cluster: Cluster, wanted: int, *, remembered: int | None, began_empty: bool
) -> Resizing:
    """Compare the nodes that run or are launched with the configured number.

    Nodes are drained only if the configured number has changed, or if a store without members has
    just adopted all of them: a start alone never drains a cluster that was extended by hand or
    interrupted by a crash.

    Args:
        cluster: As it is.
        wanted: The configured number.
        remembered: The number at the last resizing; ``None``: there was none with this store.
        began_empty: There were no members before machines were discovered.
    """
    active = [member for member in cluster if member.node.status in ACTIVE_STATUSES]
    if len(active) <= wanted:
        return Resizing(missing=wanted - len(active))
    if remembered == wanted or (remembered is None and not began_empty):
        return Resizing()
    by_priority = sorted(active, key=_drain_priority)
    return Resizing(surplus=tuple(each.node.id for each in by_priority[: len(active) - wanted]))


def _drain_priority(member: Member) -> tuple[bool, int, float]:
    """First nodes that do not run yet, then those with the fewest sessions, then the youngest."""
    return (
        member.node.status is MediaNodeStatus.RUNNING,
        len(member.sessions),
        -member.node.launching_time.timestamp(),
    )
