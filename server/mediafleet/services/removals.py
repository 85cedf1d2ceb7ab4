"""Removes Media Nodes when a user requests it, and at the stop of the server."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain import observations
from mediafleet.domain.errors import (
    MediafleetError,
    MediaNodeBusyError,
    MediaNodeNotFoundError,
    MediaNodeNotRespondingError,
    MediaNodeNotTerminatedError,
    MediaNodeRestoredError,
    UnreachableMediaServerError,
)
from mediafleet.domain.lifecycle import DeletionStrategy, Removal, removal_of
from mediafleet.domain.media_node import SERVING_STATUSES, MediaNodeStatus
from mediafleet.domain.outcomes import changes_of_removal
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from mediafleet.clock import Clock
    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.ports import MediaServers

log = logging.getLogger(__name__)

WAIT_LIMIT_S = 3600.0
STOP_LIMIT_S = 15.0
LINK_LIMIT_S = 3.0
LAUNCH_LIMIT_S = 3.0
CLEAN_UP_LIMIT_S = 5.0
_REMOVAL_GOES_ON = "its removal goes on, also after the next start of the server"
_FORGOTTEN_LATER = "its launch has failed, and it is removed by itself within an hour"
_LAUNCHES = frozenset({MediaNodeStatus.LAUNCHING, MediaNodeStatus.CANCELED})


class Removals:
    """Removes Media Nodes; the nodes themselves are asked for their sessions."""

    def __init__(self, state: ClusterState, media_servers: MediaServers, clock: Clock) -> None:
        self._state = state
        self._media_servers = media_servers
        self._clock = clock

    async def remove(self, node_id: str, strategy: DeletionStrategy, *, wait: bool) -> bool:
        """Remove a Media Node.

        Args:
            node_id: Which.
            strategy: How to treat its sessions.
            wait: Return when the node is gone rather than when its removal began.

        Returns:
            Whether the removal is certain; ``False``: it waits for the last session to end.

        Raises:
            MediaNodeNotFoundError: No member has that id.
            MediaNodeBusyError: It hosts sessions and the strategy is ``if-no-sessions``.
            MediaNodeNotRespondingError: It does not answer, and the strategy is ``if-no-sessions``.
            MediaNodeRestoredError: The quarantine was ended meanwhile.
            ServerStoppingError: The server began to stop meanwhile.
            MediaNodeNotTerminatedError: Its machine could not be terminated; that is retried.
        """
        return await self._remove(node_id, strategy, wait=wait, until_stop=True)

    async def _remove(
        self, node_id: str, strategy: DeletionStrategy, *, wait: bool, until_stop: bool
    ) -> bool:
        sessions = await self._sessions_of(self._state.existing(node_id), strategy)

        def decide(cluster: Cluster) -> Decision[Removal]:
            member = cluster.existing(node_id)
            known = len(member.sessions)
            hosted = sessions if sessions is None else max(sessions, known)
            removal = removal_of(member, hosted, strategy)
            if removal is Removal.REFUSE:
                raise MediaNodeBusyError(node_id, hosted or known)
            if removal is Removal.UNKNOWN:
                raise MediaNodeNotRespondingError(node_id)
            changes = changes_of_removal(member.node, removal, strategy, at=self._clock.now())
            return Decision(removal, changes)

        removal = await self._state.change(decide)
        if removal is Removal.FORGET_WHEN_CLEAN:
            return await self._wait_until_forgotten(node_id, wait=wait, until_stop=until_stop)
        if not wait:
            return removal is not Removal.QUARANTINE
        return await self._wait_until_removed(node_id, until_stop=until_stop)

    async def remove_at_stop(self, *, evicting: bool) -> None:
        """Remove every node that hosts no sessions, within a limit, as the server stops.

        A node that does not answer stays too: whether it hosts sessions is unknown. A launch that
        does not end soon stays canceled; the environment ends it.

        Args:
            evicting: Remove the others too, and end their sessions.
        """
        strategy = DeletionStrategy.NOW if evicting else DeletionStrategy.IF_NO_SESSIONS
        with anyio.move_on_after(STOP_LIMIT_S) as limit:
            async with anyio.create_task_group() as removals:
                for member in self._state.cluster:
                    if member.node.status is not MediaNodeStatus.FAILED:
                        removals.start_soon(self._remove_at_stop, member.node.id, strategy)
        if limit.cancelled_caught:
            log.warning("some nodes could not be ended in time")

    async def _remove_at_stop(self, node_id: str, strategy: DeletionStrategy) -> None:
        if strategy is DeletionStrategy.IF_NO_SESSIONS and not await self._is_reachable(node_id):
            log.warning("node stays, it does not answer", extra={"media_node_id": node_id})
            return
        try:
            if await self._cancel_launch(node_id, strategy):
                await self._remove(node_id, strategy, wait=True, until_stop=False)
        except MediaNodeNotFoundError:
            return
        except MediaNodeBusyError as error:
            log.info(
                "node stays, it hosts sessions",
                extra={"media_node_id": node_id, "sessions": error.sessions},
            )
        except MediafleetError as error:
            log.warning("node not ended", extra={"media_node_id": node_id, "reason": str(error)})

    async def _cancel_launch(self, node_id: str, strategy: DeletionStrategy) -> bool:
        """Cancel the launch of a node if there is one; return whether it ended soon."""

        def launches(member: Member | None) -> bool:
            return member is not None and member.node.status in _LAUNCHES

        if launches(self._state.member(node_id)):
            await self.remove(node_id, strategy, wait=False)
            with anyio.move_on_after(LAUNCH_LIMIT_S):
                await self._state.wait_until(node_id, lambda member: not launches(member))
        return not launches(self._state.member(node_id))

    async def _is_reachable(self, node_id: str) -> bool:
        """Whether a serving node is connected; after a start of the server this waits a moment."""

        def is_known(member: Member | None) -> bool:
            serves = member is not None and member.node.status in SERVING_STATUSES
            return member is None or not serves or member.connection.connected

        with anyio.move_on_after(LINK_LIMIT_S):
            await self._state.wait_until(node_id, is_known)
        return is_known(self._state.member(node_id))

    async def _sessions_of(self, member: Member, strategy: DeletionStrategy) -> int | None:
        """The sessions that the node lists, where they matter; ``None``: it does not answer."""
        if member.node.status not in SERVING_STATUSES or strategy is DeletionStrategy.NOW:
            return len(member.sessions)
        if member.connection.connection_time is None:
            await self._is_reachable(member.node.id)
        try:
            listed = await self._media_servers.list_sessions(member.node.id)
            now = self._state.existing(member.node.id)
            return len(now.calls) + len(now.foreign_of(listed))
        except UnreachableMediaServerError as error:
            extra = {"media_node_id": member.node.id, "reason": str(error)}
            log.warning("node does not list its sessions", extra=extra)
            return None

    async def _wait_until_forgotten(self, node_id: str, *, wait: bool, until_stop: bool) -> bool:
        """Wait until what a failed launch left is terminated and its record is removed."""
        self._state.record(node_id, observations.removal_requested)
        with anyio.move_on_after(WAIT_LIMIT_S if wait else CLEAN_UP_LIMIT_S):
            await self._state.wait_until(
                node_id,
                lambda m: m is None or m.progress.error is not None,
                outlook=_FORGOTTEN_LATER if until_stop else None,
            )
        member = self._state.member(node_id)
        if wait and member is not None and member.progress.error is not None:
            raise MediaNodeNotTerminatedError(node_id, member.progress.error, still="listed")
        return True

    async def _wait_until_removed(self, node_id: str, *, until_stop: bool) -> bool:
        """Wait for the end of the node; ``False`` if it still waits after the longest time."""
        with anyio.move_on_after(WAIT_LIMIT_S):
            await self._state.wait_until(
                node_id,
                lambda m: _removal_settled(m) or (m is not None and m.progress.error is not None),
                outlook=_REMOVAL_GOES_ON if until_stop else None,
            )
        member = self._state.member(node_id)
        if member is not None and member.progress.error is not None:
            raise MediaNodeNotTerminatedError(node_id, member.progress.error)
        if member is not None and _removal_settled(member):
            raise MediaNodeRestoredError(node_id, str(member.node.status))
        return member is None


def _removal_settled(member: Member | None) -> bool:
    """Whether a removal is over: the node is gone, or the removal was undone."""
    restored = {MediaNodeStatus.LAUNCHING, MediaNodeStatus.RUNNING, MediaNodeStatus.FAILED}
    return member is None or member.node.status in restored
