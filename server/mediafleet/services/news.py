"""Who waits for what becomes of a Media Node: requests for one, the life cycle for all of them."""

from __future__ import annotations

import anyio


class News:
    """Tells that something about a node has changed; what it is, is seen in the cluster."""

    def __init__(self) -> None:
        self._awaited: dict[str, anyio.Event] = {}
        self._unseen: set[str] = set()
        self._any = anyio.Event()

    async def of(self, node_id: str) -> None:
        """Wait for the next news of one node."""
        await self._awaited.setdefault(node_id, anyio.Event()).wait()

    async def next(self) -> frozenset[str]:
        """Wait for what may move the life cycle; ids since the last call, for one reader."""
        await self._any.wait()
        self._any = anyio.Event()
        unseen, self._unseen = frozenset(self._unseen), set()
        return unseen

    def tell(self, node_id: str) -> None:
        """Wake everybody who waits for news of a node."""
        self.look_again(node_id)
        awaited = self._awaited.pop(node_id, None)
        if awaited is not None:
            awaited.set()

    def wake_waiters(self) -> None:
        """Have everybody who waits for news of one node look again."""
        awaited, self._awaited = self._awaited, {}
        for event in awaited.values():
            event.set()

    def look_again(self, node_id: str) -> None:
        """Have a node among the next news although nothing changed."""
        self._unseen.add(node_id)
        self.wake()

    def wake(self) -> None:
        """Have the reader of all news go on even if there are none."""
        self._any.set()
