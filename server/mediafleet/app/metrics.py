"""The metrics of `GET /metrics`, in the text format of Prometheus."""

from __future__ import annotations

from collections import Counter as Tally
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from typing_extensions import override

import mediafleet
from mediafleet.domain.autoscaling import Cause
from mediafleet.domain.call_errors import NoMediaNodeError
from mediafleet.domain.cluster import Trait
from mediafleet.domain.diagnostics import Finding
from mediafleet.domain.events import OPENVIDU_EVENTS
from mediafleet.domain.media_node import MediaNodeStatus
from mediafleet.signalling.websocket import Drop

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from prometheus_client import Metric

    from mediafleet.app.delivery import EventReaders
    from mediafleet.clock import AwakeClock
    from mediafleet.contract import ConnectionTable, Request
    from mediafleet.domain.cluster import Cluster
    from mediafleet.domain.events import StoredEvent
    from mediafleet.services.autoscaling import Autoscaler
    from mediafleet.services.controller import Controller
    from mediafleet.services.rooms import CallCounts
    from mediafleet.signalling.rpc_sessions import RpcSessions
    from mediafleet.signalling.websocket import SignallingMiddleware

PERCENT = 100.0
REQUEST_BUCKETS_S = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
COMMIT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
UNMATCHED = "unmatched"
"""The operation of requests that are none of the contract's."""


class Metrics(Collector):
    """Measures what happens and, on each request, collects what components count themselves.

    Labels take their values from the contract, from enumerations and from ids of members, so the
    number of series is bounded whatever clients send.
    """

    def __init__(self) -> None:
        self._sources: list[Callable[[], Iterable[Metric]]] = []
        # Their times of creation would double the series of each counter.
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Histogram(
            "mediafleet_http_request_duration_seconds",
            "Time from the head of a request to that of its response, by operation and status; "
            "requests that wait are included.",
            ["operation", "status"],
            buckets=REQUEST_BUCKETS_S,
            registry=self._registry,
        )
        self._request_series: dict[tuple[str | None, int], Histogram] = {}
        self._commits = Histogram(
            "mediafleet_store_commit_duration_seconds",
            "Time of a change until it is durable, its wait for earlier ones included.",
            buckets=COMMIT_BUCKETS_S,
            registry=self._registry,
        )
        self._events = Counter(
            "mediafleet_events",
            "Committed events since the start, by name.",
            ["event"],
            registry=self._registry,
        )
        for name in OPENVIDU_EVENTS:
            self._events.labels(name)  # begins at 0, so that the first one is an increase
        self._registry.register(self)

    def add(self, source: Callable[[], Iterable[Metric]]) -> None:
        """Add what is collected on each request; it must neither wait nor fail."""
        self._sources.append(source)

    async def get_metrics(self) -> tuple[str, int, dict[str, str]]:
        """Handle the operation of that name."""
        text = generate_latest(self._registry).decode()
        return text, 200, {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}

    def observe_response(self, request: Request, status: int) -> None:
        """Measure the time of a request whose response begins."""
        key = request.operation_id, status
        series = self._request_series.get(key)
        if series is None:
            series = self._requests.labels(request.operation_id or UNMATCHED, str(status))
            self._request_series[key] = series
        series.observe(perf_counter() - request.begun)

    def observe_commit(self, seconds: float) -> None:
        """Measure a change of the store."""
        self._commits.observe(seconds)

    def count_events(self, events: Sequence[StoredEvent]) -> None:
        """Count committed events."""
        for event in events:
            self._events.labels(event.name).inc()

    @override
    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily(
            "mediafleet_build", "What runs.", value={"version": mediafleet.__version__}
        )
        for source in self._sources:
            yield from source()


