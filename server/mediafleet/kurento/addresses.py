"""Which addresses may be dialled: resolves a host and checks every address it stands for."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from mediafleet.domain.errors import UnreachableMediaServerError

if TYPE_CHECKING:
    from collections.abc import Sequence

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

MAX_ADDRESSES = 8
_BROADCAST = IPv4Address("255.255.255.255")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that passed the check, ready to be dialled as it is.

    Attributes:
        address: Never an IPv4 address in the clothes of an IPv6 one.
        port: 1–65535.
    """

    address: Address
    port: int


async def resolve(
    host: str, port: int, allowed: Sequence[Network], within: Sequence[Network] | None = None
) -> tuple[Endpoint, ...]:
    """Addresses of a host that may be dialled, in the resolver's order, at most eight.

    The caller bounds the time.

    Raises:
        UnreachableMediaServerError: The host is not known or stands for forbidden addresses only.
    """
    addresses = await _addresses_of(host, port)
    passed = [address for address in addresses if is_allowed(address, allowed)]
    if not passed:
        raise UnreachableMediaServerError(
            "its address is not one that may be dialled: it must be in a network of "
            "MEDIAFLEET_ALLOWED_NODE_NETWORKS and not link-local, multicast or unspecified"
        )
    if within is not None and not (passed := [each for each in passed if is_in(each, within)]):
        raise UnreachableMediaServerError(
            "its address is neither that of who announced it nor in a network of "
            "MEDIAFLEET_REGISTRAR_NETWORKS"
        )
    return tuple(Endpoint(address, port) for address in passed[:MAX_ADDRESSES])


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address may be dialled; some kinds never."""
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if address == _BROADCAST:
        return False
    return is_in(address, allowed)


def is_in(address: Address, networks: Sequence[Network]) -> bool:
    """Whether one of the networks holds an address."""
    return any(address in network for network in networks if network.version == address.version)


async def _addresses_of(host: str, port: int) -> list[Address]:
    try:
        return [unwrapped(ip_address(host))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
    except (OSError, UnicodeError):
        raise UnreachableMediaServerError("its host name cannot be resolved") from None
    addresses = (unwrapped(ip_address(str(name[0]))) for *_, name in found)
    return list(dict.fromkeys(addresses))


def unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv4-mapped IPv6 one stands for."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
