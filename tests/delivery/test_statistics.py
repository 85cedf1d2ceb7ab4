"""Statistics: events at least once and without doubles, measurements as far as they fit."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import anyio
import pytest
import trustme

from mediafleet.clock import SystemClock
from mediafleet.delivery import Statistics, StatisticsSettings, statistics
from mediafleet.delivery.statistics import UnusableElasticsearchError, node_stats
from mediafleet.domain.cluster import Connection, Member, Session
from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.services.call_statistics import CallStatistics
from support.call_cluster import opened
from support.elasticsearch_stand_in import elasticsearch
from support.event_source import event_source
from support.store_cases import added

pytestmark = pytest.mark.anyio

CLUSTER = "clu_1"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(statistics, "LINGER_S", 0.01)
    monkeypatch.setattr(statistics, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(statistics, "LONGEST_PAUSE_S", 0.05)


def settings_for(server, **changes):
    given = StatisticsSettings(
        url=f"http://127.0.0.1:{server.port}", interval=0, webrtc_interval=0, cluster_id=CLUSTER
    )
    return replace(given, **changes)


def members():
    node = added("kms_1").node
    at = datetime(2026, 3, 4, tzinfo=UTC)
    sessions = (Session("room", "room_kurento.MediaPipeline", at),)
    busy = Member(node, Connection(connected=True, load=12.5, sessions=sessions))
    return [busy, Member(added("kms_2").node)]


class Clock(SystemClock):
    """A wall clock that a test sets."""

    at = None

    def now(self):
        return self.at or super().now()


async def measured_once(interval, add):
    """Measure a call at once."""
    add("webrtcStats", {"sessionId": "ses_A", "jitter": interval})
    await anyio.sleep_forever()


class Running:
    def __init__(self, source, settings, measure_calls=measured_once):
        self.settings = settings
        self.clock = Clock()
        self.cluster = members()
        self.statistics = Statistics(
            source.log,
            lambda: self.settings,
            self.clock,
            lambda: self.cluster,
            measure_calls,
        )


@asynccontextmanager
async def running(source, settings, **options):
    run = Running(source, settings, **options)
    await run.statistics.begin(source.store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run.statistics.run, source.store, lambda: None)
        yield run
        tasks.cancel_scope.cancel()


async def test_events_are_documents_of_the_index_of_their_day(tmp_path):
    async with (
        event_source(tmp_path) as source,
        elasticsearch() as server,
        running(source, settings_for(server)),
    ):
        (event,) = await source.emit()
        await source.emit_of_our_own()
        end = await source.emit_session_end()
        await server.until(lambda: len(server.documents("cdr")) == 2)

    day = datetime.fromtimestamp(event.timestamp / 1000, UTC)
    (index,) = server.indices
    assert index == f"openvidu-cdr-{day:%Y.%m.%d}"
    kinds = {"elastic_type": "cdr"}
    assert server.documents("cdr") == [
        {**event.payload, **kinds, "event": "mediaNodeStatusChanged"},
        {**end.payload, **kinds, "event": "sessionDestroyed"},
    ]
    assert server.templates["mediafleet"]["index_patterns"] == [
        "openvidu-cdr-*",
        "openvidu-stats-*",
    ]


async def test_what_is_sent_again_replaces_itself(tmp_path):
    async with event_source(tmp_path) as source, elasticsearch() as server:
        await source.emit(3)
        for _ in range(2):
            await source.store.set_reader_position(Statistics.NAME, 0)
            bulks = len(server.bulks)
            async with running(source, settings_for(server)) as run:
                await server.until(lambda n=bulks: len(server.bulks) > n)
                await server.until(lambda r=run: r.statistics.lag == 0)
        assert server.bulks == [3, 3]
        assert len(server.documents("cdr")) == 3


async def test_a_restart_goes_on_where_it_ended(tmp_path):
    async with elasticsearch() as server:
        async with event_source(tmp_path) as source, running(source, settings_for(server)) as run:
            await source.emit(2)
            await server.until(lambda: len(server.documents("cdr")) == 2)
            await server.until(lambda: run.statistics.lag == 0)
        async with event_source(tmp_path) as source:
            await source.emit(2)
            async with running(source, settings_for(server)):
                await server.until(lambda: len(server.documents("cdr")) == 4)
        assert sum(server.bulks) == 4


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_events_wait_while_elasticsearch_fails(tmp_path, status, caplog):
    async with (
        event_source(tmp_path) as source,
        elasticsearch(failing=status) as server,
        running(source, settings_for(server)) as run,
    ):
        await source.emit(3)
        await server.until(lambda: run.statistics.counters.failures >= 3)
        assert run.statistics.lag == 3
        assert f"HTTP {status}" in run.statistics.counters.problem
        server.failing = None
        await server.until(lambda: len(server.documents("cdr")) == 3)
        await server.until(lambda: run.statistics.counters.problem is None)
    assert len([r for r in caplog.records if "takes no documents" in r.message]) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_documents_that_are_refused_for_now_are_sent_again(tmp_path, status):
    async with (
        event_source(tmp_path) as source,
        elasticsearch(item_status=status) as server,
        running(source, settings_for(server)) as run,
    ):
        await source.emit(3)
        await server.until(lambda: run.statistics.counters.failures >= 2)
        server.item_status = None
        await server.until(lambda: len(server.documents("cdr")) == 3)
    assert run.statistics.counters.rejected == 0


async def test_documents_that_are_refused_for_good_are_counted_and_later_ones_go_on(tmp_path):
    async with (
        event_source(tmp_path) as source,
        elasticsearch(item_status=400) as server,
        running(source, settings_for(server)) as run,
    ):
        await source.emit(2)
        await server.until(lambda: run.statistics.counters.rejected == 2)
        server.item_status = None
        await source.emit(1)
        await server.until(lambda: len(server.documents("cdr")) == 1)


async def test_it_is_down_at_first(tmp_path):
    async with event_source(tmp_path) as source:
        async with elasticsearch() as server:
            settings = settings_for(server)
        async with running(source, settings) as run:
            await source.emit(2)
            await server.until(lambda: run.statistics.counters.failures >= 2)
            async with elasticsearch(port=server.port) as server:
                await server.until(lambda: len(server.documents("cdr")) == 2)


async def test_it_does_not_answer_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(statistics, "REQUEST_TIMEOUT_S", 0.1)
    async with (
        event_source(tmp_path) as source,
        elasticsearch(delay=1.0) as server,
        running(source, settings_for(server)) as run,
    ):
        await source.emit(1)
        await server.until(lambda: run.statistics.counters.failures >= 1)
        server.delay = 0.0
        await server.until(lambda: len(server.documents("cdr")) == 1)


@pytest.mark.parametrize("product", [None, "OpenSearch"])
async def test_another_product_gets_no_events(tmp_path, product):
    async with (
        event_source(tmp_path) as source,
        elasticsearch(product=product) as server,
        running(source, settings_for(server)) as run,
    ):
        await source.emit(1)
        await server.until(lambda: run.statistics.counters.failures >= 2)
    assert "not Elasticsearch" in run.statistics.counters.problem
    assert run.statistics.lag == 1


async def test_the_password_is_sent_and_never_shown(tmp_path, caplog):
    user = ("elastic", "a-secret")
    async with event_source(tmp_path) as source, elasticsearch(user=user) as server:
        settings = settings_for(server, user="elastic", password="another-secret")
        async with running(source, settings) as run:
            await source.emit(1)
            await server.until(lambda: run.statistics.counters.failures >= 1)
            assert "HTTP 401" in run.statistics.counters.problem
            run.settings = replace(settings, password="a-secret")
            run.statistics.configure()
            await server.until(lambda: len(server.documents("cdr")) == 1)
    assert "secret" not in caplog.text + repr(settings)


async def test_certificates_are_verified(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    async with event_source(tmp_path) as source, elasticsearch(tls) as server:
        settings = settings_for(server, url=f"https://localhost:{server.port}")
        async with running(source, settings) as run:
            await source.emit(1)
            await server.until(lambda: run.statistics.counters.failures >= 1)
            assert "certificate" in run.statistics.counters.problem.lower()
            assert server.requests == []
            run.settings = replace(settings, ca_file=tmp_path / "ca.pem")
            run.statistics.configure()
            await server.until(lambda: len(server.documents("cdr")) == 1)


@pytest.mark.parametrize(
    "changes",
    [{"url": "http://localhost:9200?a=b"}, {"url": "https://localhost", "ca_file": __file__}],
)
async def test_what_cannot_be_used_is_named(tmp_path, changes):
    async with event_source(tmp_path) as source:
        run = Running(source, StatisticsSettings(**changes))
        with pytest.raises(UnusableElasticsearchError, match="ELASTICSEARCH_HOST"):
            await run.statistics.run(source.store, lambda: None)


async def test_the_server_and_each_node_are_measured(tmp_path):
    async with (
        event_source(tmp_path) as source,
        elasticsearch() as server,
        running(source, settings_for(server, interval=1)),
    ):
        await server.until(lambda: len(server.documents("monitoringStats")) == 2)

    stats = server.documents("monitoringStats")[0]
    assert set(stats) == {"elastic_type", "timestamp", "clusterId", "cpu", "mem", "net"}
    assert set(stats["mem"]) == {"used", "percentage"}
    assert set(stats["net"]["lo"]) == {"rxBytes", "txBytes"}
    busy, unknown = server.documents("mediaNodeStats")[:2]
    assert busy == {
        "elastic_type": "mediaNodeStats",
        "timestamp": stats["timestamp"],
        "clusterId": CLUSTER,
        "media_node_id": "kms_1",
        "ip": None,
        "status": "launching",
        "connected": True,
        "load": 12.5,
        "sessions": 1,
    }
    assert (unknown["media_node_id"], unknown["load"]) == ("kms_2", None)
    assert {name[: name.index("-2")] for name in server.indices} == {"openvidu-stats"}


async def test_measurements_that_wait_are_bounded_and_events_are_not_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(statistics, "MAX_QUEUED", 4)
    async with (
        event_source(tmp_path) as source,
        elasticsearch(failing=503) as server,
        running(source, settings_for(server)) as run,
    ):
        await source.emit(10)
        for _ in range(4):
            run.statistics._next_measurement = 0.0
            run.statistics._measure(replace(run.settings, interval=60))
        assert run.statistics.counters.dropped == 8
        server.failing = None
        await server.until(lambda: len(server.documents("cdr")) == 10)
        await server.until(lambda: run.statistics.counters.indexed == 14)


async def test_a_request_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(statistics, "MAX_BYTES", 500)
    async with event_source(tmp_path) as source, elasticsearch() as server:
        await source.store.set_reader_position(Statistics.NAME, 0)
        await source.emit(10)
        async with running(source, settings_for(server)):
            await server.until(lambda: len(server.documents("cdr")) == 10)
    assert len(server.bulks) >= 5
    assert max(server.bulks) <= 2


async def test_indices_are_deleted_when_their_days_are_over(tmp_path):
    names = {
        *("openvidu-cdr-2026.03.01", "openvidu-stats-2026.03.02", "openvidu-cdr-2026.03.03"),
        *("openvidu-cdr-2026.03.03-copy", "openvidu-logs-2020.01.01", "others-2020.01.01"),
    }
    async with event_source(tmp_path) as source, elasticsearch() as server:
        server.indices.update({name: {} for name in names})
        run = Running(source, settings_for(server, max_days=2))
        run.clock.at = datetime(2026, 3, 5, 1, tzinfo=UTC)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run.statistics.run, source.store, lambda: None)
            await server.until(lambda: len(server.indices) == 4)
            tasks.cancel_scope.cancel()
    assert names - set(server.indices) == {"openvidu-cdr-2026.03.01", "openvidu-stats-2026.03.02"}


async def test_without_a_limit_no_index_is_deleted(tmp_path):
    async with event_source(tmp_path) as source, elasticsearch() as server:
        server.indices["openvidu-cdr-1999.01.01"] = {}
        async with running(source, settings_for(server)):
            await source.emit(1)
            await server.until(lambda: len(server.documents("cdr")) == 1)
    assert "openvidu-cdr-1999.01.01" in server.indices
    assert {method for method, _ in server.requests} == {"PUT"} | {
        method for method, path in server.requests if path == "/_bulk"
    }


async def test_turned_off_it_forgets(tmp_path):
    async with event_source(tmp_path) as source:
        await source.store.set_reader_position(Statistics.NAME, 0)
        await source.emit(1)
        async with running(source, StatisticsSettings()) as run:
            with anyio.fail_after(5):
                while await source.store.reader_position(Statistics.NAME) is not None:
                    await anyio.sleep(0.005)
            assert run.statistics.lag == 0


async def test_events_that_were_deleted_before_they_were_sent_are_counted(tmp_path):
    async with event_source(tmp_path, retention=2) as source, elasticsearch() as server:
        await source.store.set_reader_position(Statistics.NAME, 0)
        await source.emit(5)
        await source.log.delete_expired()
        async with running(source, settings_for(server)) as run:
            await server.until(lambda: len(server.documents("cdr")) == 2)
            assert run.statistics.lost == 3


async def test_a_clock_that_jumps_delays_no_measurement(tmp_path):
    async with (
        event_source(tmp_path) as source,
        elasticsearch() as server,
        running(source, settings_for(server, interval=1)) as run,
    ):
        await server.until(lambda: len(server.documents("monitoringStats")) == 1)
        run.clock.at = datetime.now(UTC) - timedelta(days=3650)
        await server.until(lambda: len(server.documents("monitoringStats")) == 2)


def test_ten_thousand_nodes_are_measured_in_one_go():
    assert len(list(node_stats(members() * 5_000))) == 10_000


async def test_the_end_of_a_session_is_summarized(tmp_path):
    async with (
        event_source(tmp_path) as source,
        elasticsearch() as server,
        running(source, settings_for(server)) as run,
    ):
        end = await source.emit_session_end()
        await server.until(lambda: server.documents("sessionSummary"))
        await server.until(lambda: run.statistics.lag == 0)

    (summary,) = server.documents("sessionSummary")
    assert summary == {
        **end.payload,
        "elastic_type": "sessionSummary",
        "clusterId": CLUSTER,
        "media_node_id": "kms_x",
    }
    (index,) = server.indices
    assert index.startswith("openvidu-cdr-")
    assert len(server.indices[index]) == 2


async def test_an_event_of_which_only_a_part_was_sent_is_sent_again(tmp_path, monkeypatch):
    monkeypatch.setattr(statistics, "BATCH", 3)
    async with event_source(tmp_path) as source, elasticsearch() as server:
        await source.store.set_reader_position(Statistics.NAME, 0)
        for number in range(4):
            await source.emit_session_end(f"ses_{number}")
        async with running(source, settings_for(server)) as run:
            await server.until(lambda: len(server.documents("sessionSummary")) == 4)
            await server.until(lambda: run.statistics.lag == 0)
    assert len(server.documents("cdr")) == 4
    assert max(server.bulks) <= 3


async def test_what_calls_measure_is_sent_with_time_and_cluster(tmp_path):
    async with (
        event_source(tmp_path) as source,
        elasticsearch() as server,
        running(source, settings_for(server, webrtc_interval=5)) as run,
    ):
        await server.until(lambda: server.documents("webrtcStats"))
        run.settings = replace(run.settings, webrtc_interval=0)
        run.statistics.configure()
        await source.emit(1)
        await server.until(lambda: server.documents("cdr"))
    stats, *_ = server.documents("webrtcStats")  # a slow machine may have measured again
    assert stats.pop("timestamp") > 1.7e12
    assert stats == {
        "elastic_type": "webrtcStats",
        "clusterId": CLUSTER,
        "sessionId": "ses_A",
        "jitter": 5,
    }


async def test_the_reason_of_a_failure_is_that_of_the_reader_alone(tmp_path, monkeypatch):
    async with event_source(tmp_path) as source, elasticsearch() as server:
        run = Running(source, settings_for(server, webrtc_interval=5))

        async def fails(*_):
            raise StoreUnavailableError("closed")

        monkeypatch.setattr(source.store, "reader_position", fails)
        with pytest.raises(StoreUnavailableError):
            await run.statistics.run(source.store, lambda: None)


async def test_streams_of_calls_are_measured_by_connection_and_kind(tmp_path):
    async with (
        opened() as cluster,
        event_source(tmp_path) as source,
        elasticsearch() as server,
    ):
        await cluster.begin_call("room")
        settings = settings_for(server, webrtc_interval=0.05)
        measuring = CallStatistics(cluster.rooms, cluster.media, SystemClock(), Random(1))
        async with running(source, settings, measure_calls=measuring.run):
            await server.until(lambda: len(server.documents("webrtcStats")) >= 6)
        call = cluster.calls.call("room")

    documents = server.documents("webrtcStats")
    first, second = call.active
    assert {(each["connection"], each["endpoint"]) for each in documents} >= {
        (first.id, first.stream.id),
        (second.id, second.stream.id),
        (second.id, f"{second.id}_{first.stream.id}"),
    }
    assert {each["mediaType"] for each in documents} == {"audio", "video"}
    (document,) = {tuple(sorted(each)) for each in documents}
    assert set(document) == {
        "clusterId",
        "connection",
        "direction",
        "elastic_type",
        "endpoint",
        "jitter",
        "media_node_id",
        "mediaType",
        "packetsLost",
        "sessionId",
        "timestamp",
        "user",
    }
    assert (documents[0]["elastic_type"], documents[0]["jitter"]) == ("webrtcStats", 0.5)


async def test_no_stream_is_measured_while_that_is_off(tmp_path):
    async with (
        event_source(tmp_path) as source,
        elasticsearch() as server,
        running(source, settings_for(server, interval=1)),
    ):
        await server.until(lambda: len(server.documents("mediaNodeStats")) >= 4)

    assert server.documents("webrtcStats") == []
