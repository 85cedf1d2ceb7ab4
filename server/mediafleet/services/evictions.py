"""Evictions: ends the sessions of a Media Node that is removed at once."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain import observations
from mediafleet.domain.calls import Reason
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.media_node import MediaNodeStatus
from mediafleet.domain.observations import ReportedEnds
from mediafleet.domain.outcomes import REPORTED_AT_ONCE, ends_of
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mediafleet.clock import Clock
    from mediafleet.domain.cluster import Cluster, Session
    from mediafleet.domain.ports import MediaServers

log = logging.getLogger(__name__)

LINK_WAIT_S = 5.0
ENDING_S = 5.0
"""How long sessions are ended while applications go on making new ones."""
ROUND_PAUSE_S = 0.05


class Evictions:
    """Ends the sessions of terminating nodes, and reports each end before it happens.

    An end is committed before the session is touched, and ends that were committed are read from
    the store: a server that is killed in between leaves no end unreported, and the next one reports
    none twice.
    """

    def __init__(self, state: ClusterState, media_servers: MediaServers, clock: Clock) -> None:
        self._state = state
        self._media_servers = media_servers
        self._clock = clock

    async def end_sessions(self, node_id: str) -> None:
        """End all sessions of a terminating node; of those that cannot be ended, report the end.

        Raises:
            StoreUnavailableError: The ends of some could not be reported; those were not ended.
        """
        await self._until_connected(node_id)
        try:
            reason = None if await self._end_all(node_id) else "new ones begin all the time"
        except UnreachableMediaServerError as error:
            reason = str(error)
        if reason is not None:
            extra = {"media_node_id": node_id, "reason": reason}
            log.warning("node is ended before all its sessions have ended", extra=extra)
            await self._report(node_id, self._known_sessions(node_id))

    async def _end_all(self, node_id: str) -> bool:
        """List, report, end what was reported, again and again; whether none is left in time.

        Raises:
            UnreachableMediaServerError: It does not answer, or its sessions do not end.
        """
        until = self._clock.monotonic() + ENDING_S
        while sessions := await self.list_foreign(node_id):
            await self._report(node_id, sessions)
            await self._media_servers.release_sessions(node_id, sessions)
            if self._clock.monotonic() >= until:
                return False
            await anyio.sleep(ROUND_PAUSE_S)
        return True

    async def list_foreign(self, node_id: str) -> tuple[Session, ...]:
        """Ask a node for its sessions; those of calls are known without that.

        Raises:
            UnreachableMediaServerError: It does not answer.
        """
        listed = await self._media_servers.list_sessions(node_id)
        member = self._state.member(node_id)
        return listed if member is None else member.foreign_of(listed)

    async def report_lost(self, node_id: str) -> None:
        """Report the ends of sessions that cannot be listed any more, after the link has ended.

        They are those of a process that is gone, and all of a node that was disconnected.

        Raises:
            StoreUnavailableError: They could not be reported.
        """
        member = self._state.member(node_id)
        if member is not None:
            known = () if member.connection.connected else member.foreign_sessions
            if lost := (*member.lost_sessions, *known):
                await self._report(node_id, lost, Reason.NODE_CRASHED)

    async def reported(self, node_id: str, sessions: Iterable[Session]) -> tuple[Session, ...]:
        """Those of some sessions of a terminating node whose ends are reported already.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        ends = await self._reported_ends(node_id)
        return tuple(session for session in sessions if ends.holds(session))

    async def _reported_ends(self, node_id: str) -> ReportedEnds:
        member = self._state.member(node_id)
        if member is not None and member.progress.reported is not None:
            return member.progress.reported
        ends = ReportedEnds.stored(await self._state.store.ended_sessions(node_id))
        self._state.record(node_id, partial(observations.ends_reported, ends=ends))
        return ends

    def _known_sessions(self, node_id: str) -> tuple[Session, ...]:
        member = self._state.member(node_id)
        return () if member is None else member.foreign_sessions

    async def _until_connected(self, node_id: str) -> None:
        """Wait a moment for the link: after a start of the server it is not up at once."""
        with anyio.move_on_after(LINK_WAIT_S):
            await self._state.wait_until(
                node_id, lambda m: m is None or m.gone or m.connection.connected
            )

    async def _report(
        self,
        node_id: str,
        sessions: Iterable[Session],
        reason: Reason = Reason.MEDIA_SERVER_DISCONNECT,
    ) -> None:
        """Commit the ends of sessions that are not reported yet, some at a time."""
        ends = await self._reported_ends(node_id)
        new = [session for session in sessions if not ends.holds(session)]
        for begin in range(0, len(new), REPORTED_AT_ONCE):
            chunk = new[begin : begin + REPORTED_AT_ONCE]
            await self._state.change(partial(self._ends, node_id, chunk, reason))
            ends = ends.with_own(chunk)
            self._state.record(node_id, partial(observations.ends_reported, ends=ends))

    def _ends(
        self, node_id: str, sessions: Iterable[Session], reason: Reason, cluster: Cluster
    ) -> Decision[None]:
        member = cluster.get(node_id)
        if member is None or member.node.status is not MediaNodeStatus.TERMINATING:
            return Decision(None)
        return Decision(None, ends_of(sessions, node_id, reason, at=self._clock.now()))
