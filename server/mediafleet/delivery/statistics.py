"""Statistics: events and measurements as documents in Elasticsearch, from a position of its own."""

from __future__ import annotations

import logging
import re
import ssl
from collections import deque
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import chain, islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import orjson
from typing_extensions import override

from mediafleet.delivery.reader import Reader
from mediafleet.domain.call_statistics import summaries
from mediafleet.domain.errors import MediafleetError, UnavailableError
from mediafleet.domain.events import OPENVIDU_EVENTS
from mediafleet.domain.formats import to_milliseconds
from mediafleet.supervise import TICK_S
from mediafleet.texts import one_line

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Callable,
        Coroutine,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from pathlib import Path

    from elasticsearch import AsyncElasticsearch

    from mediafleet.clock import Clock
    from mediafleet.domain.cluster import Cluster
    from mediafleet.domain.events import StoredEvent
    from mediafleet.domain.ports import Store
    from mediafleet.services.event_log import EventLog

    Add = Callable[[str, Mapping[str, Any]], None]
    MeasureCalls = Callable[[float, Add], Coroutine[Any, Any, None]]

log = logging.getLogger(__name__)

CDR, STATISTICS = "openvidu-cdr", "openvidu-stats"
"""How the names of the indices begin; the day follows."""
TEMPLATE = "mediafleet"
REQUEST_TIMEOUT_S = 10.0
LINGER_S = 1.0
"""How long documents wait for others, so that a request has several."""
BATCH = 500
MAX_BYTES = 4 * 1024**2
"""Of the documents of one request."""
MAX_QUEUED = 20_000
"""Measurements that wait; the oldest is dropped for a new one."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
RETENTION_INTERVAL_S = 3600.0

_DAY = re.compile(rf"(?:{CDR}|{STATISTICS})-(\d{{4}}\.\d\d\.\d\d)", re.ASCII)
_MAX_REASON = 200
_MAPPINGS: Mapping[str, Any] = {
    "dynamic_templates": [
        {"texts": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}
    ],
    "properties": {
        name: {"type": "date", "format": "epoch_millis"}
        for name in ("timestamp", "startTime", "timeOfDisconnection")
    }
    | {name: {"type": "double"} for name in ("jitter", "fractionLost", "roundTripTime")},
}


@dataclass(frozen=True, slots=True)
class StatisticsSettings:
    """What the configuration says.

    Attributes:
        url: Of Elasticsearch; empty: there are no statistics.
        user: Of its Basic auth; empty: there is none.
        password: Of that user.
        ca_file: Certificate authorities; the system's if ``None``.
        max_days: Days after which an index is deleted; 0 is never.
        interval: Seconds between two measurements of the server and the nodes; 0 is off.
        webrtc_interval: Seconds in which the connections of calls are measured once; 0 is off.
        cluster_id: Part of each measurement.
    """

    url: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    max_days: int = 0
    interval: int = 30
    webrtc_interval: int = 30
    cluster_id: str = ""


class MissingElasticsearchError(MediafleetError):
    """The client library is not installed."""

    def __str__(self) -> str:
        return (
            "OPENVIDU_PRO_ELASTICSEARCH_HOST needs an extra: "
            "pip install 'mediafleet[elasticsearch]'"
        )


class UnusableElasticsearchError(UnavailableError):
    """The configured authorities or URL cannot be used."""

    def __str__(self) -> str:
        return (
            "OPENVIDU_PRO_ELASTICSEARCH_HOST or MEDIAFLEET_ELASTICSEARCH_CA_FILE cannot be used: "
            "the file must hold certificates, and the URL no query"
        )


@dataclass(slots=True)
class StatisticsCounters:
    """What happened since the start of the server.

    Attributes:
        indexed: Documents that Elasticsearch has taken.
        failures: Requests that failed.
        rejected: Documents that Elasticsearch refused for good.
        dropped: Measurements that were dropped, since too many waited.
        problem: Why the last request failed; ``None`` if it did not.
    """

    indexed: int = 0
    failures: int = 0
    rejected: int = 0
    dropped: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document and its place.

    Attributes:
        index: Name of its index, of the day of its timestamp.
        id: Decides which document it replaces; ``None``: a new one.
        body: The document, as JSON.
        sequence: Of its event; 0 for a measurement.
    """

    index: str
    id: str | None
    body: bytes
    sequence: int = 0

    @property
    def lines(self) -> tuple[bytes, bytes]:
        """Its two lines in a bulk request."""
        place = {"_index": self.index}
        action = {"index": place if self.id is None else {**place, "_id": self.id}}
        return orjson.dumps(action), self.body


