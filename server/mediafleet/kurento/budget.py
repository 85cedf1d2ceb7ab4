"""Bounds on what all nodes together, and each of them, may cost in a second."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Budget:
    """So much in a second, and so much at once; a token bucket that may go into debt.

    Args:
        rate: What is granted in a second.
        burst: What is saved up at most, and there is at the beginning.
        monotonic: Seconds on a clock that is never set back.
        max_wait: Seconds that nobody waits longer, however great the debt of all is.
    """

    __slots__ = ("_burst", "_left", "_max_wait", "_monotonic", "_rate", "_since")

    def __init__(
        self,
        rate: float,
        burst: float,
        monotonic: Callable[[], float],
        *,
        max_wait: float = math.inf,
    ) -> None:
        self._rate = rate
        self._max_wait = max_wait
        self._burst = burst
        self._monotonic = monotonic
        self._left = burst
        self._since = monotonic()

    def covers(self, cost: float) -> bool:
        """Whether that much can be spent without a debt."""
        now = self._monotonic()
        self._left = min(self._burst, self._left + self._rate * (now - self._since))
        self._since = now
        return self._left >= cost

    def spend(self, cost: float) -> float:
        """Spend something that is done already; for how many seconds no more may be done."""
        self.covers(cost)
        self._left = max(self._left - cost, -self._rate * self._max_wait)
        return max(0.0, -self._left / self._rate)


class Traffic:
    """What may be read from one node: its own share, and what all nodes share beyond it.

    Args:
        own: The node's share in bytes, so that the others cannot keep a calm node from speaking.
        shared: What all nodes may send beyond their shares.
    """

    __slots__ = ("_own", "_shared")

    def __init__(self, own: Budget, shared: Budget) -> None:
        self._own = own
        self._shared = shared

    def read(self, size: int) -> float:
        """Count bytes that were read; for how many seconds nothing more may be read."""
        if self._own.covers(size):
            return self._own.spend(size)
        return self._shared.spend(size)
