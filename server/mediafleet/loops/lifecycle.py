"""When Media Nodes take their next step: as soon as something moved, and when patience is lost."""

from __future__ import annotations

import heapq
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.supervise import TICK_S, succeeds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anyio.abc import TaskGroup

    from mediafleet.domain.ports import Clock
    from mediafleet.services.cluster_state import ClusterState
    from mediafleet.services.lifecycle import Lifecycle


class LifecycleLoop:
    """Takes the steps of all nodes, one at a time for each node; none waits for another node's.

    It is level-triggered: a lost or doubled wake-up does no harm, since a step is decided from the
    status as it is. Beginning it anew looks at every member again. A node whose step failed rests
    for a while, whatever is heard of it.
    """

    def __init__(self, state: ClusterState, lifecycle: Lifecycle, clock: Clock) -> None:
        self._state = state
        self._lifecycle = lifecycle
        self._clock = clock

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Go on until cancelled; ``beat`` is called each time the loop comes round."""
        self._due: list[tuple[float, str]] = []
        self._deadlines: dict[str, float] = {}
        self._under_way: set[str] = set()
        self._moved_meanwhile: set[str] = set()
        self._resting: set[str] = set()
        for member in self._state.cluster:
            self._state.news.look_again(member.node.id)
        async with anyio.create_task_group() as steps:
            while True:
                for node_id in await self._next():
                    self._begin(node_id, steps)
                beat()

    async def _next(self) -> frozenset[str]:
        """Nodes that moved or became due."""
        now = self._clock.monotonic()
        patience = min(TICK_S, self._due[0][0] - now) if self._due else TICK_S
        with anyio.move_on_after(patience):
            return await self._state.news.next()
        return frozenset(self._overdue(self._clock.monotonic()))

    def _overdue(self, now: float) -> Iterator[str]:
        while self._due and self._due[0][0] <= now:
            moment, node_id = heapq.heappop(self._due)
            if self._deadlines.get(node_id) == moment:
                del self._deadlines[node_id]
                self._resting.discard(node_id)
                yield node_id

    def _begin(self, node_id: str, steps: TaskGroup) -> None:
        if node_id in self._resting:
            return
        if node_id in self._under_way:
            self._moved_meanwhile.add(node_id)
            return
        self._under_way.add(node_id)
        steps.start_soon(self._step, node_id, name=f"step of {node_id}")

    async def _step(self, node_id: str) -> None:
        step = partial(self._lifecycle.take_step, node_id)
        done = await succeeds(f"step of {node_id}", step)
        self._under_way.discard(node_id)
        if not done:
            self._resting.add(node_id)
            self._moved_meanwhile.discard(node_id)
        elif node_id in self._moved_meanwhile:
            self._moved_meanwhile.discard(node_id)
            self._state.news.look_again(node_id)
        self._schedule(node_id, self._lifecycle.deadline(node_id) if done else self._retry(node_id))

    def _retry(self, node_id: str) -> float:
        return self._clock.monotonic() + self._lifecycle.pause_after_failure(node_id)

    def _schedule(self, node_id: str, moment: float | None) -> None:
        """Have the node looked at again at that moment; an earlier plan for it is dropped."""
        if moment is None:
            self._deadlines.pop(node_id, None)
        elif self._deadlines.get(node_id) != moment:
            self._deadlines[node_id] = moment
            heapq.heappush(self._due, (moment, node_id))
            self._state.news.wake()
