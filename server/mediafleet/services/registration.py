"""Media servers that announce themselves: who may, how many are met at once, what comes of it."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.addresses import is_in
from mediafleet.domain.errors import MediaNodeAlreadyAddedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    from mediafleet.services.admission import Admission

log = logging.getLogger(__name__)

MET_AT_ONCE = 32


class Registrations:
    """Takes in media servers that announce themselves.

    Args:
        admission: Adds them.
        networks: From which they may come, and in which they may be besides their own address.
    """

    def __init__(self, admission: Admission, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._admission = admission
        self._networks = tuple(networks)
        self._limiter = anyio.CapacityLimiter(MET_AT_ONCE)
        self._turns: dict[str, anyio.Lock] = {}

    def may_come_from(self, peer: IPv4Address | IPv6Address) -> bool:
        """Whether who has this address may announce anything."""
        return is_in(peer, self._networks)

    async def register(self, peer: IPv4Address | IPv6Address, uri: str) -> None:
        """Meet a media server and add it, unless it is a member already.

        For one peer one is met at a time, for all of them some; others wait for their turn.

        Args:
            peer: Who announced it; no forwarded address.
            uri: Where it is to be.

        Raises:
            InvalidUriError: The uri breaks a rule.
            UnreachableMediaServerError: Nothing answered there, or it may not be met.
            MediaNodeAlreadyAddedError: Another request is adding it.
            StoreUnavailableError: It could not be stored.
        """
        within = (ip_network(peer), *self._networks)
        async with self._turn_of(str(peer)), self._limiter:
            try:
                member = await self._admission.register(uri, within)
            except MediaNodeAlreadyAddedError as error:
                if error.node_id is None:
                    raise
                node_id, event = error.node_id, "known media server announced itself"
            else:
                node_id, event = member.node.id, "media server announced itself"
        log.info(event, extra={"media_node_id": node_id, "peer": str(peer)})

    @asynccontextmanager
    async def _turn_of(self, peer: str) -> AsyncIterator[None]:
        turn = self._turns.setdefault(peer, anyio.Lock())
        try:
            async with turn:
                yield
        finally:
            if not turn.locked() and not turn.statistics().tasks_waiting:
                self._turns.pop(peer, None)
