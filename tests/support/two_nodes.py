"""Walks through every state of two nodes at once, breadth first, a whole row of states at a time.

A state is the state of either node and what may still begin and break. Places are numbered, and
what may follow from each is worked out once: there are few node_states, and many pairs of them. The
states with one state of the first node are a row, kept as the bits of a number: whatever happens to
the first node, happens to the whole row in one operation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, TypeAlias

from mediafleet.domain.media_node import SERVING_STATUSES, MediaNodeStatus
from support.exploration import FaultFoundError, story
from support.life_cycle_model import NodeModel
from support.life_cycle_state import NodeState, Variant
from support.session_states import LostError

SESSIONS, CRASHES = 2, 1

_Seen: TypeAlias = tuple[MediaNodeStatus | None, int]
"""What the other node is to a node, and the state of that."""


class Row(NamedTuple):
    """The state of the first node, sessions that may still begin, crashes that may still happen."""

    first: int
    sessions: int
    crashes: int


class Pair(NamedTuple):
    """A state: a row, and the state of the second node."""

    row: Row
    second: int


class Numbered(NamedTuple):
    """What may happen next to a node at a state, which has become a number."""

    label: str
    after: int
    sessions: int
    crashes: int
    by_itself: bool


def bits_of(row: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while row:
        low = row & -row
        yield low.bit_length() - 1
        row ^= low


class TwoNodes:
    """All that may happen to two nodes that come from the same state.

    Attributes:
        reached: Every state, by rows.
        labels: What all the moves are.
    """

    def __init__(self, variant: Variant) -> None:
        self._model = NodeModel(variant, deep=False)
        self._may_be_duplicates = variant is Variant.DUPLICATES
        self.node_states: list[NodeState] = []
        self._numbers: dict[NodeState, int] = {}
        self._duplicates = {MediaNodeStatus.RUNNING: 0, MediaNodeStatus.TERMINATING: 0}
        self._at_rest = 0
        self._at_work = 0
        self.labels: set[str] = set()
        self.reached: defaultdict[Row, int] = defaultdict(int)
        self._layers: list[dict[Row, int]] = []
        self._node_moves = cache(self._numbered)
        self._images = cache(self._images_of)
        self._killed = cache(self._number_when_killed)

    @property
    def states(self) -> int:
        return sum(row.bit_count() for row in self.reached.values())

    def explore(self) -> None:
        """Reach every state that can be reached.

        Raises:
            FaultFoundError: Something happened that must not; it lists the shortest way there.
        """
        start = self._number(self._model.beginning())
        row = Row(start, SESSIONS, CRASHES)
        layer = {row: 1 << start}
        self.reached[row] = 1 << start
        while layer:
            self._layers.append(layer)
            layer = self._next(layer)

    def stuck(self) -> list[Pair]:
        """States from which nothing that happens by itself leads to one at rest."""
        firsts, seconds = self._origins()
        good: defaultdict[Row, int] = defaultdict(int)
        layer: dict[Row, int] = {
            row: bits & self._at_rest_beside(row.first)
            for row, bits in self.reached.items()
            if 1 << row.first & self._at_rest
        }
        while layer:
            found: defaultdict[Row, int] = defaultdict(int)
            for row, bits in layer.items():
                good[row] |= bits
            for row, bits in layer.items():
                for duplicate, part in self._parts(bits):
                    for origin in firsts[duplicate, row.first] if part else ():
                        found[row._replace(first=origin)] |= part
                duplicate = self._duplicate(row.first)
                for second in bits_of(bits):
                    found[row] |= seconds[duplicate, second]
            layer = {
                row: new
                for row, bits in found.items()
                if (new := bits & self.reached.get(row, 0) & ~good[row])
            }
        return [
            Pair(row, second)
            for row, bits in self.reached.items()
            for second in bits_of(bits & ~good[row])
        ]

    def story(self, pair: Pair, *, depth: int | None = None) -> str:
        """What happened, in order, from the beginning to a state, and what that is."""
        if depth is None:
            depth = next(
                number
                for number, layer in enumerate(self._layers)
                if layer.get(pair.row, 0) >> pair.second & 1
            )
        reported, at = [], pair
        for layer in reversed(self._layers[:depth]):
            label, at = self._before(layer, at)
            reported.append(label)
        first, second = self.node_states[pair.row.first], self.node_states[pair.second]
        return f"{story(reversed(reported))}\nAlpha: {first}\nBeta: {second}"

    def _next(self, layer: dict[Row, int]) -> dict[Row, int]:
        found: defaultdict[Row, int] = defaultdict(int)
        for row, bits in layer.items():
            try:
                for after, part in self._moved(row, bits):
                    found[after] |= part
            except LostError as error:
                depth = len(self._layers) - 1
                reported = self.story(self._culprit(row, bits), depth=depth)
                raise FaultFoundError(f"{error}:\n{reported}") from error
        fresh = {}
        for row, bits in found.items():
            if new := bits & ~self.reached[row]:
                fresh[row] = new
                self.reached[row] |= new
        return fresh

    def _moved(self, row: Row, bits: int) -> Iterator[tuple[Row, int]]:
        """Where all the states of a row may go next, and which of them."""
        first, sessions, crashes = row
        yield from self._with_first_moved(row, bits)
        duplicate, killed = self._duplicate(first), 0
        images: defaultdict[tuple[int, int], int] = defaultdict(int)
        for second in bits_of(bits):
            killed |= 1 << self._killed(second)
            for cost, image in self._images(second, duplicate):
                images[cost] |= image
        for (begun, broken), image in images.items():
            if begun <= sessions and broken <= crashes:
                yield Row(first, sessions - begun, crashes - broken), image
        if crashes:
            yield Row(self._killed(first), sessions, crashes - 1), killed

    def _with_first_moved(self, row: Row, bits: int) -> Iterator[tuple[Row, int]]:
        for duplicate, part in self._parts(bits):
            for move in self._node_moves(row.first, duplicate) if part else ():
                if move.sessions <= row.sessions and move.crashes <= row.crashes:
                    left = row.sessions - move.sessions, row.crashes - move.crashes
                    yield Row(move.after, *left), part

    def _before(self, layer: dict[Row, int], pair: Pair) -> tuple[str, Pair]:
        """A state of a layer that leads to one of the next, and what happened between."""
        for row, bits in layer.items():
            is_kill = self._killed(row.first) == pair.row.first and row.crashes
            seconds = bits if row.first == pair.row.first or is_kill else bits & 1 << pair.second
            for second in bits_of(seconds):
                for label, after in self._moves(Pair(row, second)):
                    if after == pair:
                        return label, Pair(row, second)
        raise AssertionError("a state that nothing led to")

    def _moves(self, pair: Pair) -> Iterator[tuple[str, Pair]]:
        (first, sessions, crashes), second = pair
        for move in self._node_moves(first, self._duplicate(second)):
            left = sessions - move.sessions, crashes - move.crashes
            yield f"Alpha: {move.label}", Pair(Row(move.after, *left), second)
        for move in self._node_moves(second, self._duplicate(first)):
            left = sessions - move.sessions, crashes - move.crashes
            yield f"Beta: {move.label}", Pair(Row(first, *left), move.after)
        killed = Row(self._killed(first), sessions, crashes - 1)
        yield "the server is killed and starts again", Pair(killed, self._killed(second))

    def _culprit(self, row: Row, bits: int) -> Pair:
        """The state of a row in which something happens that must not."""
        for second in bits_of(bits):
            try:
                list(self._moves(Pair(row, second)))
            except LostError:
                return Pair(row, second)
        raise AssertionError("nothing went wrong")

    def _parts(self, bits: int) -> Iterator[tuple[MediaNodeStatus | None, int]]:
        """States by what their second node is to the first: a duplicate, or none."""
        alone = bits
        for duplicate, numbers in self._duplicates.items():
            alone &= ~numbers
            yield duplicate, bits & numbers
        yield None, alone

    def _duplicate(self, number: int) -> MediaNodeStatus | None:
        """What a node is to its duplicate, if it is one: at work, or on its way out."""
        duplicates = (
            duplicate for duplicate, numbers in self._duplicates.items() if numbers >> number & 1
        )
        return next(duplicates, None)

    def _at_rest_beside(self, number: int) -> int:
        """Places at rest while the other node is at this one: two are not one media server."""
        is_at_work = self.node_states[number].status is MediaNodeStatus.RUNNING
        return (
            self._at_rest & ~self._at_work
            if is_at_work and self._may_be_duplicates
            else self._at_rest
        )

    def _number(self, state: NodeState) -> int:
        number = self._numbers.get(state)
        if number is None:
            number = self._numbers[state] = len(self.node_states)
            self.node_states.append(state)
            if self._may_be_duplicates and state.connected and state.status is not None:
                is_at_work = state.status in SERVING_STATUSES
                duplicate = MediaNodeStatus.RUNNING if is_at_work else MediaNodeStatus.TERMINATING
                self._duplicates[duplicate] |= 1 << number
            if state.status in (None, MediaNodeStatus.RUNNING):
                self._at_rest |= 1 << number
            if state.status is MediaNodeStatus.RUNNING:
                self._at_work |= 1 << number
        return number

    def _number_when_killed(self, number: int) -> int:
        return self._number(self._model.after_a_kill(self.node_states[number]))

    def _numbered(self, number: int, duplicate: MediaNodeStatus | None) -> list[Numbered]:
        state = self.node_states[number]
        node_moves = [(move, True) for move in self._model.own_moves(state, duplicate=duplicate)]
        node_moves += [(move, False) for move in self._model.user_moves(state)]
        self.labels |= {move.label for move, _ in node_moves}
        return [
            Numbered(move.label, self._number(move.state), move.sessions, move.crashes, by_itself)
            for move, by_itself in node_moves
        ]

    def _images_of(
        self, number: int, duplicate: MediaNodeStatus | None
    ) -> list[tuple[tuple[int, int], int]]:
        """Where a node may be next, as bits, by what that takes of sessions and crashes."""
        images: defaultdict[tuple[int, int], int] = defaultdict(int)
        for move in self._node_moves(number, duplicate):
            images[move.sessions, move.crashes] |= 1 << move.after
        return list(images.items())

    def _origins(
        self,
    ) -> tuple[defaultdict[_Seen, list[int]], defaultdict[_Seen, int]]:
        """From where a node comes by itself to a state: as numbers, and as bits."""
        numbers: defaultdict[_Seen, list[int]] = defaultdict(list)
        bits: defaultdict[_Seen, int] = defaultdict(int)
        for number in range(len(self.node_states)):
            for duplicate in (None, *self._duplicates) if self._may_be_duplicates else (None,):
                for move in self._node_moves(number, duplicate):
                    if move.by_itself:
                        numbers[duplicate, move.after].append(number)
                        bits[duplicate, move.after] |= 1 << number
        return numbers, bits
