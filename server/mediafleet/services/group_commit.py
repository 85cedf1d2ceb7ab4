"""Commits changes of several calls in one transaction, as databases do with a group commit.

Transactions are made one after the other, and each waits for the disk or for a database server.
Changes that come meanwhile share the next one.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import anyio

from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.jobs import Job
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.domain.cluster import Cluster

T = TypeVar("T")

MAX_CHANGES: Final = 32
"""In a transaction: the event loop publishes them without a pause."""


class _Change(Job[T], Generic[T]):
    def __init__(self, decide: Callable[[], Decision[T]]) -> None:
        super().__init__()
        self.decide = decide


class GroupCommit:
    """Changes of calls.

    Args:
        state: The cluster in memory; the first change of a group waits for its turn there.
    """

    def __init__(self, state: ClusterState) -> None:
        self._state = state
        # That which further changes can join, by session.
        self._open: dict[str, _Change[Any]] = {}

    async def change(self, session_id: str, decide: Callable[[], Decision[T]]) -> T:
        """Decide on one session as it is, commit, then publish.

        Changes of a session are made in the order of their calls, and never in the same group.

        Args:
            session_id: Of the session.
            decide: Pure but for reservations; reads no other session. If it raises, the error is
                raised here and nothing changes.

        Raises:
            StoreUnavailableError: Nothing changed.
        """
        change = _Change(decide)
        if 0 < len(self._open) < MAX_CHANGES and session_id not in self._open:
            self._open[session_id] = change
            return await change.wait()
        group = self._open = {session_id: change}
        try:
            with anyio.CancelScope(shield=True):  # the others wait for this task
                await self._state.change(partial(self._decide, group))
        except BaseException as error:
            self._close(group)
            reported = StoreUnavailableError("the change was cancelled")
            for other in group.values():
                if other is not change:
                    other.fail(error if isinstance(error, Exception) else reported)
            raise
        return change.outcome.result()

    def _close(self, group: dict[str, _Change[Any]]) -> None:
        if self._open is group:
            self._open = {}

    def _decide(self, group: dict[str, _Change[Any]], _: Cluster) -> Decision[None]:
        self._close(group)
        decided: list[tuple[_Change[Any], Decision[Any]]] = []
        for change in group.values():
            if not change.seal():
                continue
            try:
                decided.append((change, change.decide()))
            except Exception as error:  # noqa: BLE001 - raised where the change is waited for
                change.fail(error)

        def publish() -> None:
            for change, decision in decided:
                decision.on_commit()
                change.outcome.set_result(decision.outcome)

        entries = chain.from_iterable(decision.changes for _, decision in decided)
        return Decision(None, tuple(entries), on_commit=publish)
