"""Endpoints of media servers: when two are equal, and which addresses may be dialled.

An IPv6 address that stands for an IPv4 address is judged as both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Final, TypeAlias

from mediafleet.domain.errors import InvalidUriError
from mediafleet.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class MediaServerUri:
    """A parsed endpoint; equal for equal endpoints, however they were written.

    Attributes:
        scheme: ``ws`` or ``wss``.
        host: Host name in lower case, or an address in its canonical form, without brackets.
        port: 1–65535; the scheme's default if none was given.
        path: Begins with ``/``; Kurento compares it to the letter.
    """

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> MediaServerUri:
        """Read an endpoint such as ``ws://172.17.0.5:8888/kurento``.

        Raises:
            InvalidUriError: It breaks a rule; the message names the rule and repeats nothing.
        """
        try:
            return cls(*split_uri(text))
        except ValueError as error:
            raise InvalidUriError(str(error)) from None

    def at(self, ip: str) -> str:
        """The endpoint by its address; by name where a certificate must hold that name."""
        host = self.host if self.is_secure else ip
        shown = f"[{host}]" if ":" in host else host
        return f"{self.scheme}://{shown}:{self.port}{self.path}"

    @property
    def is_secure(self) -> bool:
        """Whether the link is encrypted."""
        return self.scheme == "wss"


@lru_cache(maxsize=16_384)
def endpoint_of(uri: str) -> MediaServerUri | None:
    """The endpoint that a text names; cached. ``None``: it names none."""
    try:
        return MediaServerUri.parse(uri)
    except InvalidUriError:
        return None


@lru_cache(maxsize=16_384)
def host_of(uri: str) -> str:
    """The host of an endpoint, an address without brackets; cached, as each listing needs all.

    Raises:
        InvalidUriError: It is no endpoint.
    """
    return MediaServerUri.parse(uri).host


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
    return is_in(address, allowed) and not any(map(_is_never_dialled, _equivalents(address)))


def is_in(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the networks hold an address, and every IPv4 address that it may stand for."""
    return all(
        any(face in network for network in networks if network.version == face.version)
        for face in _equivalents(address)
    )


def _equivalents(address: Address) -> Iterable[Address]:
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
