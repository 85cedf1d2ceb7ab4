"""How Media Nodes are added: on request, from the configuration, or by their own registration."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_network
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.cluster import Connection, Member
from mediafleet.domain.endpoints import MediaServerUri, is_in
from mediafleet.domain.entries import Mutation
from mediafleet.domain.errors import (
    ClusterFullError,
    EnvironmentFailureError,
    MediaNodeAlreadyAddedError,
    MediaNodeCanceledError,
    TooFewOpenFilesError,
    UnreachableMediaServerError,
)
from mediafleet.domain.machines import Machine, MachineRequest
from mediafleet.domain.media_node import SERVING_STATUSES, MediaNodeStatus, new_media_node
from mediafleet.domain.outcomes import duplicate_of
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    from mediafleet.clock import Clock
    from mediafleet.domain.cluster import Cluster, OpenFiles
    from mediafleet.domain.ports import Environment, MediaServers, ServerIdentity


log = logging.getLogger(__name__)

REGISTRATION_LIMIT_S = 5.0
_LAUNCH_GOES_ON = "its launch goes on, also after the next start of the server"
_ENDS_WITH_SERVER = "it ends with the server"


class Additions:
    """Adds Media Nodes to the cluster.

    Args:
        state: The cluster in memory.
        environment: Where the machines come from.
        media_servers: Links to them.
        clock: The only source of time.
        new_node_id: Makes ids; must not repeat.
        open_files: Limits how many members may be connected; ``None``: no limit.
    """

    def __init__(
        self,
        state: ClusterState,
        environment: Environment,
        media_servers: MediaServers,
        *,
        clock: Clock,
        new_node_id: Callable[[], str],
        open_files: OpenFiles | None = None,
    ) -> None:
        self._state = state
        self._environment = environment
        self._media_servers = media_servers
        self._clock = clock
        self._new_node_id = new_node_id
        self._open_files = open_files
        self._joining: set[MediaServerUri] = set()

    async def add(self, uri: str | None, *, wait: bool) -> Member:
        """Add a Media Node to the cluster.

        On premises the media server is probed before anything is stored, so that a refused request
        leaves nothing behind.

        Args:
            uri: Endpoint of a running media server; needed on premises only.
            wait: Return when the node runs rather than when its launch began.

        Raises:
            MissingUriError: On premises, and no uri.
            InvalidUriError: The uri breaks a rule.
            MediaNodeAlreadyAddedError: The media server is a member already.
            ClusterFullError: The cluster is full, or there is no open file left.
            UnreachableMediaServerError: Nothing answered there, or not in time.
            MediaNodeCanceledError: The launch was canceled meanwhile.
            ServerStoppingError: The server began to stop meanwhile.
            EnvironmentFailureError: The machine could not be launched.
        """
        self._require_open_file()
        node_id = self._new_node_id()
        if self._environment.launches_machines:
            member = await self._add_launching(node_id)
        else:
            machine = await self._environment.launch(MachineRequest(node_id, uri))
            member = await self._add_machine(node_id, machine)
        return await self._wait_for_launch(node_id) if wait else member

    async def register(self, uri: str, within: Sequence[IPv4Network | IPv6Network]) -> Member:
        """Add a media server that registered itself; it is probed before anything is stored.

        Args:
            uri: As registered. It is added by the address that answered, so that a host name cannot
                resolve to another address later.
            within: Networks it must be in.

        Raises:
            InvalidUriError: The uri breaks a rule.
            MediaNodeAlreadyAddedError: The media server is a member already.
            ClusterFullError: The cluster is full, or there is no open file left.
            UnreachableMediaServerError: Nothing answered there, or not in time.
        """
        key = MediaServerUri.parse(uri)
        self._require_open_file()
        with self._reserved(key):
            identity = await self._probe(uri, within)
            machine = Machine(None, key.at(identity.ip))
            with self._reserved(MediaServerUri.parse(machine.uri), besides=key):
                return await self._add(self._new_node_id(), machine, identity)

    async def _probe(self, uri: str, within: Sequence[IPv4Network | IPv6Network]) -> ServerIdentity:
        try:
            with anyio.fail_after(REGISTRATION_LIMIT_S):
                return await self._media_servers.probe(uri, within=within)
        except TimeoutError:
            reason = f"it did not answer within {REGISTRATION_LIMIT_S:g} s"
            raise UnreachableMediaServerError(reason) from None

    async def launch(self, count: int) -> None:
        """Begin the launch of some nodes.

        Raises:
            StoreUnavailableError: Not all of them have begun.
        """
        with until_cluster_is_full():
            for _ in range(count):
                await self._add_launching(self._new_node_id())

    async def adopt(self, machine: Machine) -> None:
        """Add a machine without probing it; it runs as soon as it is connected.

        Raises:
            ClusterFullError: The cluster is full, or there is no open file left.
            StoreUnavailableError: Nothing changed.
        """
        node, event = new_media_node(
            machine.node_id or self._new_node_id(),
            at=self._clock.now(),
            uri=machine.uri,
            environment_id=machine.environment_id,
        )
        log.info(
            "machine without a member is adopted",
            extra={"media_node_id": node.id, "environment_id": machine.environment_id},
        )
        await self._state.apply(Mutation(node, event))

    async def _add_launching(self, node_id: str) -> Member:
        """Store the intent; the launch itself is the next step of the controller."""
        node, event = new_media_node(node_id, at=self._clock.now())
        await self._state.apply(Mutation(node, event))
        return Member(node)

    async def add_machine(self, machine: Machine) -> Member:
        """Add a machine whose media server answers a probe.

        Raises:
            MediaNodeAlreadyAddedError: The media server is a member already.
            ClusterFullError: The cluster is full, or there is no open file left.
            UnreachableMediaServerError: Nothing answered there, or not in time.
        """
        self._require_open_file()
        return await self._add_machine(machine.node_id or self._new_node_id(), machine)

    def _require_open_file(self) -> None:
        """Refuse a node that could not be connected, before a caller waits for it."""
        files = self._open_files
        if files is not None and len(self._state.cluster) >= files.media_nodes:
            raise TooFewOpenFilesError(files.media_nodes, str(files))

    async def _add_machine(self, node_id: str, machine: Machine) -> Member:
        with self._reserved(MediaServerUri.parse(machine.uri)):
            identity = await self._media_servers.probe(machine.uri)
            return await self._add(node_id, machine, identity)

    @contextmanager
    def _reserved(
        self, key: MediaServerUri, *, besides: MediaServerUri | None = None
    ) -> Iterator[None]:
        """Reserve an endpoint for one request, so that only one of many probes the media server."""
        if key == besides:
            yield
            return
        if (holder := _member_at(self._state.cluster, key)) or key in self._joining:
            raise MediaNodeAlreadyAddedError(holder)
        self._joining.add(key)
        try:
            yield
        finally:
            self._joining.discard(key)

    async def _add(self, node_id: str, machine: Machine, identity: ServerIdentity) -> Member:
        node, event = new_media_node(
            node_id,
            at=self._clock.now(),
            uri=machine.uri,
            environment_id=machine.environment_id,
        )
        connection = Connection(server_id=identity.server_id)
        member = Member(node, connection)

        def decide(cluster: Cluster) -> Decision[Member]:
            if duplicate := duplicate_of(member, cluster):
                raise MediaNodeAlreadyAddedError(duplicate, same="server")
            return Decision(member, (Mutation(node, event),), {node_id: connection})

        return await self._state.change(decide)

    async def _wait_for_launch(self, node_id: str) -> Member:
        await self._state.wait_until(
            node_id,
            lambda m: m is None or m.node.status is not MediaNodeStatus.LAUNCHING,
            outlook=_ENDS_WITH_SERVER if self._environment.ends_with_server else _LAUNCH_GOES_ON,
        )
        member = self._state.member(node_id)
        if member is None or member.node.status not in SERVING_STATUSES | {MediaNodeStatus.FAILED}:
            raise MediaNodeCanceledError(node_id)
        if member.node.status is MediaNodeStatus.FAILED:
            reason = member.node.reason or "the launch failed"
            if self._environment.launches_machines:
                raise EnvironmentFailureError(self._environment.name, "launch", reason)
            raise UnreachableMediaServerError(reason)
        return member

    async def add_configured(self, uris: Sequence[str]) -> None:
        """Add each configured endpoint that is no member yet.

        A server that does not answer yet is ``launching`` until it does, or for as long as a launch
        may take.
        """
        added: set[MediaServerUri] = set()
        changes = []
        for uri in uris:
            key = MediaServerUri.parse(uri)
            if key not in added and _member_at(self._state.cluster, key) is None:
                added.add(key)
                changes.append(
                    Mutation(*new_media_node(self._new_node_id(), at=self._clock.now(), uri=uri))
                )
        # One commit: one for each node would hold up the start by minutes.
        await self._state.apply(*changes)


@contextmanager
def until_cluster_is_full() -> Iterator[None]:
    """End an addition of several members when the cluster is full; those added stay."""
    try:
        yield
    except ClusterFullError as error:
        log.warning("machines were not added", extra={"reason": str(error)})


def _member_at(cluster: Cluster, endpoint: MediaServerUri) -> str | None:
    """Id of the member with an endpoint."""
    return next(
        (
            member.node.id
            for member in cluster.at_endpoint(endpoint)
            if member.node.uri is not None and member.node.holds_its_uri and not member.gone
        ),
        None,
    )


PROBES_AT_ONCE = 32


class Registrations:
    """Adds media servers that register themselves.

    Args:
        additions: Adds them.
        networks: Of clients that may register, and of the media servers they may name besides
            themselves.
    """

    def __init__(self, additions: Additions, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._additions = additions
        self._networks = tuple(networks)
        self._limiter = anyio.CapacityLimiter(PROBES_AT_ONCE)
        self._turns: dict[str, anyio.Lock] = {}

    def may_register(self, peer: IPv4Address | IPv6Address) -> bool:
        """Whether a client with this address may register media servers."""
        return is_in(peer, self._networks)

    async def register(self, peer: IPv4Address | IPv6Address, uri: str) -> None:
        """Probe a media server and add it, unless it is a member already.

        One probe runs at a time for each peer, and a limited number for all; others wait.

        Args:
            peer: Address of the client itself; no forwarded address.
            uri: As registered.

        Raises:
            InvalidUriError: The uri breaks a rule.
            UnreachableMediaServerError: Nothing answered there, or its address is not allowed.
            MediaNodeAlreadyAddedError: Another request is adding it.
            StoreUnavailableError: It could not be stored.
        """
        within = (ip_network(peer), *self._networks)
        async with self._turn_of(str(peer)), self._limiter:
            try:
                member = await self._additions.register(uri, within)
            except MediaNodeAlreadyAddedError as error:
                if error.node_id is None:
                    raise
                node_id, event = error.node_id, "known media server registered itself"
            else:
                node_id, event = member.node.id, "media server registered itself"
        log.info(event, extra={"media_node_id": node_id, "peer": str(peer)})

    @asynccontextmanager
    async def _turn_of(self, peer: str) -> AsyncIterator[None]:
        turn = self._turns.setdefault(peer, anyio.Lock())
        try:
            async with turn:
                yield
        finally:
            if not turn.locked() and not turn.statistics().tasks_waiting:
                self._turns.pop(peer, None)
