"""Load: measured on a connection of its own, few at once, never a guess."""

from __future__ import annotations

import socket

import anyio
import pytest

from mediafleet.domain.diagnostics import NodeDiagnostics
from support.fake_kurento import fake_kurento
from support.links import NODE, Observer, links, make_media_servers, until

pytestmark = pytest.mark.anyio


async def test_load_is_the_share_of_the_whole_machine():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.cpu, fake.cpu_count = 157.44680786132812, 2
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
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
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: observer.is_connected() and observer.last().load == 25.0)
        fake.cpu = nonsense
        await until(lambda: observer.last().load is None)
        assert observer.is_connected()
        assert observer.last().last_load == 25.0


async def test_a_load_measured_on_an_earlier_process_is_discarded():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        diagnostics = NodeDiagnostics()
        media_servers.attach(NODE, fake.uri, diagnostics)
        await until(lambda: observer.is_connected() and observer.last().load == 25.0)
        fake.cpu = "null"
        fake.cut()
        await until(lambda: not observer.is_connected())
        assert (observer.last().load, observer.last().last_load) == (None, 25.0)
        await until(observer.is_connected)
        assert observer.last().last_load == 25.0
        assert diagnostics.load_time is not None
        await fake.restart()
        await until(lambda: observer.is_connected() and observer.last().last_load is None)
        assert diagnostics.load_time is None


async def test_a_name_that_leads_elsewhere_by_now_is_measured_where_it_is_linked(monkeypatch):
    async with (
        fake_kurento() as linked,
        fake_kurento("127.0.0.2", linked.port) as other,
        links() as (media_servers, observer),
    ):
        addresses = ["127.0.0.1"]

        def resolved(*_, **__):
            return [(0, 0, 0, "", (address, 0)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        media_servers.attach(NODE, f"ws://node.example:{linked.port}/kurento", NodeDiagnostics())
        await until(observer.is_connected)
        addresses[0] = "127.0.0.2"
        before = len(linked.asked("getUsedCpu"))
        await until(lambda: len(linked.asked("getUsedCpu")) > before + 2)
        assert other.requests == []


async def test_the_load_of_another_process_is_not_taken_for_the_nodes():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: observer.is_connected() and observer.last().load == 25.0)
        fake.server_id, fake.cpu = "another", 100.0
        await until(lambda: observer.last().load is None)
        assert observer.last().last_load == 25.0


async def test_a_measurement_that_never_began_is_not_waited_for_in_the_next_run():
    observer = Observer()
    async with fake_kurento() as stuck, fake_kurento() as well:
        stuck.answers["getUsedCpu"] = lambda _: None
        media_servers = make_media_servers(
            observer, concurrent_measurements=1, measurement_timeout=30.0
        )
        media_servers.attach("kms_stuck", stuck.uri, NodeDiagnostics())
        async with anyio.create_task_group() as tasks:
            await tasks.start(media_servers.run)
            await until(lambda: stuck.asked("getUsedCpu"))
            media_servers.attach("kms_well", well.uri, NodeDiagnostics())
            link = media_servers._links["kms_well"]
            await until(lambda: link._is_measuring)
            tasks.cancel_scope.cancel()
        await media_servers.detach("kms_stuck")
        async with anyio.create_task_group() as tasks:
            await tasks.start(media_servers.run)
            await until(lambda: observer.last("kms_well").load == 25.0)
            tasks.cancel_scope.cancel()


async def test_a_measurement_has_its_own_session_and_leaves_nothing():
    async with fake_kurento() as fake, links(load_interval=30) as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
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
            media_servers.attach("kms_stuck", stuck.uri, NodeDiagnostics())
            media_servers.attach("kms_well", well.uri, NodeDiagnostics())
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
            media_servers.attach(f"kms_{number}", fake.uri, NodeDiagnostics())
        await until(
            lambda: (
                len(observer.reports) == 12
                and all(reports[-1].load == 25.0 for reports in observer.reports.values())
            )
        )
        assert fake.most_measuring <= 3


async def test_a_server_that_refuses_a_second_connection_keeps_its_link():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: observer.is_connected() and observer.last().load == 25.0)
        fake.answers["getCpuCount"] = lambda r: f'{{"id":{r["id"]},"error":{{"code":40009}}}}'
        await until(lambda: observer.last().load is None)
        assert observer.is_connected()
