"""Load: measured on a connection of its own, few at once, never a guess."""

from __future__ import annotations

import pytest

from support.fake_kurento import fake_kurento
from support.links import NODE, links, until

pytestmark = pytest.mark.anyio


async def test_load_is_the_share_of_the_whole_machine():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.cpu, fake.cpu_count = 157.44680786132812, 2
        media_servers.attach(NODE, fake.uri)
        await until(lambda: observer.is_connected() and observer.last().load == 78.72)
        fake.cpu = 900.0
        await until(lambda: observer.last().load == 100.0)
        fake.cpu = 0.0
        await until(lambda: observer.last().load == 0.0)
        (interval,) = {r["params"]["operationParams"]["interval"] for r in fake.asked("getUsedCpu")}
        assert interval == 500


@pytest.mark.parametrize("nonsense", ["1e+9999", "null", "NaN", "-1", '"50"', "[1]", "true"])
async def test_what_is_no_load_is_unknown_and_never_zero(nonsense):
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri)
        await until(lambda: observer.is_connected() and observer.last().load == 25.0)
        fake.cpu = nonsense
        await until(lambda: observer.last().load is None)
        assert observer.is_connected()


async def test_a_measurement_has_its_own_session_and_leaves_nothing():
    async with fake_kurento() as fake, links(load_interval=30) as (media_servers, observer):
        media_servers.attach(NODE, fake.uri)
        await until(lambda: observer.is_connected() and observer.last().load == 25.0)
        await until(lambda: len(fake.connections) == 1)
        measured = fake.asked("getUsedCpu")[0]["params"]["sessionId"]
        watched = fake.asked("subscribe")[0]["params"]["sessionId"]
        assert measured != watched
        assert fake.sessions == {watched}


async def test_a_measurement_that_hangs_costs_only_its_own_slot():
    async with fake_kurento() as stuck, fake_kurento() as well:
        stuck.answers["getUsedCpu"] = lambda _: None
        async with links(concurrent_measurements=2, measurement_timeout=0.3) as (
            media_servers,
            observer,
        ):
            media_servers.attach("kms_stuck", stuck.uri)
            media_servers.attach("kms_well", well.uri)
            await until(lambda: len(well.asked("getUsedCpu")) > 3)
            assert observer.last("kms_well").load == 25.0
            await until(lambda: len(stuck.asked("getUsedCpu")) > 1)
            assert observer.last("kms_stuck").load is None
            assert observer.is_connected("kms_stuck")


async def test_few_are_measured_at_once():
    async with (
        fake_kurento() as fake,
        links(concurrent_measurements=3) as (media_servers, observer),
    ):
        fake.cpu_sleep = 0.05
        for number in range(12):
            media_servers.attach(f"kms_{number}", fake.uri)
        await until(
            lambda: (
                len(observer.reports) == 12
                and all(reports[-1].load == 25.0 for reports in observer.reports.values())
            )
        )
        assert fake.most_measuring <= 3


async def test_a_server_without_room_for_a_second_connection_keeps_its_link():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri)
        await until(lambda: observer.is_connected() and observer.last().load == 25.0)
        fake.answers["getCpuCount"] = lambda r: f'{{"id":{r["id"]},"error":{{"code":40009}}}}'
        await until(lambda: observer.last().load is None)
        assert observer.is_connected()
