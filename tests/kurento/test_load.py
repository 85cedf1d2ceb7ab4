"""Load: measured on a connection of its own, few at once, never a guess."""

from __future__ import annotations

import socket

import anyio
import pytest

from mediafleet.domain.cluster import OpenFiles
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
        fake.answers["connect"] = lambda r: f'{{"id":{r["id"]},"error":{{"code":40009}}}}'
        await until(lambda: observer.last().load is None)
        assert observer.is_connected()


def measuring_connection(fake):
    """The connection of the last measurement."""
    return fake.bound[fake.asked("getUsedCpu")[-1]["params"]["sessionId"]]


async def test_measurements_share_a_connection_that_ends_with_the_link():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: len(fake.asked("getUsedCpu")) > 3)
        assert observer.last().load == 25.0
        assert fake.connection_count == 2
        await media_servers.detach(NODE)
        await until(lambda: not fake.connections)
        assert fake.sessions == set()


async def test_a_lost_link_takes_its_measurement_with_it():
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.cpu_sleep = 0.5
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: fake.measuring)
        watched = fake.asked("subscribe")[0]["params"]["sessionId"]
        fake.bound[watched].transport.abort()
        await until(lambda: not observer.is_connected())
        await until(lambda: observer.is_connected() and observer.last().load == 25.0)
        assert len(fake.connections) == 2


@pytest.mark.parametrize("is_measuring", [True, False], ids=["measuring", "idle"])
async def test_a_kept_connection_that_is_cut_costs_no_measurement(is_measuring):
    async with fake_kurento() as fake, links() as (media_servers, observer):
        fake.cpu_sleep = 0.05
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        for cuts in range(1, 4):
            measured = len(fake.asked("getUsedCpu"))
            await until(lambda n=measured: len(fake.asked("getUsedCpu")) > n)
            await until(lambda: observer.is_connected() and observer.last().load == 25.0)
            await until(lambda: bool(fake.measuring) is is_measuring)
            measuring_connection(fake).transport.abort()
            await until(lambda n=cuts: fake.connection_count == 2 + n)
        loads = [report.load for report in observer.reports[NODE]]
        assert None not in loads[loads.index(25.0) :]


async def test_a_server_that_cuts_every_measurement_is_not_measured_more_often():
    async with fake_kurento() as fake, links() as (media_servers, observer):

        def cut(_):
            measuring_connection(fake).transport.abort()

        fake.answers["getUsedCpu"] = cut
        media_servers.attach(NODE, fake.uri, NodeDiagnostics())
        await until(lambda: len(fake.asked("getUsedCpu")) == 2)
        begin = anyio.current_time()
        await until(lambda: len(fake.asked("getUsedCpu")) == 5)
        assert anyio.current_time() - begin > 2 * 0.2
        assert observer.is_connected()
        assert observer.last().load is None


async def test_all_are_linked_and_measured_when_not_every_connection_can_be_kept():
    files = OpenFiles(limit=64, media_nodes=3, measurements=1)
    async with fake_kurento() as fake, links(open_files=files) as (media_servers, observer):
        most = 0

        def count(_):
            nonlocal most
            most = max(most, len(fake.connections))

        fake.on_request = count
        nodes = [f"kms_{number}" for number in range(4)]
        for node in nodes[:3]:
            media_servers.attach(node, fake.uri, NodeDiagnostics())
            await until(lambda node=node: observer.is_connected(node))
            await until(lambda node=node: observer.last(node).load == 25.0)
        media_servers.attach(nodes[3], fake.uri, NodeDiagnostics())
        for cpu in (80.0, 60.0):
            fake.cpu = cpu
            await until(
                lambda load=cpu / 2: {observer.last(node).load for node in nodes[:3]} == {load}
            )
        assert not observer.is_connected(nodes[3])
        assert most <= 3 + 1
