"""The media of calls under test: an observer that remembers, and offers of browsers."""

from __future__ import annotations

import json
import os
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from mediafleet.clock import SystemClock
from mediafleet.domain.diagnostics import NodeDiagnostics
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.media import EndpointRequest, IceCandidate
from mediafleet.emulator import EmulatedCluster, EmulatorSettings
from mediafleet.kurento import KurentoMedia
from support.links import NODE, links, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection

    from mediafleet.domain.calls import CallMedia
    from mediafleet.domain.cluster import Session
    from mediafleet.domain.media import MediaEvent
    from mediafleet.emulator import EmulatedNode
    from mediafleet.kurento import KurentoMediaServers
    from support.fake_kurento import FakeKurento
    from support.links import Observer

    Answer = Callable[[dict[str, Any]], str]

REAL_SERVER = os.environ.get("MEDIAFLEET_TEST_KMS", "")
"""The uri of a real media server, if there is one."""
PERIOD_S = 0.4
"""Of the garbage collector of the emulated one."""
PATIENT = {"request_timeout": 5.0, "handshake_timeout": 5.0}
CANDIDATE = IceCandidate("candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host", "0", 0)


def offer(kind: str = "publish") -> str:
    """What Chromium offers when it publishes, subscribes, …; see the files in ``offers``."""
    text = Path(__file__).with_name("offers").joinpath(f"{kind}.sdp").read_text(encoding="ascii")
    return text.replace("\n", "\r\n")


def request(name: str = "stream", kind: str = "publish", **settings: Any) -> EndpointRequest:
    return EndpointRequest(name, offer(kind), **settings)


class MediaLog:
    """Remembers everything that it is called about."""

    def __init__(self) -> None:
        self.candidates: list[tuple[str, str, IceCandidate]] = []
        self.events: list[tuple[str, MediaEvent]] = []
        self.lost: list[str] = []

    def on_candidate(self, node_id: str, endpoint: str, candidate: IceCandidate) -> None:
        self.candidates.append((node_id, endpoint, candidate))

    def on_media_event(self, node_id: str, event: MediaEvent) -> None:
        self.events.append((node_id, event))

    def on_media_lost(self, node_id: str, pipelines: Collection[str]) -> None:
        assert node_id == NODE
        self.lost += pipelines

    def candidates_of(self, endpoint: str) -> list[IceCandidate]:
        return [each for _, source, each in self.candidates if source == endpoint]

    def types_of(self, source: str) -> set[str]:
        return {event.type for _, event in self.events if event.endpoint == source}


class Node:
    """A node that is linked, and the media of calls on it.

    Attributes:
        media: Under test.
        log: What it reported.
        links: Of the node.
        observer: Of the links.
    """

    def __init__(self, media_servers: KurentoMediaServers, observer: Observer) -> None:
        self.log = MediaLog()
        self.links = media_servers
        self.observer = observer
        self.media = KurentoMedia(media_servers)
        self.media.observer = self.log

    async def attach(self, uri: str) -> None:
        """Link it; returns when it is connected."""
        self.links.attach(NODE, uri, NodeDiagnostics())
        await until(self.observer.is_connected)

    def is_alive(self, media: CallMedia) -> bool | None:
        """Whether the pipeline of a call exists; ``None`` while the node is not connected."""
        try:
            link = self.links.link(media.node_id)
        except UnreachableMediaServerError:
            return None
        is_same = link.session == (media.server_id, media.session_id)
        return is_same and link.watcher.cache.is_own(media.pipeline) if link.is_connected else None

    def sessions(self) -> tuple[Session, ...]:
        """Those of the node, also before they are reported."""
        return self.links.link(NODE).watcher.cache.sessions()

    def session_ids(self) -> list[str]:
        return sorted(session.id for session in self.sessions())


@asynccontextmanager
async def emulated() -> AsyncIterator[EmulatedNode]:
    """An emulated media server that forwards media."""
    settings = EmulatorSettings(garbage_collector_period=PERIOD_S)
    async with EmulatedCluster(
        nodes=1, settings=settings, random=Random(7), clock=SystemClock()
    ) as cluster:
        yield cluster.nodes[0]


@asynccontextmanager
async def linked(uri: str, **settings: Any) -> AsyncIterator[Node]:
    """A linked node."""
    async with links(**settings) as (media_servers, observer):
        node = Node(media_servers, observer)
        await node.attach(uri)
        yield node


def error(code: int) -> Answer:
    """An answer of a fake node: it refuses."""
    fault = {"code": code, "message": "no", "data": {"type": "X"}}
    return lambda asked: json.dumps({"error": fault, "id": asked["id"], "jsonrpc": "2.0"})


def replying(value: Any) -> Answer:
    """An answer of a fake node: a value."""
    return lambda asked: json.dumps({"id": asked["id"], "result": {"value": value}})


def silent(_asked: dict[str, Any]) -> None:
    """No answer of a fake node."""


def steps(fake: FakeKurento, object_id: str) -> list[str]:
    """What was asked about an object, in order: operations, and events subscribed to."""
    params = [each["params"] for each in fake.requests if each["params"].get("object") == object_id]
    return [each.get("operation") or each.get("type") or "release" for each in params]


def sink_of(asked: dict[str, Any]) -> str | None:
    """Where a request connects something to."""
    sink: str | None = asked["params"].get("operationParams", {}).get("sink")
    return sink


def links_of(fake: FakeKurento) -> list[tuple[str, str | None]]:
    """What was connected, in order: pairs of source and sink."""
    return [
        (each["params"]["object"], sink_of(each))
        for each in fake.asked("connect")
        if "object" in each["params"]
    ]
