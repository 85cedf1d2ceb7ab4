"""When the cluster is brought to its size: whenever that is asked for, and until it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from mediafleet.supervise import TICK_S, accomplish

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class SizingLoop:
    """Resizes the cluster whenever that is asked for.

    It is level-triggered: a resizing goes by the number that is configured when it begins, so what
    is asked for while one goes on, or fails and is tried again, is not lost.

    Attributes:
        problem: Why the last resizing failed; ``None`` if it did not.
    """

    def __init__(self, resize: Callable[[], Awaitable[None]]) -> None:
        self._resize = resize
        self._asked = anyio.Event()
        self.problem: str | None = None

    def ask(self) -> None:
        """Have the cluster brought to its size soon."""
        self._asked.set()

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Go on until cancelled; ``beat`` is called each time the loop comes round."""

        def note(problem: str | None) -> None:
            self.problem = problem
            beat()

        while True:
            beat()
            with anyio.move_on_after(TICK_S):
                await self._asked.wait()
            if self._asked.is_set():
                self._asked = anyio.Event()
                await accomplish("resizing", self._resize, note)
