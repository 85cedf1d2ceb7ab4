"""Which addresses may be dialled."""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_network

import anyio
import pytest

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.connector import MAX_LOOKUPS, Resolver
from mediafleet.kurento.settings import EVERYWHERE

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "host",
    [
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "::ffff:127.0.0.1",
        "127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::127.0.0.1",
        "2002:a9fe:a9fe::1",
        "2002:7f00:1::",
        "::169.254.169.254",
    ],
)
async def test_an_embedded_ipv4_address_is_checked_too(host):
    with pytest.raises(UnreachableMediaServerError):
        await Resolver().resolve(host, (ip_network("::/0"), ip_network("10.0.0.0/8")))


async def test_an_address_behind_nat64_is_dialled_as_it_is():
    within = (ip_network("::/0"), ip_network("10.0.0.0/8"))
    (address,) = await Resolver().resolve("64:ff9b::10.0.0.1", within, within)
    assert str(address) == "64:ff9b::a00:1"


async def test_only_the_allowed_addresses_of_a_host_are_left(monkeypatch):
    answers = ["169.254.1.1", "10.0.0.1", "fe80::1%1", "::ffff:10.0.0.1", "10.0.0.2"]
    answers += ["64:ff9b::a9fe:a9fe", "2002:a9fe:101::1"]
    found = [(0, 0, 0, "", (answer, 8888)) for answer in answers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    addresses = await Resolver().resolve("node.example", (ip_network("10.0.0.0/8"),))
    assert [str(address) for address in addresses] == ["10.0.0.1", "10.0.0.2"]


async def test_concurrent_look_ups_of_a_name_are_one(monkeypatch):
    asked, answer = [], threading.Event()

    def look_up(host, *_, **__):
        asked.append(host)
        answer.wait(5)
        return [(0, 0, 0, "", ("10.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver, found = Resolver(), []

    async def resolve():
        found.append(await resolver.resolve("node.example", EVERYWHERE))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(resolve)
        tasks.start_soon(resolve)
        with anyio.move_on_after(0.05):
            await resolver.resolve("node.example", EVERYWHERE)
        answer.set()
    assert len(found) == 2
    assert asked == ["node.example"]
    await resolver.resolve("node.example", EVERYWHERE)
    assert len(asked) == 2, "what was found is not kept"


async def test_names_that_do_not_resolve_do_not_delay_others(monkeypatch):
    asked, end = [], threading.Event()

    def look_up(host, *_, **__):
        asked.append(host)
        if host.endswith(".dead"):
            end.wait(10)
            raise socket.gaierror
        return [(0, 0, 0, "", ("10.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver = Resolver()
    for _ in range(3):  # they are tried again and again
        async with anyio.create_task_group() as tasks:
            for number in range(MAX_LOOKUPS - 1):
                tasks.start_soon(resolver.resolve, f"{number}.dead", EVERYWHERE)
            with anyio.fail_after(2):
                assert await resolver.resolve("well.example", EVERYWHERE)
            tasks.cancel_scope.cancel()
    assert len(asked) == MAX_LOOKUPS - 1 + 3
    end.set()


async def test_look_ups_beyond_the_limit_wait_for_their_turn(monkeypatch):
    end = threading.Event()

    def look_up(host, *_, **__):
        if host == "slow":
            end.wait(5)
        return [(0, 0, 0, "", ("10.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver = Resolver(limit=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(resolver.resolve, "slow", EVERYWHERE)
        await anyio.lowlevel.checkpoint()
        with anyio.move_on_after(0.05) as waited:
            await resolver.resolve("quick", EVERYWHERE)
        assert waited.cancelled_caught
        end.set()
        with anyio.fail_after(2):
            assert await resolver.resolve("quick", EVERYWHERE)


async def test_a_host_with_very_many_addresses_is_tried_at_a_few():
    numbers = [(0, 0, 0, "", (f"10.0.0.{number}", 1)) for number in range(1, 100)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: numbers)
        assert len(await Resolver().resolve("node.example", EVERYWHERE)) == 8
