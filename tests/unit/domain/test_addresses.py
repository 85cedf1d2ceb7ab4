"""Which addresses may be dialled, in whatever form they come."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.domain.endpoints import is_in, may_be_dialled, unmapped
from mediafleet.kurento.settings import EVERYWHERE

NEVER = ["169.254.169.254", "168.63.129.16", "224.0.0.1", "239.1.1.1", "255.255.255.255"]
NETWORKS = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"), ip_network("64:ff9b::/96"))


def placed(prefix: str, at: int, address: str) -> IPv6Address:
    """An IPv6 address with an IPv4 one from a byte on."""
    whole = bytearray(IPv6Address(prefix).packed)
    whole[at : at + 4] = IPv4Address(address).packed
    return IPv6Address(bytes(whole))


def forms(address: str) -> dict[str, IPv6Address]:
    """Every way to write an IPv4 address as an IPv6 one that leads to it."""
    one, two, three, four = IPv4Address(address).packed
    inverted = str(IPv4Address(int(IPv4Address(address)) ^ 0xFFFF_FFFF))
    return {
        "mapped": placed("::ffff:0:0", 12, address),
        "compatible": placed("::", 12, address),
        "translated": placed("::ffff:0:0:0", 12, address),
        "nat64": placed("64:ff9b::", 12, address),
        "local nat64 /48": IPv6Address(
            bytes([0, 0x64, 0xFF, 0x9B, 0, 1, one, two, 0, three, four, *[0] * 5])
        ),
        "local nat64 /56": IPv6Address(
            bytes([0, 0x64, 0xFF, 0x9B, 0, 1, 7, one, 0, two, three, four, *[0] * 4])
        ),
        "local nat64 /64": placed("64:ff9b:1:7::", 9, address),
        "local nat64 /96": placed("64:ff9b:1:7::", 12, address),
        "6to4": placed("2002::1", 2, address),
        "teredo client": placed("2001:0:102:304::", 12, inverted),
        "teredo server": placed("2001::f7f7:f7f7", 4, address),
    }


@pytest.mark.parametrize(
    "address", [*NEVER, "0.0.0.0", "::", "fe80::1", "ff02::1", "fd00:ec2::254"]
)
def test_some_addresses_are_never_dialled(address: str) -> None:
    assert not may_be_dialled(ip_address(address), EVERYWHERE)


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("form", forms("192.0.2.1"))
def test_nor_are_they_in_any_form(address: str, form: str) -> None:
    assert not may_be_dialled(forms(address)[form], EVERYWHERE)


@pytest.mark.parametrize("form", forms("192.0.2.1"))
def test_what_is_everywhere_allowed_is_so_in_every_form(form: str) -> None:
    assert may_be_dialled(forms("192.0.2.1")[form], EVERYWHERE)


@pytest.mark.parametrize(
    ("address", "is_dialled"),
    [
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("fd00::5", True),
        ("2001:db8::1", False),
        ("::1", False),
        ("::ffff:10.1.2.3", True),
        ("64:ff9b::10.1.2.3", True),
        ("64:ff9b::10.2.0.1", False),
        ("2002:0a01:0203::1", False),
    ],
)
def test_an_address_must_be_in_an_allowed_network(address: str, *, is_dialled: bool) -> None:
    assert may_be_dialled(ip_address(address), NETWORKS) is is_dialled


@pytest.mark.parametrize("form", forms("192.0.2.1"))
def test_no_form_of_an_address_gets_into_networks_that_do_not_hold_it(form: str) -> None:
    everything_but_ipv4 = (ip_network("::/0"), ip_network("10.0.0.0/8"))
    assert not is_in(forms("172.16.0.1")[form], everything_but_ipv4)


@given(st.ip_addresses())
def test_every_address_is_judged(address: IPv4Address | IPv6Address) -> None:
    if may_be_dialled(address, EVERYWHERE):
        assert not unmapped(address).is_link_local
        assert not unmapped(address).is_multicast
