"""One node in every depth, with more faults than two could have."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from mediafleet.domain.media_node import MediaNodeStatus
from support.life_cycle_model import NodeModel
from support.life_cycle_state import Move, NodeState, Variant

SESSIONS, FAULTS = 2, 2


class Alone(NamedTuple):
    """The number of the node's state, sessions that may still begin, and what may still break."""

    number: int
    sessions: int
    faults: int


class OneNode:
    """What may happen to one node that no other touches."""

    def __init__(self, variant: Variant) -> None:
        self._model = NodeModel(variant, deep=True)
        self.node_states: list[NodeState] = []
        self._numbers: dict[NodeState, int] = {}
        self._node_moves = cache(self._numbered)

    def beginning(self) -> Alone:
        return Alone(self._number(self._model.beginning()), SESSIONS, FAULTS)

    def moves(self, alone: Alone) -> Iterator[tuple[str, Alone, bool]]:
        """Everything that may happen next."""
        number, sessions, faults = alone
        for move, after, by_itself in self._node_moves(number):
            if move.sessions <= sessions and move.crashes <= faults:
                left = Alone(after, sessions - move.sessions, faults - move.crashes)
                yield move.label, left, by_itself

    def is_at_rest(self, alone: Alone) -> bool:
        """The node is no member, or at work."""
        return self.node_states[alone.number].status in (None, MediaNodeStatus.RUNNING)

    def describe(self, alone: Alone) -> str:
        return str(self.node_states[alone.number])

    def _numbered(self, number: int) -> list[tuple[Move, int, bool]]:
        state = self.node_states[number]
        node_moves = [(move, True) for move in self._model.own_moves(state, duplicate=None)]
        node_moves += [(move, False) for move in self._model.user_moves(state)]
        killed = self._model.after_a_kill(state)
        node_moves.append((Move("the server is killed and starts again", killed, crashes=1), False))
        return [(move, self._number(move.state), by_itself) for move, by_itself in node_moves]

    def _number(self, state: NodeState) -> int:
        if state not in self._numbers:
            self._numbers[state] = len(self.node_states)
            self.node_states.append(state)
        return self._numbers[state]
