"""Walks through every state of a small world, breadth first; a fault is reported with its steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)
Moves = Callable[[T], Iterable[tuple[str, T, bool]]]
"""What may happen next: in words, what comes of it, and whether it happens by itself."""


class FaultFoundError(AssertionError):
    """A state that must not be, and the shortest way there."""


def story(expected: Iterable[str]) -> str:
    """What happened, in order."""
    return "\n".join(f"{number}. {each}" for number, each in enumerate(expected, 1))


@dataclass
class Explored(Generic[T]):
    """Every state that can be reached, with one of the shortest ways to each.

    Attributes:
        came_from: What happened in which state just before; ``None`` at the beginning.
        reached_from: From which states one is reached by what happens by itself.
        labels: What all the moves are.
    """

    came_from: dict[T, tuple[str, T] | None] = field(default_factory=dict)
    reached_from: dict[T, list[T]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)

    def story(self, state: T) -> str:
        """What happened, in order, from the beginning to a state."""
        reported: list[str] = []
        at: T | None = state
        while at is not None and (step := self.came_from[at]) is not None:
            label, at = step
            reported.append(label)
        return story(reversed(reported))

    def stuck(self, is_at_rest: Callable[[T], bool]) -> list[T]:
        """States from which nothing that happens by itself leads to one at rest."""
        good = {state for state in self.came_from if is_at_rest(state)}
        waiting = deque(good)
        while waiting:
            for state in self.reached_from.get(waiting.popleft(), ()):
                if state not in good:
                    good.add(state)
                    waiting.append(state)
        return [state for state in self.came_from if state not in good]


def explore(beginning: T, moves: Moves[T], faults: type[Exception]) -> Explored[T]:
    """Reach every state that can be reached.

    Raises:
        FaultFoundError: A move raised one of *faults*; the message lists the shortest way to it.
    """
    explored: Explored[T] = Explored({beginning: None})
    waiting = deque([beginning])
    came_from, reached_from = explored.came_from, explored.reached_from
    while waiting:
        state = waiting.popleft()
        try:
            for label, after, by_itself in moves(state):
                explored.labels.add(label)
                if by_itself:
                    reached_from.setdefault(after, []).append(state)
                if after not in came_from:
                    came_from[after] = (label, state)
                    waiting.append(after)
        except faults as error:
            raise FaultFoundError(f"{error}:\n{explored.story(state)}") from error
    return explored
