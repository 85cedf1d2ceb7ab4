"""What the server decides about Media Nodes that fail, and what it has measured until then."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mediafleet.domain import observations
from mediafleet.domain.diagnostics import DECISIONS_KEPT, Diagnostics, FailureDecision

if TYPE_CHECKING:
    from mediafleet.domain.cluster import Member
    from mediafleet.domain.diagnostics import Finding
    from mediafleet.domain.ports import Clock, MediaServers
    from mediafleet.services.cluster_state import ClusterState

log = logging.getLogger(__name__)


class FailureDecisions:
    """Records decisions with the members, and joins them with what the links keep."""

    def __init__(self, state: ClusterState, media_servers: MediaServers, clock: Clock) -> None:
        self._state = state
        self._media_servers = media_servers
        self._clock = clock

    def record(self, node_id: str, finding: Finding, reason: str) -> None:
        """Keep a decision about a member with what its link measured until now."""
        measured = self._media_servers.diagnostics(node_id)
        if measured is None:
            return
        decision = FailureDecision(
            at=self._clock.now(),
            finding=finding,
            reason=reason,
            last_reply=measured.last_reply,
            pings=measured.pings,
            failed_dials=measured.failed_dials,
            socket_error=None,
            lag=measured.lag,
        )
        self._state.note(node_id, partial(observations.decided, decision=decision))

    def diagnostics(self, member: Member) -> Diagnostics:
        """What a member is judged on now: the measurements of its link, and all decisions."""
        node_id = member.node.id
        measured = self._media_servers.diagnostics(node_id) or Diagnostics(member.connection)
        decisions = sorted((*measured.decisions, *member.decisions), key=lambda each: each.at)
        return replace(measured, decisions=tuple(decisions[-DECISIONS_KEPT:]))

    def log_all(self, member: Member) -> None:
        """Log the decisions about a member whose link is about to end, as they end with it."""
        if self._media_servers.diagnostics(member.node.id) is None:
            return  # it has none, so they are logged already
        known = self.diagnostics(member).decisions
        if decisions := [decision.in_words() for decision in known]:
            extra = {"media_node_id": member.node.id, "decisions": decisions}
            log.info("media server detached", extra=extra)
