"""The metrics of `GET /metrics`, in the text format of Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from typing_extensions import override

import mediafleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import Metric

    from mediafleet.contract import ConnectionTable, FailedLogins


class Metrics(Collector):
    """Collects the counts of the server on each request; nothing is counted here.

    Args:
        failed_logins: Counts wrong credentials.
        refused_changes: How many changes the store has refused.
        connections: Of the HTTP server; ``None`` if they are not counted.
    """

    def __init__(
        self,
        failed_logins: FailedLogins,
        refused_changes: Callable[[], int],
        connections: Callable[[], ConnectionTable] | None,
    ) -> None:
        self._failed_logins = failed_logins
        self._refused_changes = refused_changes
        self._connections = connections
        self._registry = CollectorRegistry()
        self._registry.register(self)

    async def get_metrics(self) -> tuple[str, int, dict[str, str]]:
        """Handle the operation of that name."""
        text = generate_latest(self._registry).decode()
        return text, 200, {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}

    @override
    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily(
            "mediafleet_build", "What runs.", value={"version": mediafleet.__version__}
        )
        yield CounterMetricFamily(
            "mediafleet_authentication_failures",
            "Requests with wrong credentials, wrong tokens of the registrar included.",
            self._failed_logins.count,
        )
        yield CounterMetricFamily(
            "mediafleet_store_refused_changes",
            "Changes that the store did not take, the server's own tries included.",
            self._refused_changes(),
        )
        if self._connections is not None:
            yield from _of_connections(self._connections())


def _of_connections(table: ConnectionTable) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "mediafleet_connections", "Connections of clients, handshakes included.", table.size
    )
    refused = CounterMetricFamily(
        "mediafleet_connections_refused",
        "Connections refused as there were too many: closed in favour of another one, or "
        "answered 503.",
        labels=["how"],
    )
    refused.add_metric(["closed"], table.closed)
    refused.add_metric(["answered"], table.turned_away)
    yield refused