class Statistics(Reader):
    """Sends the events that OpenVidu has and measurements to Elasticsearch, in bulk.

    Events are sent at least once; one that is sent again replaces itself. Measurements wait in a
    bounded queue, and are lost when the server ends. Nothing else waits for Elasticsearch.

    Args:
        event_log: The events.
        settings: Returns the configuration in force.
        clock: For timestamps.
        cluster: Returns the members, which are measured.
        measure_calls: Measures the connections of calls until cancelled: gets the seconds in which
            it does that once, and what takes the kind and content of each document.

    Attributes:
        counters: What happened since the start of the server.
    """

    NAME = "statistics"

    def __init__(
        self,
        event_log: EventLog,
        settings: Callable[[], StatisticsSettings],
        clock: Clock,
        cluster: Callable[[], Cluster],
        measure_calls: MeasureCalls,
    ) -> None:
        super().__init__(event_log)
        self._settings = settings
        self._clock = clock
        self._cluster = cluster
        self._measure_calls = measure_calls
        self._queue: deque[Document] = deque()
        self._next_measurement = self._next_retention = 0.0
        self.counters = StatisticsCounters()

    @property
    @override
    def is_on(self) -> bool:
        return bool(self._settings().url)

    @override
    def configure(self) -> None:
        self._next_measurement = 0.0
        super().configure()

    @override
    async def _read(self, store: Store, beat: Callable[[], None]) -> None:
        """Send until cancelled.

        Raises:
            MissingElasticsearchError: The client library is not installed.
            UnusableElasticsearchError: The authorities or the URL cannot be used.
            StoreUnavailableError: The store does not respond; the next run goes on.
        """
        settings = self._settings()
        failure: MediafleetError | None = None
        async with _elasticsearch(settings) as elasticsearch, anyio.create_task_group() as tasks:
            if settings.webrtc_interval:
                tasks.start_soon(self._measure_calls, settings.webrtc_interval, self.add)
            try:
                await self._send(store, settings, elasticsearch, beat)
            except MediafleetError as error:
                failure = error
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def _send(
        self,
        store: Store,
        settings: StatisticsSettings,
        elasticsearch: AsyncElasticsearch,
        beat: Callable[[], None],
    ) -> None:
        self._position = await self._started(store)
        pause = FIRST_PAUSE_S
        has_template = False
        while True:
            beat()
            self._measure(settings)
            try:
                if not has_template:
                    await _put_template(elasticsearch)
                    has_template = True
                await self._send_some(store, elasticsearch)
                await self._delete_old(elasticsearch, settings.max_days)
            except _FailedError as error:
                self._note_failure(error.reason)
                await self._wait(settings, pause, beat)
                pause = min(2 * pause, LONGEST_PAUSE_S)
                continue
            self._note_success()
            pause = FIRST_PAUSE_S
            if self.lag < BATCH and len(self._queue) < BATCH:
                if not self.lag and not self._queue:
                    await self._wait(settings, TICK_S, beat, until_work=True)
                await self._wait(settings, LINGER_S, beat)

    async def _send_some(self, store: Store, elasticsearch: AsyncElasticsearch) -> None:
        """Send the next events and measurements, as many as one request may have.

        Raises:
            _FailedError: They must all be sent again.
            StoreUnavailableError: The events will be sent again.
        """
        position = self._skip_deleted(self._position or 0)
        events = await self._events.read(position, BATCH)
        wanted = list(_of_events(events, self._settings().cluster_id))
        documents = _cut(chain(wanted, islice(self._queue, BATCH)))
        if documents:
            await self._index(elasticsearch, documents)
        for document in documents:
            if self._queue and self._queue[0] is document:
                self._queue.popleft()
        if len(documents) < len(wanted):
            position = wanted[len(documents)].sequence - 1
        elif events:
            position = events[-1].sequence
        if position != self._position:
            self._position = position
            await store.set_reader_position(self.NAME, position)

    async def _wait(
        self,
        settings: StatisticsSettings,
        seconds: float,
        beat: Callable[[], None],
        *,
        until_work: bool = False,
    ) -> None:
        """Wait for some seconds, or until there is something to send; measure meanwhile."""
        end = self._clock.monotonic() + seconds
        while (left := end - self._clock.monotonic()) > 0:
            beat()
            self._measure(settings)
            if until_work and (self.lag or self._queue):
                return
            due = self._next_measurement - self._clock.monotonic() if settings.interval else left
            with anyio.move_on_after(max(0.001, min(left, TICK_S, due))):
                if until_work:
                    await self._events.wait_beyond(self._position or 0)
                else:
                    await anyio.sleep(left)

    def _measure(self, settings: StatisticsSettings) -> None:
        """Add the documents of a measurement to the queue, if one is due."""
        now = self._clock.monotonic()
        if settings.interval == 0 or now < self._next_measurement:
            return
        # Measurements that were due while the machine was asleep are not made up for.
        self._next_measurement = now + settings.interval
        self.add("monitoringStats", server_stats())
        for body in node_stats(self._cluster()):
            self.add("mediaNodeStats", body)

    def add(self, kind: str, body: Mapping[str, Any]) -> None:
        """Queue a document about now; if too many wait, the oldest is dropped.

        Args:
            kind: Its ``elastic_type``.
            body: The rest of it.
        """
        timestamp = to_milliseconds(self._clock.now())
        cluster_id = self._settings().cluster_id
        common = {"elastic_type": kind, "timestamp": timestamp, "clusterId": cluster_id}
        if len(self._queue) >= MAX_QUEUED:
            self._queue.popleft()
            self.counters.dropped += 1
        index = _index_name(STATISTICS, timestamp)
        self._queue.append(Document(index, None, orjson.dumps({**common, **body})))

    async def _index(
        self, elasticsearch: AsyncElasticsearch, documents: Sequence[Document]
    ) -> None:
        """Index documents; those that are refused for good are counted, and not sent again.

        Raises:
            _FailedError: They must all be sent again.
        """
        with _failures():
            answer = await elasticsearch.bulk(operations=_lines(documents))
            items = [item["index"] for item in answer["items"]]
            statuses = [int(item["status"]) for item in items]
        for status in statuses:
            if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise _FailedError(f"documents got HTTP {status}")
        refused = [item for item in items if item["status"] >= HTTPStatus.BAD_REQUEST]
        self.counters.indexed += len(items) - len(refused)
        self.counters.rejected += len(refused)
        if refused:
            log.error(
                "Elasticsearch refuses documents",
                extra={
                    "documents": len(refused),
                    "reason": one_line(str(refused[0].get("error")), _MAX_REASON),
                },
            )

    async def _delete_old(self, elasticsearch: AsyncElasticsearch, max_days: int) -> None:
        """Delete the indices of days that are over for long enough, now and then.

        Raises:
            _FailedError: Not all were deleted.
        """
        now = self._clock.monotonic()
        if max_days == 0 or now < self._next_retention:
            return
        oldest = f"{self._clock.now().astimezone(UTC) - timedelta(days=max_days):%Y.%m.%d}"
        with _failures():
            found = await elasticsearch.cat.indices(
                index=[f"{CDR}-*", f"{STATISTICS}-*"], h="index", format="json"
            )
            rows: Any = found.body
            for row in rows:
                name = row["index"]
                day = _DAY.fullmatch(name)
                if day and day[1] < oldest:
                    await elasticsearch.indices.delete(index=name, ignore_unavailable=True)
        self._next_retention = now + RETENTION_INTERVAL_S

    def _note_failure(self, reason: str) -> None:
        self.counters.failures += 1
        if self.counters.problem is None:
            log.warning("Elasticsearch takes no documents", extra={"reason": reason})
        self.counters.problem = reason

    def _note_success(self) -> None:
        if self.counters.problem is not None:
            log.warning("Elasticsearch takes documents again")
            self.counters.problem = None


