"""Calls on two Media Nodes, with a store and the services, and without media servers."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network

import anyio
from anyio.lowlevel import checkpoint

from mediafleet.clock import AwakeClock, SystemClock
from mediafleet.domain import formats
from mediafleet.domain.calls import ConnectionProperties, MediaOptions, SessionProperties
from mediafleet.domain.cluster import Connection, Session
from mediafleet.domain.diagnostics import NodeDiagnostics
from mediafleet.domain.entries import Mutation
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.lifecycle import Timeouts
from mediafleet.domain.media_node import (
    MediaNode,
    MediaNodeStatus,
    new_media_node,
    transition,
)
from mediafleet.domain.ports import MediaServers, ServerIdentity
from mediafleet.environments.on_premise import OnPremise
from mediafleet.services.call_filters import CallFilters
from mediafleet.services.call_recovery import CallRecovery
from mediafleet.services.calls import Calls
from mediafleet.services.cluster_state import ClusterState
from mediafleet.services.controller import Controller
from mediafleet.services.machines import Machines
from mediafleet.services.participants import Participants
from mediafleet.services.placements import Placements
from mediafleet.services.removals import Removals
from mediafleet.services.rooms import CallSettings, Rooms
from mediafleet.store import SqlStore, open_store
from support.call_media import CountedMedia
from support.factories import MOMENT

CLOCK = AwakeClock(SystemClock())
FIRST, SECOND = "kms_A0000001", "kms_A0000002"


@dataclass
class Cluster:
    """Two running nodes, of which the first has less load, and calls on them."""

    state: ClusterState
    store: SqlStore
    media: CountedMedia
    rooms: Rooms
    calls: Calls
    participants: Participants
    recovery: CallRecovery
    controller: Controller
    removals: Removals

    async def begin_call(self, session_id: str = "room", participants: int = 2) -> None:
        """A session with participants who see each other."""
        await self.calls.create_session(SessionProperties(custom_session_id=session_id))
        for number in range(participants):
            await self.join(session_id, f"{session_id}-{number}")

    async def join(self, session_id: str, rpc_session: str) -> None:
        pending = await self.calls.create_connection(session_id, ConnectionProperties())
        call, own = await self.participants.join(
            session_id,
            pending.token,
            rpc_session=rpc_session,
            platform="Chrome",
            metadata="",
            ip="192.0.2.1",
        )
        await self.participants.publish(session_id, own.id, "offer", MediaOptions())
        for other in call.active:
            if other.stream is not None:
                await self.participants.subscribe(session_id, own.id, other.stream.id, "offer")

    def lose(self, node_id: str) -> None:
        """The link to a node is lost."""
        old = self.state.existing(node_id).connection
        self.state.observe(
            node_id, replace(old, connected=False, disconnection_time=datetime.now(UTC))
        )
        self.media.unreachable.add(node_id)

    async def reconcile(self, node_id: str) -> list[float | None]:
        """Take steps until nothing is to be done at once; return when the next ones are due."""
        due: list[float | None] = []
        for _ in range(10):
            if self.state.member(node_id) is None:
                break
            due.append(await self.controller.reconcile(node_id))
            if due[-1] is not None and due[-1] > 0.5:
                break
        return due

    async def committed(self) -> list[str]:
        """Names of the events since the nodes run, with status or reason."""
        return [
            f"{event.name} {event.payload.get('newStatus', event.payload.get('reason', ''))}"
            for event in await self.store.events(after=4)
        ]


async def run_node(state: ClusterState, node_id: str, load: float) -> MediaNode:
    node, event = new_media_node(node_id, at=MOMENT, uri="ws://127.0.0.1:9/kurento")
    await state.apply(Mutation(node, event))
    node, event = transition(node, MediaNodeStatus.RUNNING, at=MOMENT)
    await state.apply(Mutation(node, event))
    state.observe(
        node_id, Connection(connected=True, connection_time=MOMENT, server_id=node_id, load=load)
    )
    return node


class IdleServers(MediaServers):
    """Media servers that host no sessions of other clients."""

    async def probe(
        self, uri: str, *, within: Sequence[IPv4Network | IPv6Network] | None = None
    ) -> ServerIdentity:
        raise UnreachableMediaServerError("there is none")

    def attach(self, node_id: str, uri: str, diagnostics: NodeDiagnostics) -> None:
        pass

    async def detach(self, node_id: str) -> None:
        await checkpoint()

    async def list_sessions(self, node_id: str) -> tuple[Session, ...]:
        await checkpoint()
        return ()

    async def release_sessions(self, node_id: str, sessions: Iterable[Session]) -> None:
        await checkpoint()

    async def describe(self, node_id: str) -> None:
        await checkpoint()


def cluster_in(
    store: SqlStore, media: CountedMedia, *, moves: bool, reconnection: float | None = 0.0
) -> Cluster:
    timeouts = Timeouts(crash=0.0, reconnection=reconnection, drain_check=0.0, first_connection=0.0)
    source, state, servers = random.Random(1), ClusterState(CLOCK), IdleServers()
    placements = Placements(state, CLOCK, lambda: formats.placement_id(source))
    rooms = Rooms(state, placements, media, CallSettings)
    recovery = CallRecovery(rooms, media, CLOCK)
    controller = Controller(
        state,
        Machines(state, OnPremise(), timeouts),
        servers,
        clock=CLOCK,
        timeouts=timeouts,
        calls=recovery,
        moves_calls=moves,
    )
    calls = Calls(rooms, media, clock=CLOCK, random=source)
    removals = Removals(state, servers, CLOCK)
    participants = Participants(
        calls, CallFilters(rooms, media), rooms, media, clock=CLOCK, random=source
    )
    return Cluster(state, store, media, rooms, calls, participants, recovery, controller, removals)


@asynccontextmanager
async def opened(
    *, moves: bool = False, reconnection: float | None = 0.0
) -> AsyncIterator[Cluster]:
    async with (
        anyio.create_task_group() as tasks,
        open_store("sqlite://", tasks=tasks, make_cluster_id=lambda: "clu_1") as store,
    ):
        cluster = cluster_in(store, CountedMedia(), moves=moves, reconnection=reconnection)
        async with cluster.state.kept_in(store):
            for load, node_id in enumerate((FIRST, SECOND)):
                await run_node(cluster.state, node_id, load=10.0 * load)
            yield cluster
