"""The signalling alone, without a cluster: for what happens before a browser joins."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from random import SystemRandom
from types import SimpleNamespace
from typing import Any, cast

import pytest
from anyio.lowlevel import checkpoint

from mediafleet.app import websocket_options
from mediafleet.app.signalling import Signalling
from mediafleet.clock import SystemClock
from mediafleet.domain.call_errors import InvalidTokenError
from mediafleet.services.rooms import CallSettings, Rooms
from mediafleet.signalling.websocket import SignallingMiddleware
from support import live


@dataclass(frozen=True, slots=True)
class Alone:
    """A server that only serves browsers."""

    url: str
    signalling: Signalling
    middleware: SignallingMiddleware


async def _refuse(*_: Any, **__: Any) -> None:
    await checkpoint()
    raise InvalidTokenError


@pytest.fixture
def alone() -> Callable[..., AbstractAsyncContextManager[Alone]]:
    """Start such a server; options are those of the middleware."""

    @asynccontextmanager
    async def start(**options: Any) -> AsyncIterator[Alone]:
        nothing = cast("Any", SimpleNamespace())
        rooms = Rooms(nothing, nothing, nothing, CallSettings)
        participants = SimpleNamespace(join=_refuse)
        calls = cast(
            "Any", SimpleNamespace(rooms=rooms, participants=participants, filters=nothing)
        )
        signalling = Signalling(calls, SystemClock(), SystemRandom())

        async def app(_: Any, receive: Any, send: Any) -> None:
            await receive()
            async with signalling.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})

        middleware = SignallingMiddleware(app, signalling.sessions, signalling.scheduler, **options)
        async with live.serving(middleware, **websocket_options()) as url:
            yield Alone(url, signalling, middleware)

    return start