class _FailedError(MediafleetError):
    """Elasticsearch did not do what it was asked for; it may do so later."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def _failures() -> Iterator[None]:
    """Turn the errors of the client library into :class:`_FailedError`."""
    from elasticsearch import ApiError, TransportError  # noqa: PLC0415 - an extra

    try:
        yield
    except ApiError as error:
        reason = f"answered HTTP {error.meta.status}: {error.message}"
        raise _FailedError(one_line(reason, _MAX_REASON)) from None
    except TransportError as error:
        raise _FailedError(one_line(str(error.message), _MAX_REASON)) from None
    except (KeyError, TypeError, ValueError):
        raise _FailedError("its answer is not one of Elasticsearch") from None


@asynccontextmanager
async def _elasticsearch(settings: StatisticsSettings) -> AsyncIterator[AsyncElasticsearch]:
    elasticsearch = await anyio.to_thread.run_sync(_client, settings)
    try:
        yield elasticsearch
    finally:
        with anyio.move_on_after(REQUEST_TIMEOUT_S, shield=True):
            await elasticsearch.close()


def _client(settings: StatisticsSettings) -> AsyncElasticsearch:
    try:
        from elasticsearch import AsyncElasticsearch  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingElasticsearchError from None
    url = urlsplit(settings.url)
    port = url.port or (443 if url.scheme == "https" else 80)
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    options: dict[str, Any] = {"max_retries": 0, "request_timeout": REQUEST_TIMEOUT_S}
    if settings.user:
        options["basic_auth"] = (settings.user, settings.password)
    try:
        if url.query:
            raise UnusableElasticsearchError
        if url.scheme == "https":
            options["ssl_context"] = ssl.create_default_context(cafile=settings.ca_file)
        return AsyncElasticsearch(f"{url.scheme}://{host}:{port}{url.path}", **options)
    except (OSError, ValueError) as error:
        raise UnusableElasticsearchError from error


async def _put_template(elasticsearch: AsyncElasticsearch) -> None:
    """Have times be dates, and texts words, in the indices.

    Raises:
        _FailedError: Elasticsearch did not take it.
    """
    with _failures():
        await elasticsearch.indices.put_index_template(
            name=TEMPLATE,
            index_patterns=[f"{CDR}-*", f"{STATISTICS}-*"],
            template={"mappings": _MAPPINGS},
        )


def _index_name(prefix: str, timestamp: int) -> str:
    return f"{prefix}-{datetime.fromtimestamp(timestamp / 1000, UTC):%Y.%m.%d}"


def _of_events(events: Iterable[StoredEvent], cluster_id: str) -> Iterator[Document]:
    """Yield the documents of the events that OpenVidu has: themselves, and what they summarize."""
    for event in events:
        if event.name not in OPENVIDU_EVENTS:
            continue
        index, name = _index_name(CDR, event.timestamp), event.unique_id
        body = {**event.payload, "elastic_type": "cdr", "event": event.name}
        yield Document(index, name, orjson.dumps(body), event.sequence)
        for kind, summary in summaries(event.name, event.payload):
            body = {
                **summary,
                "elastic_type": kind,
                "clusterId": cluster_id,
                "media_node_id": event.node_id,
            }
            yield Document(index, f"{name}-{kind}", orjson.dumps(body), event.sequence)


def _lines(documents: Iterable[Document]) -> list[Any]:
    """Return the lines of a bulk request; the client library takes encoded ones too."""
    return [line for document in documents for line in document.lines]


def _cut(documents: Iterable[Document]) -> Sequence[Document]:
    """Return as many of the first documents as one request may have, one at least."""
    taken: list[Document] = []
    size = 0
    for document in documents:
        size += len(document.body)
        if taken and (size > MAX_BYTES or len(taken) == BATCH):
            break
        taken.append(document)
    return taken


def server_stats() -> Mapping[str, Any]:
    """Measure the machine of this server, as OpenVidu 2.15 does; memory in KiB.

    Raises:
        MissingElasticsearchError: The library that measures is not installed.
    """
    try:
        import psutil  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingElasticsearchError from None
    memory = psutil.virtual_memory()
    return {
        "cpu": psutil.cpu_percent(),
        "mem": {"used": memory.used // 1024, "percentage": memory.percent},
        "net": {
            name: {"rxBytes": each.bytes_recv, "txBytes": each.bytes_sent}
            for name, each in psutil.net_io_counters(pernic=True).items()
        },
    }


def node_stats(cluster: Cluster) -> Iterator[Mapping[str, Any]]:
    """Yield what is known of each Media Node; its load is null if that is not known."""
    for member in cluster:
        node, connection = member.node, member.connection
        yield {
            "media_node_id": node.id,
            "ip": node.ip,
            "status": str(node.status),
            "connected": connection.connected,
            "load": connection.load,
            "sessions": len(member.sessions),
        }
