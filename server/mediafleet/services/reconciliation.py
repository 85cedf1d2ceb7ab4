"""Members whose machines are no more, as environments tell: at the start, and by an address."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import judged_members
from mediafleet.domain.media_node import SERVING_STATUSES, MediaNodeStatus, transition
from mediafleet.domain.ports import Mutation
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.ports import Clock, Environment, MediaServers

log = logging.getLogger(__name__)


async def part_from_lost(state: ClusterState, environment: Environment, clock: Clock) -> None:
    """Remove the members whose machines are gone for good, as far as the environment knows that.

    Those whose removal had begun wait for nobody any more if their machine is no more. It is
    called before anything else acts, so that the cluster grows again by as many.

    Raises:
        StoreUnavailableError: Nothing was changed.
    """
    if not environment.launches_machines:
        return
    _tell_of_strangers(state.cluster, environment)
    judged = [
        member.node
        for member in judged_members(state.cluster, sees_every_end=environment.sees_every_end)
        if _is_own(member.node, environment)
    ]
    if not judged:
        return
    try:
        gone = await environment.gone(judged)
    except EnvironmentFailureError as error:
        log.warning("members not compared with machines", extra={"reason": str(error)})
        return

    def decide(cluster: Cluster) -> Decision[None]:
        to, at = MediaNodeStatus.TERMINATING, clock.now()
        nodes = (member.node for member in cluster if member.node.id in gone)
        lost = (node for node in nodes if node.status in SERVING_STATUSES)
        # Nobody is left to be asked for sessions.
        left = (transition(node, to, at=at, evicts_sessions=True) for node in lost)
        return Decision(None, tuple(Mutation(*each) for each in left))

    await state.change(decide)
    for node_id in gone:
        state.note_gone(node_id)


async def part_from_displaced(
    state: ClusterState, media_servers: MediaServers, displaced: Iterable[Member]
) -> None:
    """Let go of members at whose address there is another machine now, before it is asked anything.

    They take their leave as nodes do whose machine is gone. Were their links kept, what is meant
    for them would meet the other machine: its sessions could be ended in their stead.
    """
    for member in displaced:
        log.warning(
            "its address is another machine's now, so its own is gone",
            extra={"media_node_id": member.node.id, "uri": member.uri},
        )
        state.note_gone(member.node.id)
        await media_servers.detach(member.node.id)


def _tell_of_strangers(cluster: Cluster, environment: Environment) -> None:
    """Name the members that another environment launched: their machines are not ended here."""
    nodes = (member.node for member in cluster)
    if strangers := [node.id for node in nodes if not _is_own(node, environment)]:
        log.warning(
            "members of another environment stay; their machines are not judged, and not ended "
            "when they are removed",
            extra={"environment": environment.name, "media_node_ids": strangers},
        )


def _is_own(node: MediaNode, environment: Environment) -> bool:
    return node.environment_id is None or environment.may_have_made(node.environment_id)
