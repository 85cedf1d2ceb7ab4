"""Which loopback address each emulated node answers on; nothing here opens a socket."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network

LOOPBACK = IPv4Network("127.0.0.0/8")
"""The only network from which, and to which, a connection is taken."""

MAX_NODES = 65_000
"""Nodes one listener can hold: with a connection each, about all descriptors a process may have."""

_HOSTS = 250
_SUBNETS = 250


def address_of(index: int) -> str:
    """The address of a node: 127.0.1.1 for the first, 127.0.1.2 for the second and so on.

    The last part runs from 1 to 250, then the third from 1 to 250, then the second from 0: node
    250 (counted from 0) is 127.0.2.1 and node 62500 is 127.1.1.1.

    Args:
        index: The node's number, from 0 to MAX_NODES - 1.
    """
    block, rest = divmod(index, _SUBNETS * _HOSTS)
    subnet, host = divmod(rest, _HOSTS)
    return f"127.{block}.{subnet + 1}.{host + 1}"


def index_of(address: str) -> int | None:
    """The number of the node with an address; None where no node can be."""
    try:
        _, block, subnet, host = IPv4Address(address).packed
    except AddressValueError:
        return None
    if not (1 <= subnet <= _SUBNETS and 1 <= host <= _HOSTS and is_loopback(address)):
        return None
    return (block * _SUBNETS + subnet - 1) * _HOSTS + host - 1


def is_loopback(address: str) -> bool:
    """Whether an IPv4 address, as text, lies in 127.0.0.0/8."""
    try:
        return IPv4Address(address) in LOOPBACK
    except AddressValueError:
        return False
