"""When the cluster is brought to its size: whenever that is asked for, and until it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from mediafleet.supervise import accomplish

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class SizingLoop:
    """Resizes the cluster whenever that is asked for.

    It is level-triggered: a resizing goes by the number that is configured when it begins, so what
    is asked for while one goes on, or fails and is tried again, is not lost.
    """

    def __init__(self, resize: Callable[[], Awaitable[None]]) -> None:
        self._resize = resize
        self._asked = anyio.Event()

    def ask(self) -> None:
        """Have the cluster brought to its size soon."""
        self._asked.set()

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await self._asked.wait()
            self._asked = anyio.Event()
            await accomplish("resizing", self._resize)
