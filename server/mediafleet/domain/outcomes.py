"""What a step or a removal does to a Media Node, as the change to be committed."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from mediafleet.domain.lifecycle import DeletionStrategy, Patience, Removal, Step
from mediafleet.domain.media_node import MediaNode, MediaNodeStatus, evict, forget, transition
from mediafleet.domain.ports import Mutation
from mediafleet.domain.twins import twin_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mediafleet.domain.cluster import Cluster, Member

_STATUSES: Mapping[Step, MediaNodeStatus] = MappingProxyType(
    {
        Step.JOIN: MediaNodeStatus.RUNNING,
        Step.FAIL: MediaNodeStatus.FAILED,
        Step.ABANDON: MediaNodeStatus.TERMINATING,
        Step.RETIRE: MediaNodeStatus.TERMINATING,
        Step.TERMINATE: MediaNodeStatus.TERMINATED,
    }
)
"""Where a step leads; a launch changes nothing until the node is connected or it failed."""


def change_of_step(
    step: Step,
    member: Member,
    cluster: Cluster,
    patience: Patience,
    *,
    at: datetime,
) -> Mutation:
    """Say what a step that was taken changes.

    Args:
        step: The member's next step, done.
        member: The node as it is now.
        cluster: With all others; two nodes never share a media server.
        patience: What a launch that took too long was given.
        at: Moment of the step (aware, UTC).
    """
    if step is Step.FORGET:
        return Mutation(*forget(member.node, at=at), forget=True)
    to, node, reason = _STATUSES[step], member.located(), None
    if step is Step.FAIL:
        reason = member.failure or f"no connection within {patience.launch:g} s of the launch"
    elif step is Step.JOIN and (twin := twin_of(member, cluster)):
        to = MediaNodeStatus.FAILED
        reason = f"its media server is in the cluster already, as Media Node {twin}"
        # So is the machine behind it: whatever its name here, it is not this node's to be ended.
        node = replace(node, environment_id=None)
    evicts = node.evicts_sessions
    return Mutation(*transition(node, to, at=at, reason=reason, evicts_sessions=evicts))


def changes_of_removal(
    node: MediaNode, removal: Removal, strategy: DeletionStrategy, *, at: datetime
) -> tuple[Mutation, ...]:
    """Say what a removal changes at once; nothing if it is under way already or refused.

    Args:
        node: The node as it is now.
        removal: What the request comes to.
        strategy: What was asked for.
        at: Moment of the removal (aware, UTC).
    """
    evicts = strategy is DeletionStrategy.NOW
    match removal:
        case Removal.CANCEL:
            to = MediaNodeStatus.CANCELED
            return (Mutation(*transition(node, to, at=at, evicts_sessions=evicts)),)
        case Removal.FORGET:
            return (Mutation(*forget(node, at=at), forget=True),)
        case Removal.EVICT:
            return (Mutation(*evict(node, at=at)),)
        case Removal.TERMINATE:
            to = MediaNodeStatus.TERMINATING
            return (Mutation(*transition(node, to, at=at, evicts_sessions=evicts)),)
        case Removal.QUARANTINE if not node.is_quarantined:
            to = MediaNodeStatus.WAITING_IDLE_TO_TERMINATE
            return (Mutation(*transition(node, to, at=at)),)
        case _:
            return ()
