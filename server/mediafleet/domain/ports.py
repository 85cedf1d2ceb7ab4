"""The ports: what the services need, as protocols that the adapter packages implement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mediafleet.domain.machines import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime
    from ipaddress import IPv4Network, IPv6Network

    from mediafleet.domain.calls import Call
    from mediafleet.domain.cluster import Connection, Session
    from mediafleet.domain.diagnostics import NodeDiagnostics
    from mediafleet.domain.entries import StoreEntry
    from mediafleet.domain.errors import InvalidProperty
    from mediafleet.domain.events import StoredEvent
    from mediafleet.domain.machines import Machine, MachineRequest
    from mediafleet.domain.media_node import MediaNode

    JsonValue = bool | int | float | str | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that its receiver refused for good.

    Attributes:
        event: The event.
        reason: Why, for people.
        timestamp: When it was given up, in UTC milliseconds.
    """

    event: StoredEvent
    reason: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of a replay of undeliverable events.

    Attributes:
        delivered: Numbers of the events that the receiver took; they are no dead letters any more.
        problem: Why it ended before all were sent; ``None`` if it did not, or the time was over.
    """

    delivered: tuple[int, ...]
    problem: str | None


@dataclass(frozen=True, slots=True)
class WebhookState:
    """What the webhook does now, and has done since the start of the server.

    Attributes:
        is_on: Whether events are sent at all.
        host: Of the endpoint, whose other parts may be secret; ``None`` while it is off.
        lag: Events that are not handled yet.
        delivered: Events that the receiver took.
        failures: Requests that failed.
        consecutive_failures: Those since the last one that did not.
        dead_letters: Events that the receiver refused for good.
        lost: Events that were deleted from the store before they were delivered, or that the
            receiver did not take while delivery is best effort.
        problem: Why the last request failed; ``None`` if it did not.
        next_try: When the next request is sent, after one that failed.
    """

    is_on: bool
    host: str | None
    lag: int
    delivered: int
    failures: int
    consecutive_failures: int
    dead_letters: int
    lost: int
    problem: str | None
    next_try: datetime | None


class Store(Protocol):
    """Stores members, calls and events over restarts; only one server writes to it."""

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

    async def load_calls(self) -> tuple[Call, ...]:
        """All sessions of calls with their connections, both in the order of their creation.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def commit(self, changes: Sequence[StoreEntry]) -> tuple[StoredEvent, ...]:
        """Save all nodes and parts of calls and append all events, in order, in one transaction.

        When this returns the changes survive a crash. When it raises none of them was made.

        Returns:
            The events, in the same order.

        Raises:
            StaleMediaNodeError: A stored node is not one version behind the node to save.
            StoreUnavailableError: The store did not take them.
        """

    @property
    def newest_event(self) -> int:
        """Sequence number of the newest event; 0 if there is none."""

    async def oldest_event(self) -> int:
        """Sequence number of the oldest event that is kept; one above the newest if none is.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def events(self, after: int = 0, limit: int = 1000) -> tuple[StoredEvent, ...]:
        """Return a page of the events that are kept, the oldest first.

        Args:
            after: Sequence number of the last known event; 0 for none.
            limit: Maximum number of events, 1–1000.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def delete_events(self, through: int) -> None:
        """Delete the events up to a sequence number, that one included, but never the newest.

        Raises:
            StoreUnavailableError: None was deleted.
        """

    async def reader_position(self, reader: str) -> int | None:
        """Return the sequence number of the last event that a reader has handled.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def set_reader_position(self, reader: str, position: int | None) -> None:
        """Store the position of a reader; ``None`` deletes it.

        Raises:
            StoreUnavailableError: Nothing was stored.
        """

    async def add_dead_letter(self, reader: str, letter: DeadLetter) -> None:
        """Keep an undeliverable event and move the reader's position past it, in one transaction.

        Raises:
            StoreUnavailableError: Nothing was stored.
        """

    async def dead_letters(self, after: int = 0, limit: int = 1000) -> tuple[DeadLetter, ...]:
        """Return a page of the undeliverable events, the oldest first; arguments as in `events`.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def count_dead_letters(self) -> int:
        """Return how many undeliverable events are kept.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def delete_dead_letter(self, sequence: int) -> None:
        """Delete an undeliverable event; nothing happens if there is none with that number.

        Raises:
            StoreUnavailableError: Nothing was deleted.
        """

    async def has_left(self, node_id: str) -> bool:
        """Whether a node was a member once and is none any more, as far as its events are kept.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def ended_sessions(self, node_id: str) -> frozenset[tuple[str, datetime]]:
        """Ids and beginnings of a node's sessions whose ends were committed.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def get_or_set(self, key: str, make: Callable[[], str]) -> str:
        """Return the value of a key; the first call creates it (such as the cluster's id)."""

    async def get_value(self, key: str) -> str | None:
        """Return the value of a key, or ``None``.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    async def set_value(self, key: str, value: str) -> None:
        """Set the value of a key.

        Raises:
            StoreUnavailableError: The value was not set.
        """


class Environment(Protocol):
    """Where Media Nodes come from."""

    @property
    def name(self) -> str:
        """Its name in ``OPENVIDU_PRO_CLUSTER_ENVIRONMENT``."""

    @property
    def launches_machines(self) -> bool:
        """Whether it launches and terminates machines; on premises operators do."""

    @property
    def ends_with_server(self) -> bool:
        """Whether machines without sessions are terminated when the server is stopped."""

    @property
    def sees_every_end(self) -> bool:
        """Whether :meth:`gone` is right for running nodes too."""
        return False

    @property
    def problem(self) -> str | None:
        """Why it cannot watch its machines now, for people; ``None`` if it can, or never does."""
        return None

    def may_have_made(self, environment_id: str) -> bool:
        """Whether a machine can be one of this environment, by the form of its id.

        The cluster may have machines from an environment that was configured before.
        """
        return True

    def on_machine_end(self, report: Callable[[str, str], None]) -> None:
        """Call *report* with node id and reason whenever a machine ends.

        Called once, before the environment is opened. Not every environment watches machines.
        """
        return

    def open(self, cluster_id: str) -> AbstractAsyncContextManager[None]:
        """Open the environment; the methods below work only while it is open.

        Args:
            cluster_id: Machines that carry it are this cluster's; no other is ever touched.

        Raises:
            EnvironmentFailureError: It cannot work as it is configured.
        """

    async def launch(self, request: MachineRequest) -> Machine:
        """Launch a machine for a Media Node; a second call returns the same machine.

        Raises:
            MissingUriError: It launches nothing and no uri was given.
            EnvironmentFailureError: The launch failed. :meth:`terminate` ends what it left.
        """

    async def terminate(self, node: MediaNode) -> None:
        """Terminate the machine of a Media Node, unless it is gone or not the cluster's.

        Raises:
            EnvironmentFailureError: The machine may still be there.
        """

    async def discover(self) -> Sequence[Machine]:
        """Return the running machines of this cluster, members or not.

        Raises:
            EnvironmentFailureError: They could not be listed.
        """

    async def gone(self, nodes: Sequence[MediaNode]) -> frozenset[str]:
        """Return the ids of the Media Nodes whose machines are gone.

        Args:
            nodes: Media Nodes of this environment.

        Raises:
            EnvironmentFailureError: The machines could not be listed.
        """
        return missing(nodes, await self.discover())


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """What a media server reported about itself when it was probed.

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
    """Version, modules and memory of a media server; every text bounded and cleaned.

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
    """Links to the members' media servers, one each; they report changes to an observer."""

    async def probe(
        self, uri: str, *, within: Sequence[IPv4Network | IPv6Network] | None = None
    ) -> ServerIdentity:
        """Connect to the media server behind a uri once, and disconnect.

        Args:
            uri: Its endpoint.
            within: Networks it must be in, besides the rules for all.

        Raises:
            InvalidUriError: The uri breaks a rule.
            UnreachableMediaServerError: Nothing answered there as a media server does.
        """

    def attach(self, node_id: str, uri: str, diagnostics: NodeDiagnostics) -> None:
        """Keep a link to a member's media server from now on; a second call changes nothing.

        Args:
            node_id: Id of the member.
            uri: Endpoint of its media server.
            diagnostics: The link records its measurements there.
        """

    async def detach(self, node_id: str) -> None:
        """End the link on purpose; nothing is observed of the node after this returns."""

    async def list_sessions(self, node_id: str) -> tuple[Session, ...]:
        """Ask the node itself which sessions it hosts now; the session cache is updated.

        Raises:
            UnreachableMediaServerError: It is not connected or did not answer in time.
        """

    async def release_sessions(self, node_id: str, sessions: Iterable[Session]) -> None:
        """End these sessions of the node and no others, whichever client created them.

        Those that ended meanwhile are skipped. List the sessions again to see which have ended.

        Raises:
            UnreachableMediaServerError: It is not connected or did not answer in time.
        """

    async def describe(self, node_id: str) -> ServerInfo | None:
        """Details of the node's media server; ``None`` when it does not answer in time."""


class ConnectionObserver(Protocol):
    """Called with every change of a link, on the event loop; it must not block."""

    def __call__(self, node_id: str, connection: Connection) -> None:
        """Receive the present state of the link."""


class Settings(Protocol):
    """The active configuration, as far as the services read and change it."""

    def describe(self, kms_uris: Sequence[str]) -> Mapping[str, JsonValue]:
        """The body of ``GET /pro/config``, without secrets."""

    async def validation_errors(
        self, changes: Mapping[str, JsonValue], refused: Collection[str]
    ) -> Sequence[InvalidProperty]:
        """Check values as ``change`` does; nothing changes.

        Args:
            changes: New values.
            refused: Names whose values are known to be invalid; rules that need one of them are
                left out.
        """

    async def change(self, changes: Mapping[str, JsonValue]) -> None:
        """Store new values and activate them, all or none.

        Raises:
            InvalidConfigurationError: Names every problem; nothing was changed.
            ConfigurationNotStoredError: They could not be stored; nothing was changed.
        """
