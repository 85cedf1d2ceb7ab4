"""One node in every depth, with more troubles than two could have."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from mediafleet.domain.media_node import MediaNodeStatus
from support.life_cycle_world import NodeWorld, Place, Turn, Variant

SESSIONS, TROUBLES = 2, 2


class Alone(NamedTuple):
    """The number of the node's place, sessions that may still begin, and what may still break."""

    number: int
    sessions: int
    troubles: int


class OneNode:
    """What may happen to one node that no other touches."""

    def __init__(self, variant: Variant) -> None:
        self._world = NodeWorld(variant, deep=True)
        self.places: list[Place] = []
        self._numbers: dict[Place, int] = {}
        self._turns = cache(self._numbered)

    def beginning(self) -> Alone:
        return Alone(self._number(self._world.beginning()), SESSIONS, TROUBLES)

    def moves(self, alone: Alone) -> Iterator[tuple[str, Alone, bool]]:
        """Everything that may happen next."""
        number, sessions, troubles = alone
        for turn, after, by_itself in self._turns(number):
            if turn.sessions <= sessions and turn.crashes <= troubles:
                left = Alone(after, sessions - turn.sessions, troubles - turn.crashes)
                yield turn.label, left, by_itself

    def is_at_rest(self, alone: Alone) -> bool:
        """The node is no member, or at work."""
        return self.places[alone.number].status in (None, MediaNodeStatus.RUNNING)

    def tell(self, alone: Alone) -> str:
        return str(self.places[alone.number])

    def _numbered(self, number: int) -> list[tuple[Turn, int, bool]]:
        place = self.places[number]
        turns = [(turn, True) for turn in self._world.turns_without_people(place, twin=None)]
        turns += [(turn, False) for turn in self._world.turns_of_people(place)]
        killed = self._world.after_a_kill(place)
        turns.append((Turn("the server is killed and starts again", killed, crashes=1), False))
        return [(turn, self._number(turn.place), by_itself) for turn, by_itself in turns]

    def _number(self, place: Place) -> int:
        if place not in self._numbers:
            self._numbers[place] = len(self.places)
            self.places.append(place)
        return self._numbers[place]