def of_cluster(cluster: Cluster, most_nodes: int) -> Iterator[Metric]:
    """Media Nodes and sessions.

    Args:
        cluster: The members.
        most_nodes: A larger cluster has no series of single nodes.
    """
    nodes: Tally[tuple[MediaNodeStatus, bool]] = Tally()
    sessions = suspect = unknown = 0
    known: list[float] = []
    for member in cluster:
        link = member.connection
        nodes[member.node.status, link.connected] += 1
        sessions += len(member.sessions)
        suspect += link.suspect
        if link.load is not None:
            known.append(link.load)
        elif member.node.status is MediaNodeStatus.RUNNING:
            unknown += 1
    yield _gauges(
        "media_nodes",
        "Media Nodes by status and by whether they are connected.",
        ("status", "connected"),
        {
            (status.value, str(connected).lower()): nodes[status, connected]
            for status in MediaNodeStatus
            for connected in (True, False)
        },
    )
    yield _gauge("media_nodes_suspect", "Connected Media Nodes that miss a ping.", suspect)
    yield _gauge(
        "media_nodes_accepting_sessions",
        "Media Nodes that are running, connected and not suspect.",
        len(cluster.with_trait(Trait.ACCEPTS_SESSIONS)),
    )
    yield _gauge(
        "media_nodes_unknown_load", "Running Media Nodes whose load is not known now.", unknown
    )
    yield _gauge("sessions", "Sessions of all Media Nodes, as last listed.", sessions)
    mean: Values = {(): sum(known) / len(known) / PERCENT} if known else {}
    yield _gauges("load_ratio", "Mean of the known loads, 0 to 1.", (), mean)
    if len(cluster) <= most_nodes:
        yield from _of_each_node(cluster)


def _of_each_node(cluster: Cluster) -> Iterator[Metric]:
    yield _gauges(
        "media_node_load_ratio",
        "CPU load of a Media Node, 0 to 1; missing while it is not known.",
        ("media_node_id",),
        {
            (member.node.id,): member.connection.load / PERCENT
            for member in cluster
            if member.connection.load is not None
        },
    )
    yield _gauges(
        "media_node_sessions",
        "Sessions of a Media Node, as last listed.",
        ("media_node_id",),
        {(member.node.id,): len(member.sessions) for member in cluster},
    )


def of_findings(*tallies: Mapping[Finding, int]) -> Iterator[Metric]:
    """Decisions about the health of Media Nodes."""
    yield _counters(
        "failure_decisions",
        "Decisions about the health of Media Nodes, as their diagnostics name them.",
        ("finding",),
        {(each.value,): sum(tally.get(each, 0) for tally in tallies) for each in Finding},
    )


def of_events(readers: EventReaders) -> Iterator[Metric]:
    """The event log and its readers."""
    log, webhook = readers.log, readers.webhook
    yield _gauge("events_newest_sequence", "Number of the newest event.", log.newest)
    yield _gauge("events_oldest_sequence", "Number of the oldest event that is kept.", log.oldest)
    yield _gauge("events_retention", "How many events are kept.", log.retention)
    by_name = {"cdr": readers.cdr, "webhook": webhook, "statistics": readers.statistics}
    yield _gauges(
        "event_reader_lag_events",
        "Events that a reader has not handled yet; 0 while it is off.",
        ("reader",),
        {(name,): reader.lag for name, reader in by_name.items()},
    )
    yield _counters(
        "event_reader_lost_events",
        "Events that a reader will never pass on: deleted before, or not taken while delivery is "
        "best-effort.",
        ("reader",),
        {(name,): reader.lost for name, reader in by_name.items()},
    )
    statistics = readers.statistics.counters
    yield _counter(
        "statistics_documents", "Documents that Elasticsearch has taken.", statistics.indexed
    )
    yield _counter(
        "statistics_failed_requests", "Requests to Elasticsearch that failed.", statistics.failures
    )
    yield _counter(
        "statistics_lost_documents",
        "Documents that Elasticsearch refused for good, or that were dropped as too many waited.",
        statistics.rejected + statistics.dropped,
    )
    yield _counter(
        "webhook_delivered_events", "Events that the receiver took.", webhook.counters.delivered
    )
    yield _counter(
        "webhook_failed_requests", "Requests that the receiver failed.", webhook.counters.failures
    )
    yield _counter(
        "webhook_dead_letters",
        "Events that the receiver refused for good.",
        webhook.counters.dead_letters,
    )
    yield _gauge(
        "webhook_consecutive_failures",
        "Requests that failed since the last one that did not.",
        webhook.counters.consecutive,
    )


def of_autoscaling(autoscaler: Autoscaler) -> Iterator[Metric]:
    """What autoscaling found."""
    yield _gauge(
        "autoscaling_blind",
        "1 while loads have been unknown for too long, so that no node leaves.",
        autoscaler.is_blind,
    )
    yield _counters(
        "autoscaling_evaluations",
        "Evaluations of autoscaling by what they found, as GET /fleet/autoscaling names it.",
        ("cause",),
        {(cause.value,): autoscaler.causes[cause] for cause in Cause},
    )


def of_streams(streams: int) -> Iterator[Metric]:
    """Clients that follow the events."""
    yield _gauge("event_streams", "Streams of events that are served now.", streams)


