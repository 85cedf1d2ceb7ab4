"""The Media Nodes that accept sessions, in the order in which they are preferred."""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from mediafleet.domain.labels import NO_LABELS
from mediafleet.domain.media_node import MediaNodeStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.domain.cluster import Member
    from mediafleet.domain.labels import Labels

SELECTORS_KEPT = 16
"""Label selectors whose queues are kept; another one is built from all members when it is used."""
UNMEASURED_LOAD = 100.0
"""Percent; of a node whose load was never measured."""


class Candidate(NamedTuple):
    """A node that accepts sessions; of two candidates the lesser one is preferred.

    Attributes:
        is_unknown: Its load is not known now: it comes after all others.
        load: The effective load in percent: the measured one, or else the last one that was, and
            the estimates of its reservations.
        number: Place in the order of joining.
        node_id: Id of the node.
        measured: Its load without reservations.
        labels: Those of the node.
    """

    is_unknown: bool
    load: float
    number: int
    node_id: str
    measured: float
    labels: Labels


def obstacle_of(member: Member) -> str | None:
    """Why a member accepts no sessions, after "it is"; ``None`` if it does."""
    if member.node.status is not MediaNodeStatus.RUNNING:
        return str(member.node.status)
    if not member.connection.connected:
        return "disconnected"
    return "suspect" if member.connection.suspect else None


class _Queue:
    """The candidates that match a selector, as a heap.

    Entries that were replaced stay in it until they are at the top, or are the greater part.
    """

    __slots__ = ("_current", "_entries", "selector", "size")

    def __init__(self, selector: Labels, current: Mapping[str, Candidate]) -> None:
        self.selector = selector
        self._current = current
        self._entries = [each for each in current.values() if selector <= each.labels]
        self.size = len(self._entries)
        heapq.heapify(self._entries)

    def replace(self, old: Candidate | None, new: Candidate | None) -> None:
        """Take note that a current candidate was replaced."""
        if old is not None and self.selector <= old.labels:
            self.size -= 1
        if new is not None and self.selector <= new.labels:
            self.size += 1
            heapq.heappush(self._entries, new)
            if len(self._entries) > 2 * self.size + 64:
                self._entries = [each for each in self._entries if self._is_current(each)]
                heapq.heapify(self._entries)

    def first(self, count: int) -> list[Candidate]:
        """The preferred ones, best first."""
        found: list[Candidate] = []
        while self._entries and len(found) < count:
            entry = heapq.heappop(self._entries)
            if self._is_current(entry):
                found.append(entry)
        for entry in found:
            heapq.heappush(self._entries, entry)
        return found

    def _is_current(self, entry: Candidate) -> bool:
        return self._current.get(entry.node_id) is entry


class Ranking:
    """The members that accept sessions, in the order in which they are preferred.

    A change of a member and a look at the first ones take logarithmic time.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._next_number = 0
        self._obstacles: dict[str, str] = {}
        self._obstacle_counts: Counter[str] = Counter()
        self._current: dict[str, Candidate] = {}
        self._reserved: Counter[str] = Counter()  # whole hundredths of a percent: sums are exact
        self._all = _Queue(NO_LABELS, self._current)
        self._matching: OrderedDict[Labels, _Queue] = OrderedDict()

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def accepting(self) -> int:
        """Number of members that accept sessions."""
        return len(self._current)

    @property
    def obstacles(self) -> Mapping[str, int]:
        """Why the other members do not, with numbers of members."""
        return +self._obstacle_counts

    def put(self, member: Member, obstacle: str | None) -> None:
        """Add a member, or replace it by what it is now."""
        node_id, connection = member.node.id, member.connection
        if node_id not in self._numbers:
            self._numbers[node_id] = self._next_number
            self._next_number += 1
        self._set_obstacle(node_id, obstacle)
        if obstacle is not None:
            self._set(node_id, None)
            return
        load = connection.last_load if connection.load is None else connection.load
        measured = UNMEASURED_LOAD if load is None else load
        self._set(
            node_id,
            Candidate(
                connection.load is None,
                self._effective(node_id, measured),
                self._numbers[node_id],
                node_id,
                measured,
                member.node.labels,
            ),
        )

    def remove(self, node_id: str) -> None:
        """Forget a member."""
        self._numbers.pop(node_id, None)
        self._set_obstacle(node_id, None)
        self._set(node_id, None)

    def reserve(self, node_id: str, hundredths: int) -> None:
        """Add to the estimates of a member's reservations; less than nothing takes away."""
        self._reserved[node_id] += hundredths
        if not self._reserved[node_id]:
            del self._reserved[node_id]
        if (old := self._current.get(node_id)) is not None:
            self._set(node_id, old._replace(load=self._effective(node_id, old.measured)))

    def get(self, node_id: str) -> Candidate | None:
        """The candidate of that id."""
        return self._current.get(node_id)

    def obstacle(self, node_id: str) -> str | None:
        """Why a member accepts no sessions."""
        return self._obstacles.get(node_id)

    def first(self, labels: Labels, count: int) -> list[Candidate]:
        """The preferred candidates among those that have some labels, best first."""
        return self._queue(labels).first(count)

    def matching(self, labels: Labels) -> int:
        """Number of candidates that have some labels."""
        return self._queue(labels).size

    def _queue(self, labels: Labels) -> _Queue:
        if not labels:
            return self._all
        queue = self._matching.get(labels)
        if queue is None:
            queue = self._matching[labels] = _Queue(labels, self._current)
            if len(self._matching) > SELECTORS_KEPT:
                self._matching.popitem(last=False)
        self._matching.move_to_end(labels)
        return queue

    def _effective(self, node_id: str, measured: float) -> float:
        return measured + self._reserved.get(node_id, 0) / 100

    def _set(self, node_id: str, new: Candidate | None) -> None:
        old = self._current.get(node_id)
        if new == old:
            return
        if new is None:
            del self._current[node_id]
        else:
            self._current[node_id] = new
        self._all.replace(old, new)
        for queue in self._matching.values():
            queue.replace(old, new)

    def _set_obstacle(self, node_id: str, obstacle: str | None) -> None:
        if (old := self._obstacles.pop(node_id, None)) is not None:
            self._obstacle_counts[old] -= 1
        if obstacle is not None:
            self._obstacles[node_id] = obstacle
            self._obstacle_counts[obstacle] += 1
