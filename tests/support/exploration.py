"""Walks through every state of a small world, breadth first, and tells a fault as a story."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)
Moves = Callable[[T], Iterable[tuple[str, T]]]


class FaultFoundError(AssertionError):
    """A state that must not be, and the shortest way there."""


@dataclass
class Explored(Generic[T]):
    """Every state that can be reached, with one of the shortest ways to each.

    Attributes:
        came_from: What happened in which state just before; ``None`` at the beginning.
        moved: How many moves there are.
        labels: What they are.
    """

    came_from: dict[T, tuple[str, T] | None] = field(default_factory=dict)
    moved: int = 0
    labels: set[str] = field(default_factory=set)

    def story(self, state: T, *, then: str = "") -> str:
        """What happened, in order, from the beginning to a state."""
        told: list[str] = [then] if then else []
        at: T | None = state
        while at is not None and (step := self.came_from[at]) is not None:
            label, at = step
            told.append(label)
        return "\n".join(f"{number}. {each}" for number, each in enumerate(reversed(told), 1))


def explore(beginning: T, moves: Moves[T], faults: type[Exception]) -> Explored[T]:
    """Visit every state that can be reached.

    Raises:
        FaultFoundError: A move raised one of *faults*; tells the shortest story of it.
    """
    explored: Explored[T] = Explored({beginning: None})
    waiting = deque([beginning])
    came_from, labels = explored.came_from, explored.labels
    while waiting:
        state = waiting.popleft()
        try:
            for label, after in moves(state):
                explored.moved += 1
                labels.add(label)
                if after not in came_from:
                    came_from[after] = (label, state)
                    waiting.append(after)
        except faults as error:
            raise FaultFoundError(f"{error}:\n{explored.story(state)}") from error
    return explored


def stuck(explored: Explored[T], moves: Moves[T], is_at_rest: Callable[[T], bool]) -> list[T]:
    """States from which no moves of these lead to one at rest."""
    reached_from: dict[T, list[T]] = {}
    for state in explored.came_from:
        for _, after in moves(state):
            reached_from.setdefault(after, []).append(state)
    good = {state for state in explored.came_from if is_at_rest(state)}
    waiting = deque(good)
    while waiting:
        for state in reached_from.get(waiting.popleft(), ()):
            if state not in good:
                good.add(state)
                waiting.append(state)
    return [state for state in explored.came_from if state not in good]
