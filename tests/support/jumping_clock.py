"""An event loop whose time can jump: hours pass in seconds, and everything else is real.

While it jumps and nothing is ready, neither a socket nor the result of a thread, time goes on to
the next timer at once. Peers have to live in the same loop, or time passes them by.
"""

from __future__ import annotations

import asyncio
import selectors
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_GRACE_S = 0.001
"""What a thread may take before time goes on without its result."""
_START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.is_jumping = False
        self.jumped = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if not self.is_jumping or timeout is None or timeout <= _GRACE_S:
            return super().select(timeout)
        if not (ready := super().select(_GRACE_S)):
            self.jumped += timeout - _GRACE_S
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """For :class:`asyncio.Runner`; real time and jumps add up to its time."""

    def __init__(self) -> None:
        self._jumps = _JumpingSelector()
        super().__init__(self._jumps)

    def time(self) -> float:
        return super().time() + self._jumps.jumped

    @contextmanager
    def jumping(self) -> Iterator[None]:
        """Let time jump inside of the block."""
        self._jumps.is_jumping = True
        try:
            yield
        finally:
            self._jumps.is_jumping = False


class LoopClock:
    """The Clock port on the time of the running loop."""

    def now(self) -> datetime:
        return _START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()
