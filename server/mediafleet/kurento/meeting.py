"""Meeting a media server: the first words on a new connection, and short visits."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.budget import Budget, Traffic
from mediafleet.kurento.exchange import NOT_KURENTO, Exchange, RefusedError
from mediafleet.kurento.protocol import INVALID_SESSION, MAX_FIRST_ID, Peer

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Mapping, Sequence

    from mediafleet.clock import AwakeClock
    from mediafleet.domain.addresses import Network
    from mediafleet.domain.uri import MediaServerUri
    from mediafleet.kurento.dialling import Dialler
    from mediafleet.kurento.settings import LinkSettings

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tools:
    """What every connection needs.

    Attributes:
        settings: Bounds.
        clock: The time, as far as this process was awake.
        random: For the first request id and for jitter; must not be seeded with the time alone.
        dialler: Opens connections.
        shared_traffic: What all nodes together may send beyond their own shares.
        renewals: How many names all nodes together are asked again.
        linked: Links that have a connection, or are making one.
    """

    settings: LinkSettings
    clock: AwakeClock
    random: random.Random
    dialler: Dialler
    shared_traffic: Budget
    renewals: Budget
    linked: set[object] = field(default_factory=set)

    def new_peer(self) -> Peer:
        """A session that is not known to any media server yet."""
        return Peer(self.random.randrange(1, MAX_FIRST_ID))

    def new_traffic(self) -> Traffic:
        """The bounds of what is read from one node; they outlive its connections."""
        settings = self.settings
        own = Budget(settings.node_rate, settings.node_burst, self.clock.monotonic)
        return Traffic(own, self.shared_traffic)


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a media server said first.

    Attributes:
        server_id: New at each start of its process.
        is_resumed: The session of an earlier connection goes on, with its subscriptions.
    """

    server_id: str
    is_resumed: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """A short connection, introduced.

    Attributes:
        exchange: For calls.
        server_id: Whose guest we are.
        ip: The address that was dialled.
    """

    exchange: Exchange
    server_id: str
    ip: str


async def introduce(exchange: Exchange, timeout_s: float) -> Introduction:
    """Say the first words; only their answer proves that a media server is there.

    Raises:
        UnreachableMediaServerError: It did not answer, or not as a media server does.
    """
    peer = exchange.peer
    old = peer.session_id
    try:
        result = await _connect(exchange, timeout_s)
    except RefusedError as error:
        if error.fault.code != INVALID_SESSION or old is None:
            raise UnreachableMediaServerError(f"{NOT_KURENTO}: {error}") from error
        peer.session_id = old = None
        result = await _connect_anew(exchange, timeout_s)
    server_id, session_id = result.get("serverId"), result.get("sessionId")
    if not _is_id(server_id) or not _is_id(session_id):
        raise UnreachableMediaServerError(NOT_KURENTO)
    peer.session_id = str(session_id)
    return Introduction(str(server_id), is_resumed=session_id == old)


@asynccontextmanager
async def visit(
    uri: MediaServerUri,
    tools: Tools,
    within: Sequence[Network] | None = None,
    *,
    address: str | None = None,
) -> AsyncIterator[Visit]:
    """A connection of its own, with a session of its own, of which nothing is left after it.

    Args:
        uri: Where to.
        tools: For the connection.
        within: Networks the address has to be in, besides the allowed ones.
        address: What the host of the uri stands for, if that is known already.

    Raises:
        UnreachableMediaServerError: No media server was met.
    """
    settings = tools.settings
    exchange = Exchange(
        tools.new_peer(),
        tools.clock,
        max_waiting=settings.max_waiting_calls,
        traffic=tools.new_traffic(),
    )
    try:
        ip = await tools.dialler.dial(uri, exchange, within, address=address)
        introduction = await introduce(exchange, settings.request_timeout)
        yield Visit(exchange, introduction.server_id, ip)
    finally:
        with anyio.CancelScope(shield=True):
            await exchange.close(settings.close_timeout)


async def _connect(exchange: Exchange, timeout_s: float) -> Mapping[str, object]:
    return await exchange.ask("connect", {}, timeout_s=timeout_s)


async def _connect_anew(exchange: Exchange, timeout_s: float) -> Mapping[str, object]:
    try:
        return await _connect(exchange, timeout_s)
    except RefusedError as error:
        raise UnreachableMediaServerError(f"{NOT_KURENTO}: {error}") from error


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
