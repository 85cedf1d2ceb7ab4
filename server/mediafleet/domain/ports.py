"""What the services need from the world, as protocols; implementations live in the rim rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from mediafleet.domain.machines import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime
    from ipaddress import IPv4Network, IPv6Network

    from mediafleet.domain.cluster import Connection, Session
    from mediafleet.domain.diagnostics import Diagnostics, Finding
    from mediafleet.domain.events import Event
    from mediafleet.domain.media_node import MediaNode

    JsonValue = bool | int | float | str | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The moment it is: aware, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that is never set back."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One step of one Media Node, with the event that tells of it.

    Attributes:
        node: The node after the step.
        event: What happened.
        forget: The node leaves the cluster with this step.
    """

    node: MediaNode
    event: Event
    forget: bool = False


@dataclass(frozen=True, slots=True)
class EventOnly:
    """An event about a Media Node that changes nothing of what is stored of the node.

    Attributes:
        event: What happened; its ``id`` is the node's.
    """

    event: Event


StoreEntry: TypeAlias = Mutation | EventOnly
"""What is committed: a step of a node with its event, or an event alone."""


class Store(Protocol):
    """Keeps members and events over restarts of the server; has one server as its only writer."""

    @property
    def may_write(self) -> bool:
        """Whether this server is the only writer, as far as it knows.

        While it is not, another one may act on the same cluster, and this one does nothing that
        cannot be taken back.
        """

    @property
    def problem(self) -> str | None:
        """Why the store takes no changes now, for people; ``None`` if it does, as far as known."""

    async def load(self) -> tuple[MediaNode, ...]:
        """All members, in the order of joining.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def commit(self, changes: Sequence[StoreEntry]) -> None:
        """Save all the nodes and append all the events, in order, in one transaction.

        When this returns the changes survive a crash. When it raises none of them was made.

        Raises:
            StaleMediaNodeError: A stored node is not one version behind the node to save.
            StoreUnavailableError: The store did not take them.
        """

    async def has_left(self, node_id: str) -> bool:
        """Whether a node was a member once and is none any more, whoever's member it was.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def ended_sessions(self, node_id: str) -> frozenset[tuple[str, datetime]]:
        """Ids and beginnings of a node's sessions whose ends were committed.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def remember(self, key: str, make: Callable[[], str]) -> str:
        """The value kept under a key, made and kept at the first call (the cluster's id)."""

    async def recall(self, key: str) -> str | None:
        """The value kept under a key, if there is one.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def keep(self, key: str, value: str) -> None:
        """Put a value under a key, whatever was there before.

        Raises:
            StoreUnavailableError: What was there before still is.
        """


@dataclass(frozen=True, slots=True)
class MachineRequest:
    """What an environment is told when a Media Node is wanted.

    Attributes:
        node_id: The member to be; the launch is idempotent by it.
        uri: Endpoint given by the user; counts only where machines are not launched.
    """

    node_id: str
    uri: str | None


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with a media server on it, as its environment knows it.

    Attributes:
        environment_id: Its name there; ``None`` on premises.
        uri: WebSocket endpoint of its media server.
        node_id: The Media Node it was launched for, where the machine itself tells.
    """

    environment_id: str | None
    uri: str
    node_id: str | None = None


class Environment(Protocol):
    """Where Media Nodes come from."""

    @property
    def name(self) -> str:
        """The word of ``OPENVIDU_PRO_CLUSTER_ENVIRONMENT``."""

    @property
    def launches_machines(self) -> bool:
        """Whether it makes and unmakes machines; on premises they are there already."""

    @property
    def ends_with_server(self) -> bool:
        """Whether machines without sessions are unmade when the server is stopped."""

    @property
    def sees_every_end(self) -> bool:
        """Whether :meth:`gone` tells the truth of machines that serve, too."""
        return False

    @property
    def problem(self) -> str | None:
        """Why it does not watch its machines now, for people; ``None`` if it does, or never."""
        return None

    def may_have_made(self, environment_id: str) -> bool:
        """Whether a machine of that name can be one of this environment's.

        Of others, which the cluster has from another environment, nothing is known here.
        """
        return True

    def on_machine_end(self, tell: Callable[[str, str], None]) -> None:
        """Tell of every machine that is seen to end: its node's id, and why, for people.

        Called once, before it is opened. An environment that sees no ends has nothing to tell.
        """
        return

    def open(self, cluster_id: str) -> AbstractAsyncContextManager[None]:
        """Hold what is needed to speak to the machines; the methods below work while entered.

        Args:
            cluster_id: Machines that carry it are this cluster's; no other is ever touched.

        Raises:
            EnvironmentFailureError: It cannot work as it is configured.
        """

    async def launch(self, request: MachineRequest) -> Machine:
        """Make a machine ready for a Media Node; the second call for a node finds the first's.

        Raises:
            MissingUriError: It launches nothing and no uri was given.
            EnvironmentFailureError: The launch failed. What it left and could not undo at once is
                found by :meth:`terminate`.
        """

    async def terminate(self, node: MediaNode) -> None:
        """Unmake the machine of a Media Node; one that is gone or was never ours is no error.

        Raises:
            EnvironmentFailureError: The machine may still be there.
        """

    async def discover(self) -> Sequence[Machine]:
        """Machines of this cluster that run, members or not.

        Raises:
            EnvironmentFailureError: The answer is not known.
        """

    async def gone(self, nodes: Sequence[MediaNode]) -> frozenset[str]:
        """Ids of those of some Media Nodes whose machines are no more.

        Args:
            nodes: With machines that this environment may have made.

        Raises:
            EnvironmentFailureError: The answer is not known.
        """
        return missing(nodes, await self.discover())


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """What a media server told of itself when it was first met.

    Attributes:
        server_id: New at each start of its process.
        ip: The address that was dialled.
    """

    server_id: str
    ip: str


@dataclass(frozen=True, slots=True)
class ServerModule:
    """One module of a media server; every text bounded and cleaned."""

    name: str
    version: str
    generation_time: str
    factories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Inside facts of a media server; every text bounded and cleaned.

    Attributes:
        version: Of the media server.
        capabilities: As it lists them.
        memory: Resident memory in MiB.
        modules: In the server's order.
    """

    version: str
    capabilities: tuple[str, ...]
    memory: int
    modules: tuple[ServerModule, ...]


class MediaServers(Protocol):
    """Links to the members' media servers, one each; an observer is told what they learn."""

    async def probe(
        self, uri: str, *, within: Sequence[IPv4Network | IPv6Network] | None = None
    ) -> ServerIdentity:
        """Meet the media server behind a uri once, and part again.

        Args:
            uri: Its endpoint.
            within: Networks it has to be in, besides what holds for all.

        Raises:
            InvalidUriError: The uri breaks a rule.
            UnreachableMediaServerError: Nothing answered there as a media server does.
        """

    def attach(self, node_id: str, uri: str) -> None:
        """Keep a link to a member's media server from now on; a second call changes nothing."""

    async def detach(self, node_id: str) -> None:
        """End the link on purpose; nothing is told of the node after this returns.

        The decisions on it, which are gone with it, are logged.
        """

    async def list_sessions(self, node_id: str) -> tuple[Session, ...]:
        """Ask the node itself which sessions it hosts now; the books follow.

        Raises:
            UnreachableMediaServerError: It is not connected or did not answer in time.
        """

    async def release_sessions(self, node_id: str, sessions: Iterable[Session]) -> None:
        """End these sessions of the node and no others, whoever made them.

        Those that ended meanwhile are passed over. Whether the others have ended, a list tells.

        Raises:
            UnreachableMediaServerError: It is not connected or did not answer in time.
        """

    def note_finding(self, node_id: str, finding: Finding, reason: str) -> None:
        """Keep with the diagnostics of a member what else was found of it than its link finds.

        Others are passed over. Nothing follows from it: whether a node is in touch is seen by its
        connection alone.
        """

    def diagnostics(self, node_id: str) -> Diagnostics | None:
        """What the link to a member is judged on; ``None`` when there is no link."""

    async def describe(self, node_id: str) -> ServerInfo | None:
        """Inside facts of the node's media server; ``None`` when it does not answer in time."""


class ConnectionObserver(Protocol):
    """Is told of every change of a link; called on the event loop, must not block."""

    def __call__(self, node_id: str, connection: Connection) -> None:
        """The link's facts as they are now."""


class Settings(Protocol):
    """The active configuration, as far as the services read and change it."""

    def describe(self, kms_uris: Sequence[str]) -> Mapping[str, JsonValue]:
        """What ``GET /pro/config`` answers; no secrets."""

    async def objections(
        self, changes: Mapping[str, JsonValue], refused: Collection[str], limit: int
    ) -> str:
        """Say what ``change`` would refuse these values for; nothing changes.

        Args:
            changes: New values.
            refused: Names whose values somebody else has refused already; rules that need one of
                them are left out.
            limit: Most characters; problems that do not fit are counted.

        Returns:
            Empty if there is nothing against them.
        """

    async def change(self, changes: Mapping[str, JsonValue]) -> None:
        """Store new values and put them in force, all or none.

        Raises:
            InvalidConfigurationError: Names every problem; nothing was changed.
            ConfigurationNotStoredError: They could not be stored; nothing was changed.
        """