def of_signalling(sockets: SignallingMiddleware, sessions: RpcSessions) -> Iterator[Metric]:
    """Browsers: their sockets, their JSON-RPC sessions and what they ask for."""
    yield _gauge("signalling_sockets", "WebSockets of browsers.", sockets.sockets)
    yield _gauge(
        "signalling_rpc_sessions",
        "JSON-RPC sessions of browsers, those that have lost their socket included.",
        sessions.size,
    )
    yield _counters(
        "signalling_requests",
        "Requests of browsers, by method.",
        ("method",),
        {(method,): count for method, count in sorted(sessions.requests.items())},
    )
    # Begins at 0, so that the first one is an increase.
    refused = {("joinRoom", NoMediaNodeError.code): 0} | sessions.errors
    yield _counters(
        "signalling_errors",
        "Requests of browsers that were answered with an error, by method and code: those of "
        "joinRoom are joins that failed.",
        ("method", "code"),
        {(method, str(code)): count for (method, code), count in sorted(refused.items())},
    )
    yield _counters(
        "signalling_drops",
        "WebSockets of browsers that the server refused or closed, by reason.",
        ("reason",),
        {(reason.value,): sockets.drops[reason] for reason in Drop},
    )


def of_calls(counts: CallCounts) -> Iterator[Metric]:
    """Sessions that clients of this server created, and what is in them."""
    yield _gauges(
        "call_sessions",
        "Sessions of this server, by whether a Media Node hosts them.",
        ("status",),
        {("active",): counts.active, ("inactive",): counts.sessions - counts.active},
    )
    yield _gauges(
        "call_connections",
        "Connections of these sessions, by whether they have joined.",
        ("status",),
        {("active",): counts.joined, ("pending",): counts.connections - counts.joined},
    )
    yield _gauges(
        "call_streams",
        "Streams of these sessions: published ones, and each reception of one.",
        ("direction",),
        {("published",): counts.published, ("received",): counts.received},
    )


def of_event_loop(clock: AwakeClock) -> Iterator[Metric]:
    """How late the event loop is, and for how long it stood still."""
    yield _gauge(
        "event_loop_lag_seconds", "Largest delay of the event loop in the last seconds.", clock.lag
    )
    yield _counter(
        "event_loop_stalls", "Times that it stood still for 0.5 s or more.", clock.stalls
    )
    yield _counter(
        "event_loop_stalled_seconds",
        "Time for which the event loop was blocked or the process was stopped.",
        clock.missed,
    )


def of_controller(controller: Controller) -> Iterator[Metric]:
    """The work queue of the controller."""
    queue = controller.queue
    yield _gauge("workqueue_depth", "Media Nodes that wait for a worker.", queue.depth)
    yield _gauge(
        "workqueue_backing_off", "Media Nodes whose last step failed and waits.", queue.backing_off
    )
    yield _counter("workqueue_retries", "Steps that failed and were put back.", queue.retries)


def of_components(names: Iterable[str], failed: Collection[str]) -> Iterator[Metric]:
    """Whether the components of the server work, as its health says."""
    yield _gauges(
        "component_up",
        "1 if a component of the server works, 0 if its health names it.",
        ("component",),
        {(name,): name not in failed for name in names},
    )


def of_clients(
    failed_logins: int, refused_changes: int, connections: ConnectionTable | None
) -> Iterator[Metric]:
    """What clients and the store are refused."""
    yield _counter(
        "authentication_failures",
        "Requests with wrong credentials, wrong tokens of the registrar included.",
        failed_logins,
    )
    yield _counter(
        "store_refused_changes",
        "Changes that the store did not take, the server's own tries included.",
        refused_changes,
    )
    if connections is None:
        return
    yield _gauge("connections", "Connections of clients, handshakes included.", connections.size)
    yield _counters(
        "connections_refused",
        "Connections refused as there were too many: closed in favour of another one, or "
        "answered 503.",
        ("how",),
        {("closed",): connections.closed, ("answered",): connections.turned_away},
    )


Values: TypeAlias = "Mapping[tuple[str, ...], float]"
"""By the values of the labels."""


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"mediafleet_{name}", text, value)


def _gauges(name: str, text: str, labels: tuple[str, ...], values: Values) -> Metric:
    return _filled(GaugeMetricFamily(f"mediafleet_{name}", text, labels=labels), values)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"mediafleet_{name}", text, value)


def _counters(name: str, text: str, labels: tuple[str, ...], values: Values) -> Metric:
    return _filled(CounterMetricFamily(f"mediafleet_{name}", text, labels=labels), values)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Values) -> Metric:
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
