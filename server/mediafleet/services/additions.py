"""How Media Nodes are added: on request, from the configuration, or by their own registration."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_network
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.cluster import Connection, Member
from mediafleet.domain.endpoints import MediaServerUri, is_in
from mediafleet.domain.errors import (
    ClusterFullError,
    EnvironmentFailureError,
    MediaNodeAlreadyAddedError,
    MediaNodeCanceledError,
    TooFewOpenFilesError,
    UnreachableMediaServerError,
)
from mediafleet.domain.media_node import SERVING_STATUSES, MediaNodeStatus, admit
from mediafleet.domain.outcomes import duplicate_of
from mediafleet.domain.ports import Machine, MachineRequest, Mutation
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    from mediafleet.domain.cluster import Cluster, OpenFiles
    from mediafleet.domain.ports import Clock, Environment, MediaServers, ServerIdentity


log = logging.getLogger(__name__)

REGISTRATION_LIMIT_S = 5.0
_LAUNCH_GOES_ON = "its launch goes on, also after the next start of the server"
_ENDS_WITH_SERVER = "it ends with the server"


class Admission:
    """Brings Media Nodes into the cluster.

    Args:
        state: The cluster in memory.
        environment: Where the machines come from.
        media_servers: Links to them.
        clock: The time.
        new_node_id: Makes ids; must not repeat.
        open_files: Bounds how many members may be connected; ``None``: nothing does.
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

        On premises the media server is met before anything is recorded, so that a refused request
        leaves nothing behind.

        Args:
            uri: Endpoint of a running media server; needed on premises only.
            wait: Return when the node runs rather than when its launch began.

        Raises:
            MissingUriError: On premises, and no uri.
            InvalidUriError: The uri breaks a rule.
            MediaNodeAlreadyAddedError: The media server is a member already.
            ClusterFullError: There is no room for another member, or no open file.
            UnreachableMediaServerError: Nothing answered there, or not in time.
            MediaNodeCanceledError: Somebody canceled the launch while we waited.
            ServerStoppingError: The server began to stop while we waited.
            EnvironmentFailureError: The machine could not be made.
        """
        self._require_file()
        node_id = self._new_node_id()
        if self._environment.launches_machines:
            member = await self._admit(node_id)
        else:
            machine = await self._environment.launch(MachineRequest(node_id, uri))
            member = await self._join(node_id, machine)
        return await self._launched(node_id) if wait else member

    async def register(self, uri: str, within: Sequence[IPv4Network | IPv6Network]) -> Member:
        """Add a media server that announced itself; it is met before anything is recorded.

        Args:
            uri: Where it says it is. It joins under the address that answered there, so that a
                name cannot lead elsewhere later.
            within: Networks it has to be in.

        Raises:
            InvalidUriError: The uri breaks a rule.
            MediaNodeAlreadyAddedError: The media server is a member already.
            ClusterFullError: There is no room for another member, or no open file.
            UnreachableMediaServerError: Nothing answered there, or not in time.
        """
        key = MediaServerUri.parse(uri)
        self._require_file()
        with self._reserved(key):
            identity = await self._meet_briefly(uri, within)
            machine = Machine(None, key.at(identity.ip))
            with self._reserved(MediaServerUri.parse(machine.uri), besides=key):
                node_id = self._new_node_id()
                return await self._state.change(
                    lambda cluster: self._admission(cluster, node_id, machine, identity)
                )

    async def _meet_briefly(
        self, uri: str, within: Sequence[IPv4Network | IPv6Network]
    ) -> ServerIdentity:
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
        with while_there_is_room():
            for _ in range(count):
                await self._admit(self._new_node_id())

    async def take_in(self, machine: Machine) -> None:
        """Make a member of a machine that is not met first; it runs as soon as it is connected.

        Raises:
            ClusterFullError: There is no room for another member, or no open file.
            StoreUnavailableError: Nothing changed.
        """
        node, event = admit(
            machine.node_id or self._new_node_id(),
            at=self._clock.now(),
            uri=machine.uri,
            environment_id=machine.environment_id,
        )
        log.info(
            "machine without a member is taken in",
            extra={"media_node_id": node.id, "environment_id": machine.environment_id},
        )
        await self._state.apply(Mutation(node, event))

    async def _admit(self, node_id: str) -> Member:
        """Store the intent; the launch itself is the life cycle's next step."""
        node, event = admit(node_id, at=self._clock.now())
        await self._state.apply(Mutation(node, event))
        return Member(node)

    async def join(self, machine: Machine) -> Member:
        """Make a member of a machine whose media server answers.

        Raises:
            MediaNodeAlreadyAddedError: The media server is a member already.
            ClusterFullError: There is no room for another member, or no open file.
            UnreachableMediaServerError: Nothing answered there, or not in time.
        """
        self._require_file()
        return await self._join(machine.node_id or self._new_node_id(), machine)

    def _require_file(self) -> None:
        """Refuse a node that could not be connected, before anybody waits for it."""
        files = self._open_files
        if files is not None and len(self._state.cluster) >= files.media_nodes:
            raise TooFewOpenFilesError(files.media_nodes, str(files))

    async def _join(self, node_id: str, machine: Machine) -> Member:
        with self._reserved(MediaServerUri.parse(machine.uri)):
            identity = await self._media_servers.probe(machine.uri)
            return await self._state.change(
                lambda cluster: self._admission(cluster, node_id, machine, identity)
            )

    @contextmanager
    def _reserved(
        self, key: MediaServerUri, *, besides: MediaServerUri | None = None
    ) -> Iterator[None]:
        """Keep an endpoint for one request, so that only one of many meets the media server."""
        if key == besides:
            yield
            return
        if (holder := _holder(self._state.cluster, key)) or key in self._joining:
            raise MediaNodeAlreadyAddedError(holder)
        self._joining.add(key)
        try:
            yield
        finally:
            self._joining.discard(key)

    def _admission(
        self, cluster: Cluster, node_id: str, machine: Machine, identity: ServerIdentity
    ) -> Decision[Member]:
        node, event = admit(
            node_id,
            at=self._clock.now(),
            uri=machine.uri,
            environment_id=machine.environment_id,
        )
        connection = Connection(server_id=identity.server_id)
        member = Member(node, connection)
        if duplicate := duplicate_of(member, cluster):
            raise MediaNodeAlreadyAddedError(duplicate, same="server")
        return Decision(member, (Mutation(node, event),), {node_id: connection})

    async def _launched(self, node_id: str) -> Member:
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

    async def join_configured(self, uris: Sequence[str]) -> None:
        """Have every configured endpoint in the cluster; members stay as they are.

        A server that does not answer yet is ``launching`` until it does, or for as long as a launch
        may take.
        """
        added: set[MediaServerUri] = set()
        changes = []
        for uri in uris:
            key = MediaServerUri.parse(uri)
            if key not in added and _holder(self._state.cluster, key) is None:
                added.add(key)
                changes.append(Mutation(*admit(self._new_node_id(), at=self._clock.now(), uri=uri)))
        # One commit: one for each node would hold up the start by minutes.
        await self._state.apply(*changes)


