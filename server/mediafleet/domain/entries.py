"""What a commit consists of: changes of Media Nodes and calls, and events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from mediafleet.domain.calls import CallConnection, CallSession
    from mediafleet.domain.events import Event
    from mediafleet.domain.media_node import MediaNode


@dataclass(frozen=True, slots=True)
class Mutation:
    """A change of one Media Node, with its event.

    Attributes:
        node: The node after the change.
        event: The event.
        forget: The node leaves the cluster with this change.
    """

    node: MediaNode
    event: Event
    forget: bool = False


@dataclass(frozen=True, slots=True)
class EventOnly:
    """An event of a Media Node whose stored values stay the same.

    Attributes:
        event: The event; its ``id`` is that of the node.
    """

    event: Event


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A session of calls, or one of its connections, after a change; it has no event of its own.

    Attributes:
        session_id: Id of the session.
        value: What to store; ``None`` deletes it. With a session its connections are deleted.
        connection_id: Id of the connection; empty for the session itself.
    """

    session_id: str
    value: CallSession | CallConnection | None
    connection_id: str = ""


NodeEntry: TypeAlias = Mutation | EventOnly
"""A part of a commit that has an event: with a change of a node, or without."""

StoreEntry: TypeAlias = NodeEntry | CallRecord
"""A part of a commit."""
