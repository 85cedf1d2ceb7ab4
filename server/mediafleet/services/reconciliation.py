"""What the cluster finds when it comes back: members whose machines did not outlive it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.lifecycle import lost_members
from mediafleet.domain.media_node import MediaNodeStatus, transition
from mediafleet.domain.ports import Change
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from mediafleet.domain.cluster import Cluster
    from mediafleet.domain.ports import Clock, Environment

log = logging.getLogger(__name__)


async def part_from_lost(state: ClusterState, environment: Environment, clock: Clock) -> None:
    """Remove the members whose machines are gone for good, as far as the environment knows that.

    It is called before anything else acts, so that the cluster grows again by as many.

    Raises:
        StoreUnavailableError: Nothing was changed.
    """
    if not environment.sees_every_end:
        return
    try:
        machines = await environment.discover()
    except EnvironmentFailureError as error:
        log.warning("members not compared with machines", extra={"reason": str(error)})
        return

    def decide(cluster: Cluster) -> Decision[None]:
        to, at = MediaNodeStatus.TERMINATING, clock.now()
        lost = lost_members(cluster, machines)
        return Decision(None, tuple(Change(*transition(each.node, to, at=at)) for each in lost))

    await state.change(decide)
