"""The readers of the events: wired by the configuration, run beside the cluster."""

from __future__ import annotations

import base64
import logging
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mediafleet.delivery import (
    CdrSettings,
    CdrWriter,
    Delivery,
    Statistics,
    StatisticsSettings,
    Webhook,
    WebhookSettings,
)
from mediafleet.delivery.receiver import SCHEDULE_S
from mediafleet.services.event_log import EventLog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.configuration import Configuration
    from mediafleet.delivery.statistics import MeasureCalls
    from mediafleet.domain.cluster import Cluster
    from mediafleet.domain.ports import Store

log = logging.getLogger(__name__)

RETENTION, CDR, WEBHOOK = "event retention", "call detail records", "webhook"
STATISTICS = "statistics"


class EventReaders:
    """The event log and those who read it.

    Args:
        configuration: Returns the configuration in force.
        clock: Of the server.
        random: For jitter.
        cluster: Returns the members, which are measured.
        measure_calls: Measures the connections of calls, as :class:`Statistics` takes it.

    Attributes:
        LOOPS: Names of the loops, as health names them.
        log: The event log.
        cdr: Writes call detail records.
        webhook: Posts to the webhook.
        statistics: Sends documents to Elasticsearch.
    """

    LOOPS: ClassVar = (RETENTION, CDR, WEBHOOK, STATISTICS)

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        clock: Clock,
        random: Random,
        cluster: Callable[[], Cluster],
        measure_calls: MeasureCalls,
    ) -> None:
        self._configuration = configuration
        self.log = EventLog(lambda: configuration().get("MEDIAFLEET_EVENTS_RETENTION", int))
        self.cdr = CdrWriter(self.log, lambda: cdr_settings(configuration()), clock)
        self.webhook = Webhook(self.log, lambda: webhook_settings(configuration()), clock, random)
        self.statistics = Statistics(
            self.log,
            lambda: statistics_settings(configuration()),
            clock,
            cluster,
            measure_calls,
        )

    async def begin(self, store: Store) -> None:
        """Have the readers store where they begin, before there are events of this server.

        Raises:
            StoreUnavailableError: The store does not respond.
        """
        await self.cdr.begin(store)
        await self.webhook.begin(store)
        await self.statistics.begin(store)
        self.warn()

    def loops(
        self, store: Store
    ) -> Iterator[tuple[str, Callable[[Callable[[], None]], Awaitable[None]]]]:
        """Yield the name of each loop and what it runs."""
        yield RETENTION, self.log.run
        yield CDR, lambda beat: self.cdr.run(store, beat)
        yield WEBHOOK, lambda beat: self.webhook.run(store, beat)
        yield STATISTICS, lambda beat: self.statistics.run(store, beat)

    def configure(self) -> None:
        """Go on with the configuration that is in force now."""
        self.cdr.configure()
        self.webhook.configure()
        self.statistics.configure()
        self.warn()

    def warn(self) -> None:
        """Log what the configuration of the webhook probably does not mean."""
        configuration = self._configuration()
        settings = webhook_settings(configuration)
        if not settings.is_on:
            return
        if not settings.events:
            log.warning("OPENVIDU_WEBHOOK_EVENTS is empty: the webhook sends nothing")
        elif (
            configuration.get("OPENVIDU_PRO_CLUSTER_AUTOSCALING", bool)
            and "autoscaling" not in settings.events
        ):
            log.warning(
                "OPENVIDU_WEBHOOK_EVENTS does not name autoscaling: the webhook does not say why "
                "the cluster grows and shrinks"
            )


def cdr_settings(configuration: Configuration) -> CdrSettings:
    """Return the settings of the call detail records."""
    given = configuration.find("OPENVIDU_CDR_PATH", str)
    return CdrSettings(
        is_on=configuration.get("OPENVIDU_CDR", bool),
        directory=Path(given) if given else configuration.data_dir / "cdr",
    )


def webhook_settings(configuration: Configuration) -> WebhookSettings:
    """Return the settings of the webhook."""
    headers = (each.split(": ", 1) for each in configuration.get("OPENVIDU_WEBHOOK_HEADERS", tuple))
    secret = configuration.find("MEDIAFLEET_WEBHOOK_SECRET", str)
    ca_file = configuration.find("MEDIAFLEET_WEBHOOK_CA_FILE", str)
    return WebhookSettings(
        is_on=configuration.get("OPENVIDU_WEBHOOK", bool),
        endpoint=configuration.get("OPENVIDU_WEBHOOK_ENDPOINT", str),
        headers=tuple((name, value.strip()) for name, value in headers),
        events=frozenset(configuration.get("OPENVIDU_WEBHOOK_EVENTS", tuple)),
        secret=base64.b64decode(secret.removeprefix("whsec_")) if secret else None,
        networks=tuple(map(ip_network, configuration.get("MEDIAFLEET_WEBHOOK_NETWORKS", tuple))),
        ca_file=Path(ca_file) if ca_file else None,
        delivery=Delivery(configuration.get("MEDIAFLEET_WEBHOOK_DELIVERY", str)),
        schedule=tuple(map(float, configuration.get("MEDIAFLEET_WEBHOOK_SCHEDULE", str).split()))
        or SCHEDULE_S,
    )


def statistics_settings(configuration: Configuration) -> StatisticsSettings:
    """Return the settings of the statistics."""
    ca_file = configuration.find("MEDIAFLEET_ELASTICSEARCH_CA_FILE", str)
    return StatisticsSettings(
        url=configuration.get("OPENVIDU_PRO_ELASTICSEARCH_HOST", str),
        user=configuration.get("ELASTICSEARCH_USERNAME", str),
        password=configuration.get("ELASTICSEARCH_PASSWORD", str),
        ca_file=Path(ca_file) if ca_file else None,
        max_days=configuration.get("OPENVIDU_PRO_ELASTICSEARCH_MAX_DAYS_DELETE", int),
        interval=configuration.get("OPENVIDU_PRO_STATS_MONITORING_INTERVAL", int),
        webrtc_interval=configuration.get("OPENVIDU_PRO_STATS_WEBRTC_INTERVAL", int),
        cluster_id=configuration.cluster_id or "",
    )
