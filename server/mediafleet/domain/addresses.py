"""Which addresses may be dialled; an IPv6 address that stands for an IPv4 one is judged as both."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_NEVER_DIALLED: Final = {
    IPv4Address("255.255.255.255"),
    # Metadata services of clouds, which hand out credentials, outside link-local networks:
    IPv6Address("fd00:ec2::254"),  # EC2
    IPv6Address("fd20:ce::254"),  # Google Cloud
    IPv4Address("100.100.100.200"),  # Alibaba Cloud
    IPv4Address("168.63.129.16"),  # Azure
}
_ONLY_IPV6: Final = {IPv6Address("::"), IPv6Address("::1")}

_EMBEDDINGS: Final = (
    # RFC 4291 §2.5.5: IPv4-compatible and IPv4-mapped; RFC 2765: IPv4-translated.
    (IPv6Network("::/96"), ((12, 13, 14, 15),)),
    (IPv6Network("::ffff:0:0/96"), ((12, 13, 14, 15),)),
    (IPv6Network("::ffff:0:0:0/96"), ((12, 13, 14, 15),)),
    # RFC 6052: NAT64. RFC 8215: its prefix for local use, whose length each network chooses.
    (IPv6Network("64:ff9b::/96"), ((12, 13, 14, 15),)),
    (
        IPv6Network("64:ff9b:1::/48"),
        ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15)),
    ),
    # RFC 3056: 6to4.
    (IPv6Network("2002::/16"), ((2, 3, 4, 5),)),
)
"""Prefixes, and where the four bytes of the IPv4 address may be in what follows."""


def unmapped(address: Address) -> Address:
    """The IPv4 address that an IPv4-mapped IPv6 one is on every machine."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def may_be_dialled(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address is in an allowed network and of no kind that is never dialled."""
    return is_in(address, allowed) and not any(map(_is_never_dialled, _faces(address)))


def is_in(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the networks hold an address, and every IPv4 address that it may stand for."""
    return all(
        any(face in network for network in networks if network.version == face.version)
        for face in _faces(address)
    )


def _faces(address: Address) -> Iterable[Address]:
    """The address, and what a gateway on the way may make of it."""
    address = unmapped(address)
    yield address
    if isinstance(address, IPv4Address) or address in _ONLY_IPV6:
        return
    if address.teredo is not None:  # RFC 4380: a server and a client
        yield from address.teredo
    for prefix, places in _EMBEDDINGS:
        if address in prefix:
            found = {IPv4Address(bytes(address.packed[at] for at in place)) for place in places}
            # Where several places are possible, all but one may be padding.
            yield from {each for each in found if int(each)} or found


def _is_never_dialled(address: Address) -> bool:
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _NEVER_DIALLED
    )