@contextmanager
def while_there_is_room() -> Iterator[None]:
    """End what brings members in when no more may come; those that came stay."""
    try:
        yield
    except ClusterFullError as error:
        log.warning("machines left out", extra={"reason": str(error)})


def _holder(cluster: Cluster, endpoint: MediaServerUri) -> str | None:
    """Id of the member that an endpoint belongs to."""
    return next(
        (
            member.node.id
            for member in cluster.at_endpoint(endpoint)
            if member.node.uri is not None and member.node.holds_its_uri and not member.gone
        ),
        None,
    )


MET_AT_ONCE = 32


class Registrations:
    """Takes in media servers that announce themselves.

    Args:
        admission: Adds them.
        networks: From which they may come, and in which they may be besides their own address.
    """

    def __init__(self, admission: Admission, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._admission = admission
        self._networks = tuple(networks)
        self._limiter = anyio.CapacityLimiter(MET_AT_ONCE)
        self._turns: dict[str, anyio.Lock] = {}

    def may_come_from(self, peer: IPv4Address | IPv6Address) -> bool:
        """Whether who has this address may announce anything."""
        return is_in(peer, self._networks)

    async def register(self, peer: IPv4Address | IPv6Address, uri: str) -> None:
        """Meet a media server and add it, unless it is a member already.

        For one peer one is met at a time, for all of them some; others wait for their turn.

        Args:
            peer: Who announced it; no forwarded address.
            uri: Where it is to be.

        Raises:
            InvalidUriError: The uri breaks a rule.
            UnreachableMediaServerError: Nothing answered there, or it may not be met.
            MediaNodeAlreadyAddedError: Another request is adding it.
            StoreUnavailableError: It could not be stored.
        """
        within = (ip_network(peer), *self._networks)
        async with self._turn_of(str(peer)), self._limiter:
            try:
                member = await self._admission.register(uri, within)
            except MediaNodeAlreadyAddedError as error:
                if error.node_id is None:
                    raise
                node_id, event = error.node_id, "known media server announced itself"
            else:
                node_id, event = member.node.id, "media server announced itself"
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
