"""Members whose machines are no more, as environments tell: at the start, and by an address."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import ended_members, lost_members
from mediafleet.domain.media_node import MediaNodeStatus, transition
from mediafleet.domain.ports import Change
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.ports import Clock, Environment, MediaServers

log = logging.getLogger(__name__)


async def part_from_lost(state: ClusterState, environment: Environment, clock: Clock) -> None:
    """Remove the members whose machines are gone for good, as far as the environment knows that.

    Those whose removal had begun wait for nobody any more if their machine does not run. It is
    called before anything else acts, so that the cluster grows again by as many.

    Raises:
        StoreUnavailableError: Nothing was changed.
    """
    if not _is_worth_asking(environment, state.snapshot):
        return
    try:
        machines = await environment.discover()
    except EnvironmentFailureError as error:
        log.warning("members not compared with machines", extra={"reason": str(error)})
        return

    def decide(cluster: Cluster) -> Decision[None]:
        to, at = MediaNodeStatus.TERMINATING, clock.now()
        lost = lost_members(cluster, machines) if environment.sees_every_end else ()
        # Nobody is left to be asked for sessions.
        gone = (transition(each.node, to, at=at, evicts_sessions=True) for each in lost)
        return Decision(None, tuple(Change(*each) for each in gone))

    await state.change(decide)
    for member in ended_members(state.snapshot, machines):
        state.note_gone(member.node.id)


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


def _is_worth_asking(environment: Environment, cluster: Cluster) -> bool:
    is_terminating = any(member.node.status is MediaNodeStatus.TERMINATING for member in cluster)
    return environment.sees_every_end or (environment.launches_machines and is_terminating)
