"""The settings of the links to media servers."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from mediafleet.domain.heartbeat import DEFAULT_HEARTBEAT, HeartbeatSettings

if TYPE_CHECKING:
    from pathlib import Path

    from mediafleet.domain.cluster import OpenFiles
    from mediafleet.domain.endpoints import Network

EVERYWHERE: tuple[Network, ...] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
MIN_CPU_INTERVAL_MS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """How links behave; all times in seconds unless the name says otherwise.

    Attributes:
        allowed_networks: Networks that a media server may be in; link-local, multicast and
            unspecified addresses are always refused.
        ca_file: Certificate authorities for ``wss://``; ``None`` means those of the system.
        handshake_timeout: For name resolution, TCP, TLS and the WebSocket handshake together.
        request_timeout: For one reply of a media server.
        heartbeat: Of the pings.
        max_message_size: Bytes of one message from a node; a longer one ends the link.
        node_rate: Bytes a second that are read from a node whatever the others send.
        node_burst: Bytes of these that are saved up.
        shared_rate: Bytes a second that are read beyond that, from all nodes together. Nothing is
            read for a while from a node that sends more.
        shared_burst: Bytes of these that are saved up.
        flood_timeout: For how long a node may send more than is read; then its link ends, and is
            made again after ``reconnect_delay``.
        reconnect_delays: Steps of (how many tries, seconds before each); OpenVidu 2.15.
        reconnect_delay: Seconds before each further try, for ever.
        load_interval: Between two measurements of one node's load.
        cpu_interval_ms: Over which a media server measures its CPU; shorter ones measure nothing.
        measurement_timeout: For a measurement, its connection included.
        concurrent_measurements: Measurements at once, over all nodes.
        open_files: Bounds the links, and the connections for measurements, that may be open at
            once; ``None``: nothing does.
        max_sessions_per_node: Sessions kept in the cache of one node; the rest is ignored.
        name_delays: When the name of a new pipeline is queried, after the pipeline was first seen;
            the later times count only while it has no name. The first reply shows it.
        name_interval: Interval of the queries of a name, which may have changed.
        name_queries_per_second: Names of one node that are queried again in a second at most.
        shared_name_queries_per_second: The same for all nodes together.
        concurrent_queries: Pipelines of one node queried at once.
        settle_timeout: How long a new link waits for these replies before it counts as connected,
            and a listing before it is shown.
        publish_interval: Shortest time between two reports on one node, except for a loss.
        describe_timeout: For the version, memory and modules of a media server.
        release_timeout: For the end of all sessions of a node.
        close_timeout: For closing a session.
        max_waiting_calls: Requests that wait for a reply of one node.
        creation_timeout: For the creation of a pipeline or an endpoint, with the wait for others.
        concurrent_creations: Pipelines and endpoints of one node that are created at once.
        max_background_requests: Candidates and releases of one node that wait to be sent; the
            oldest are dropped.
        concurrent_background_requests: Those that wait for a reply.
    """

    allowed_networks: tuple[Network, ...] = EVERYWHERE
    ca_file: Path | None = None
    handshake_timeout: float = 5.0
    request_timeout: float = 5.0
    heartbeat: HeartbeatSettings = DEFAULT_HEARTBEAT
    max_message_size: int = 512 * 1024  # a list of 8,000 pipelines
    node_rate: int = 64 * 1024
    node_burst: int = 512 * 1024
    shared_rate: int = 4 * 1024 * 1024
    shared_burst: int = 4 * 1024 * 1024
    flood_timeout: float = 2.0
    reconnect_delays: tuple[tuple[int, float], ...] = ((10, 1.0), (20, 3.0))
    reconnect_delay: float = 10.0
    load_interval: float = 5.0
    cpu_interval_ms: int = MIN_CPU_INTERVAL_MS
    measurement_timeout: float = 5.0
    concurrent_measurements: int = 1024
    open_files: OpenFiles | None = None
    max_sessions_per_node: int = 5_000
    name_delays: tuple[float, ...] = (0.3, 2.0)
    name_interval: float = 10.0
    name_queries_per_second: float = 10.0
    shared_name_queries_per_second: float = 200.0
    concurrent_queries: int = 16
    settle_timeout: float = 1.0
    publish_interval: float = 0.1
    describe_timeout: float = 2.0
    release_timeout: float = 5.0
    close_timeout: float = 1.0
    max_waiting_calls: int = 1024
    creation_timeout: float = 30.0
    concurrent_creations: int = 8
    max_background_requests: int = 4096
    concurrent_background_requests: int = 512

    def __post_init__(self) -> None:
        if self.cpu_interval_ms < MIN_CPU_INTERVAL_MS:
            raise ValueError(f"cpu_interval_ms must be at least {MIN_CPU_INTERVAL_MS}")

    @property
    def max_measurements(self) -> int:
        """Measurements at once, as far as open files allow."""
        if self.open_files is None:
            return self.concurrent_measurements
        return min(self.concurrent_measurements, self.open_files.measurements)

    def reconnect_pause(self, failures: int) -> float:
        """Seconds before the next try, without jitter, after that many failed ones in a row."""
        for tries, pause in self.reconnect_delays:
            if failures <= tries:
                return pause
            failures -= tries
        return self.reconnect_delay
