"""How the sessions of a Media Node are ended that somebody wants to be gone at once."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain import crashes
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.events import SessionDestroyed
from mediafleet.domain.media_node import MediaNodeStatus
from mediafleet.domain.ports import EventOnly
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mediafleet.domain.cluster import Cluster, Session
    from mediafleet.domain.ports import Clock, MediaServers

log = logging.getLogger(__name__)

LINK_WAIT_S = 5.0
ENDING_S = 5.0
"""How long a node's sessions are ended while applications go on making new ones."""
ROUND_PAUSE_S = 0.05
TOLD_AT_ONCE = 500
REASON = "mediaServerDisconnect"
"""Why a session ended whose node was removed; the word of OpenVidu."""
SAME_BEGINNING = timedelta(seconds=2)
"""A media server tells the beginning in milliseconds at first, and in seconds when asked later."""


class _Told:
    """Which ends of a node's sessions are told.

    Ours are known by the media server's own ids. Those of a server before us are known by either id
    and by beginning: the store tells the id that the session had then, and a name that came late or
    was changed gives it another one here.
    """

    def __init__(self, ended: Iterable[tuple[str, datetime]]) -> None:
        self._ours: set[str] = set()
        self._earlier: dict[str, list[datetime]] = {}
        for session_id, began in ended:
            self._earlier.setdefault(session_id, []).append(began)

    def add(self, sessions: Iterable[Session]) -> None:
        self._ours.update(session.object_id for session in sessions)

    def holds(self, session: Session) -> bool:
        return session.object_id in self._ours or any(
            abs(session.created_at - began) < SAME_BEGINNING
            for session_id in (session.id, session.object_id)
            for began in self._earlier.get(session_id, ())
        )


class Evictions:
    """Ends sessions, and has told of each end before.

    An end is told before the session is touched, and what was told is asked of the store: a server
    that is killed in between leaves no end untold, and the next one tells none again.
    """

    def __init__(self, state: ClusterState, media_servers: MediaServers, clock: Clock) -> None:
        self._state = state
        self._media_servers = media_servers
        self._clock = clock
        self._told: dict[str, _Told] = {}

    def forget(self, node_id: str) -> None:
        """The node is gone."""
        self._told.pop(node_id, None)

    async def end_sessions(self, node_id: str) -> None:
        """End all sessions of a terminating node; those that cannot be ended are only told of.

        Raises:
            StoreUnavailableError: The ends of some could not be told, and those were not ended.
        """
        await self._until_connected(node_id)
        try:
            reason = None if await self._end_all(node_id) else "new ones begin all the time"
        except UnreachableMediaServerError as error:
            reason = str(error)
        if reason is not None:
            extra = {"media_node_id": node_id, "reason": reason}
            log.warning("node goes before all its sessions have ended", extra=extra)
            await self._tell(node_id, self._booked(node_id))

    async def _end_all(self, node_id: str) -> bool:
        """List, tell, end just those that were told; whether none was left within the time.

        Raises:
            UnreachableMediaServerError: It does not answer, or its sessions do not end.
        """
        until = self._clock.monotonic() + ENDING_S
        while sessions := await self._media_servers.list_sessions(node_id):
            await self._tell(node_id, sessions)
            await self._media_servers.release_sessions(node_id, sessions)
            if self._clock.monotonic() >= until:
                return False
            await anyio.sleep(ROUND_PAUSE_S)
        return True

    async def tell_lost(self, node_id: str) -> None:
        """Tell the ends of sessions that cannot be asked for any more, once the node has no link.

        They are those of a process that is gone, and all of a node that is out of touch.

        Raises:
            StoreUnavailableError: They could not be told.
        """
        member = self._state.member(node_id)
        if member is not None:
            booked = () if member.connection.connected else member.connection.sessions
            if left := (*member.lost_sessions, *booked):
                await self._tell(node_id, left, crashes.REASON)

    async def told(self, node_id: str, sessions: Iterable[Session]) -> tuple[Session, ...]:
        """Those of some sessions of a terminating node whose ends are told already.

        Raises:
            StoreUnavailableError: That is not known.
        """
        told = await self._known(node_id)
        return tuple(session for session in sessions if told.holds(session))

    async def _known(self, node_id: str) -> _Told:
        if node_id not in self._told:
            self._told[node_id] = _Told(await self._state.ended_sessions(node_id))
        return self._told[node_id]

    def _booked(self, node_id: str) -> tuple[Session, ...]:
        member = self._state.member(node_id)
        return () if member is None else member.connection.sessions

    async def _until_connected(self, node_id: str) -> None:
        """Give the link a moment: after a restart it is not up at once."""
        with anyio.move_on_after(LINK_WAIT_S):
            await self._state.wait_until(
                node_id, lambda m: m is None or m.gone or m.connection.connected
            )

    async def _tell(self, node_id: str, sessions: Iterable[Session], reason: str = REASON) -> None:
        """Commit the ends of sessions that were not told yet, some at a time."""
        told = await self._known(node_id)
        new = [session for session in sessions if not told.holds(session)]
        for begin in range(0, len(new), TOLD_AT_ONCE):
            chunk = new[begin : begin + TOLD_AT_ONCE]
            await self._state.change(partial(self._ends, node_id, chunk, reason))
            told.add(chunk)

    def _ends(
        self, node_id: str, sessions: Iterable[Session], reason: str, cluster: Cluster
    ) -> Decision[None]:
        member = cluster.get(node_id)
        if member is None or member.node.status is not MediaNodeStatus.TERMINATING:
            return Decision(None)
        at = self._clock.now()
        return Decision(
            None,
            tuple(
                EventOnly(
                    SessionDestroyed(
                        timestamp=at,
                        id=node_id,
                        session_id=session.id,
                        start_time=session.created_at,
                        reason=reason,
                    )
                )
                for session in sessions
            ),
        )
