"""How the sessions of a Media Node are ended that somebody wants to be gone at once."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.events import SessionDestroyed
from mediafleet.domain.media_node import MediaNodeStatus
from mediafleet.domain.ports import Note
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mediafleet.domain.cluster import Cluster, Session
    from mediafleet.domain.ports import Clock, MediaServers

log = logging.getLogger(__name__)

LINK_WAIT_S = 5.0
TOLD_AT_ONCE = 500
REASON = "mediaServerDisconnect"
"""Why a session ended whose node was removed; the word of OpenVidu."""


class Evictions:
    """Ends sessions, and has told of each end before.

    An end is told before the session is touched: a server that is killed in between tells it again,
    and never leaves one untold.
    """

    def __init__(self, state: ClusterState, media_servers: MediaServers, clock: Clock) -> None:
        self._state = state
        self._media_servers = media_servers
        self._clock = clock
        self._told: dict[str, set[str]] = {}

    def forget(self, node_id: str) -> None:
        """The node is gone."""
        self._told.pop(node_id, None)

    async def end_sessions(self, node_id: str) -> None:
        """End all sessions of a terminating node; those of one out of touch are only told of.

        Raises:
            StoreUnavailableError: Their ends could not be told, and no session was ended.
        """
        await self._until_connected(node_id)
        try:
            await self._tell(node_id, await self._media_servers.list_sessions(node_id))
            await self._tell(node_id, await self._media_servers.release_sessions(node_id))
        except UnreachableMediaServerError as error:
            log.warning(
                "sessions not ended, the node does not answer",
                extra={"media_node_id": node_id, "reason": str(error)},
            )
            await self._tell(node_id, self._booked(node_id))

    def _booked(self, node_id: str) -> tuple[Session, ...]:
        member = self._state.member(node_id)
        return () if member is None else member.connection.sessions

    async def _until_connected(self, node_id: str) -> None:
        """Give the link a moment: after a restart it is not up at once."""
        with anyio.move_on_after(LINK_WAIT_S):
            await self._state.wait_until(node_id, lambda m: m is None or m.connection.connected)

    async def _tell(self, node_id: str, sessions: Iterable[Session]) -> None:
        """Commit the ends of sessions that were not told yet, some at a time."""
        told = self._told.setdefault(node_id, set())
        new = [session for session in sessions if session.object_id not in told]
        for begin in range(0, len(new), TOLD_AT_ONCE):
            chunk = new[begin : begin + TOLD_AT_ONCE]
            await self._state.change(partial(self._ends, node_id, chunk))
            told.update(session.object_id for session in chunk)

    def _ends(self, node_id: str, sessions: Iterable[Session], cluster: Cluster) -> Decision[None]:
        member = cluster.get(node_id)
        if member is None or member.node.status is not MediaNodeStatus.TERMINATING:
            return Decision(None)
        at = self._clock.now()
        return Decision(
            None,
            tuple(
                Note(
                    SessionDestroyed(
                        timestamp=at,
                        id=node_id,
                        session_id=session.id,
                        start_time=session.created_at,
                        reason=REASON,
                    )
                )
                for session in sessions
            ),
        )
