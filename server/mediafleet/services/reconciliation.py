"""What the cluster finds when it comes back: members whose machines did not outlive it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.lifecycle import ended_members, lost_members
from mediafleet.domain.media_node import MediaNodeStatus, transition
from mediafleet.domain.ports import Change
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from mediafleet.domain.cluster import Cluster
    from mediafleet.domain.ports import Clock, Environment

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
        state.end_last_look(member.node.id)


def _is_worth_asking(environment: Environment, cluster: Cluster) -> bool:
    is_terminating = any(member.node.status is MediaNodeStatus.TERMINATING for member in cluster)
    return environment.sees_every_end or (environment.launches_machines and is_terminating)
