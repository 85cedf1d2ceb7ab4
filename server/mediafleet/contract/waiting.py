"""Waiting on behalf of a client, for as long as that client is there."""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager

import anyio
from starlette.types import Receive

from mediafleet.contract.answers import Reply
from mediafleet.contract.errors import ClientGoneError, Refusal

_NO_REPLY: Reply = object()
_RETRY = ((b"retry-after", b"5"),)


class Waits:
    """Counts the requests that wait, over all operations.

    Args:
        most: That may wait at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting = 0

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count a request for as long as the block lasts.

        Raises:
            Refusal: 503, since too many wait already.
        """
        if self._waiting >= self._most:
            message = f"{self._most} requests wait already; try again later, or without waiting"
            raise Refusal(503, message, _RETRY)
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1


async def until_hang_up(handling: Awaitable[Reply], receive: Receive) -> Reply:
    """Await a handler, and cancel it as soon as its client hangs up.

    Args:
        handling: The handler at work. What must happen in any case it has to shield itself.
        receive: The request's, its body read to the end.

    Raises:
        ClientGoneError: The client hung up first; nothing of the wait is left behind.
    """
    reply = _NO_REPLY
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_on_hang_up, receive, group.cancel_scope)
            reply = await handling
            group.cancel_scope.cancel()
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    if reply is _NO_REPLY:
        raise ClientGoneError
    return reply


async def _cancel_on_hang_up(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
