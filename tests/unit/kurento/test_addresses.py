"""Which addresses may be dialled."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network

import pytest

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.addresses import is_allowed, resolve
from mediafleet.kurento.settings import EVERYWHERE

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1",
        "224.0.0.1",
        "239.1.1.1",
        "ff02::1",
        "0.0.0.0",
        "::",
        "255.255.255.255",
    ],
)
def test_some_addresses_are_never_dialled(address):
    assert not is_allowed(ip_address(address), EVERYWHERE)


@pytest.mark.parametrize(
    ("address", "is_dialled"),
    [("10.1.2.3", True), ("10.2.0.1", False), ("fd00::5", True), ("2001:db8::1", False)],
)
def test_an_address_must_be_in_an_allowed_network(address, is_dialled):
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert is_allowed(ip_address(address), allowed) is is_dialled


@pytest.mark.parametrize(
    "host", ["::ffff:169.254.169.254", "::ffff:0.0.0.0", "::ffff:127.0.0.1", "127.0.0.1"]
)
async def test_an_ipv4_address_is_checked_as_one_whatever_it_wears(host):
    with pytest.raises(UnreachableMediaServerError):
        await resolve(host, 8888, (ip_network("::/0"), ip_network("10.0.0.0/8")))


async def test_only_the_allowed_addresses_of_a_host_are_left(monkeypatch):
    answers = ["169.254.1.1", "10.0.0.1", "fe80::1%1", "::ffff:10.0.0.1", "10.0.0.2"]
    found = [(0, 0, 0, "", (answer, 8888)) for answer in answers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    endpoints = await resolve("node.example", 8888, (ip_network("10.0.0.0/8"),))
    assert [str(endpoint.address) for endpoint in endpoints] == ["10.0.0.1", "10.0.0.2"]


async def test_a_host_with_very_many_addresses_is_tried_at_a_few():
    numbers = [(0, 0, 0, "", (f"10.0.0.{number}", 1)) for number in range(1, 100)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: numbers)
        assert len(await resolve("node.example", 1, EVERYWHERE)) == 8
