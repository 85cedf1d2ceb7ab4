"""Waiting for processes: until they listen, until they end; nothing here finds them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.uri import MediaServerUri
from mediafleet.environments.local.processes import held, read_process

if TYPE_CHECKING:
    import signal
    from collections.abc import Awaitable, Callable, Sequence

    from mediafleet.environments.local.processes import MarkedProcess

_LOOK_AGAIN_S = 0.05
_CONNECT_S = 1.0


class Watch:
    """Follows one process to its end, and takes its exit status if it is a child of ours.

    Attributes:
        process: Which.
        ended: Set when it has ended.
    """

    def __init__(self, process: MarkedProcess) -> None:
        self.process = process
        self.ended = anyio.Event()
        self._status: int | None = None

    async def run(self) -> None:
        """Return when the process has ended.

        Raises:
            OSError: That cannot be seen now.
        """
        with held(self.process) as handle:
            if handle is not None:
                await handle.ended()
                self._status = handle.reap()
        self.ended.set()

    @property
    def story(self) -> str:
        """What became of it, as the end of a sentence that begins with its name."""
        if not self.ended.is_set():
            return "took too long"
        if self._status is None:
            return "ended"
        if self._status < 0:
            return f"was ended by signal {-self._status}"
        return f"ended with status {self._status}"


async def until_ready(watch: Watch, limit: float) -> bool:
    """Wait until a process listens where its mark says; whether it does.

    Raises:
        EnvironmentFailureError: It does, but could not be found again.
    """
    listens = hides = False
    with anyio.move_on_after(limit):
        async with anyio.create_task_group() as race:

            async def give_up_at_its_end() -> None:
                await watch.ended.wait()
                race.cancel_scope.cancel()

            race.start_soon(give_up_at_its_end, name="end of a launch")
            await _until_it_listens(watch.process.mark.uri)
            hides = await _hides_its_mark(watch.process)
            listens = True
            race.cancel_scope.cancel()
    if hides and not watch.ended.is_set():
        detail = "the process hides its environment, so that it could not be found again"
        raise EnvironmentFailureError("local", "launch", detail)
    return listens and not watch.ended.is_set()


async def _until_it_listens(uri: str) -> None:
    place = MediaServerUri.parse(uri)
    while True:
        with anyio.move_on_after(_CONNECT_S):
            try:
                stream = await anyio.connect_tcp(place.host, place.port)
            except OSError:
                await anyio.sleep(_LOOK_AGAIN_S)
            else:
                await anyio.aclose_forcefully(stream)
                return


async def _hides_its_mark(process: MarkedProcess) -> bool:
    while True:
        try:
            return read_process(process.pid) is None
        except OSError:
            await anyio.sleep(_LOOK_AGAIN_S)


async def end_all(
    find: Callable[[], Awaitable[Sequence[MarkedProcess]]], number: signal.Signals
) -> None:
    """Signal the processes that are found and wait for their end, until none is found any more.

    Raises:
        OSError: A process may not be signalled.
    """
    while found := await find():
        with ExitStack() as stack:
            handles = [stack.enter_context(held(process)) for process in found]
            for handle in handles:
                if handle is not None:
                    handle.send(number)
            for handle in handles:
                if handle is not None:
                    await handle.ended()
