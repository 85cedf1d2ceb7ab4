"""Which addresses may be dialled: resolves a host and checks every address it stands for."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING

from mediafleet.domain.addresses import is_in, may_be_dialled, unmapped
from mediafleet.domain.errors import UnreachableMediaServerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.domain.addresses import Address, Network

MAX_ADDRESSES = 8
LOOK_UPS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that passed the check, ready to be dialled as it is.

    Attributes:
        address: Never an IPv4 address in the clothes of an IPv6 one.
        port: 1–65535.
    """

    address: Address
    port: int


class Resolver:
    """Finds the addresses of hosts.

    A dead name holds a thread for as long as the system's resolver likes, however soon we give up.
    So the threads are our own, a name has one at most, and they hold up no exit.

    Args:
        limit: Most look-ups at once; others wait.
    """

    def __init__(self, limit: int = LOOK_UPS_AT_ONCE) -> None:
        self._free = limit
        self._waiting: deque[str] = deque()
        self._found: dict[str, asyncio.Future[tuple[Address, ...]]] = {}

    async def resolve(
        self,
        host: str,
        port: int,
        allowed: Sequence[Network],
        within: Sequence[Network] | None = None,
    ) -> tuple[Endpoint, ...]:
        """Addresses of a host that may be dialled, in the resolver's order, at most eight.

        The caller bounds the time.

        Raises:
            UnreachableMediaServerError: The host is not known or stands for forbidden addresses
                only.
        """
        addresses = await self._addresses_of(host)
        passed = [address for address in addresses if may_be_dialled(address, allowed)]
        if not passed:
            raise UnreachableMediaServerError(
                "its address is not one that may be dialled: it must be in a network of "
                "MEDIAFLEET_ALLOWED_NODE_NETWORKS and not link-local, multicast, unspecified or "
                "that of a cloud's metadata, and so must be any IPv4 address that it stands for"
            )
        if within is not None and not (passed := [each for each in passed if is_in(each, within)]):
            raise UnreachableMediaServerError(
                "its address is neither that of who announced it nor in a network of "
                "MEDIAFLEET_REGISTRAR_NETWORKS"
            )
        return tuple(Endpoint(address, port) for address in passed[:MAX_ADDRESSES])

    async def _addresses_of(self, host: str) -> tuple[Address, ...]:
        try:
            return (unmapped(ip_address(host)),)
        except ValueError:
            pass
        if host not in self._found:
            self._found[host] = asyncio.get_running_loop().create_future()
            self._waiting.append(host)
            self._begin()
        addresses = await asyncio.shield(self._found[host])  # others may wait for it too
        if not addresses:
            raise UnreachableMediaServerError("its host name cannot be resolved")
        return addresses

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._free:
            args = (loop, self._waiting[0])
            Thread(target=self._look_up, args=args, name="look-up", daemon=True).start()
            self._waiting.popleft()
            self._free -= 1

    def _look_up(self, loop: asyncio.AbstractEventLoop, host: str) -> None:
        """Run in a thread of its own."""
        addresses = _looked_up(host)
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            loop.call_soon_threadsafe(self._end, host, addresses)

    def _end(self, host: str, addresses: tuple[Address, ...]) -> None:
        self._free += 1
        self._found.pop(host).set_result(addresses)
        self._begin()


def _looked_up(host: str) -> tuple[Address, ...]:
    """Its addresses; none if it is not known."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        return tuple(dict.fromkeys(unmapped(ip_address(str(name[0]))) for *_, name in found))
    except (OSError, ValueError):
        return ()
