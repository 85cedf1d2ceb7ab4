"""The media objects and the sessions of one Media Node, and the rule of its garbage collector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from mediafleet.emulator.json_text import write
from mediafleet.emulator.object_types import SERVER_MANAGER
from mediafleet.emulator.rpc_errors import KurentoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.clock import Clock
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.object_types import ObjectType
    from mediafleet.emulator.webrtc import WebRtcEndpoint

MANAGER_ID: Final = "manager_ServerManager"
LISTING_SESSION: Final = ""
"""The session that references every object after a `getPipelines` of any client."""

_NEW_REFERENCE: Final = "newref:"


class Input(NamedTuple):
    """An input of an element for one kind of media; it has at most one source."""

    media: str
    description: str


class Output(NamedTuple):
    """The source of an input: an element and one of its outputs."""

    element: MediaObject
    description: str


@dataclass(slots=True, eq=False)
class MediaObject:
    """A pipeline, an element, a hub, or the server's manager.

    Attributes:
        id: Its id; that of a child begins with the parent's id and a slash.
        type: Its class.
        parent: The object that it belongs to; they are destroyed together.
        created: The time of its creation, in seconds since 1970.
        name: Its name; initially the id.
        tags: Free-form texts by key.
        sends_tags: Whether its events contain its tags.
        latency_stats: A setting of pipelines, without effect here.
        holders: The sessions that reference it (a dict for its order).
        children: The objects that belong to it, by id.
        subscriptions: Subscription ids by event and session; None until the first one.
        inputs: The sources of an element.
        properties: The values of its settable properties, and texts of its constructor, by name.
        endpoint: The connection of an element to its peer; None if there is none.
        flows: The media that flow into and out of an element, as (direction, kind).
    """

    id: str
    type: ObjectType
    parent: MediaObject | None
    created: int
    name: str
    tags: dict[str, str] = field(default_factory=dict)
    sends_tags: bool = False
    latency_stats: bool = False
    holders: dict[str, None] = field(default_factory=dict)
    children: dict[str, MediaObject] = field(default_factory=dict)
    subscriptions: dict[str, dict[str, set[str]]] | None = None
    inputs: dict[Input, Output] = field(default_factory=dict)
    properties: dict[str, Json] = field(default_factory=dict)
    endpoint: WebRtcEndpoint | None = None
    flows: set[tuple[str, str]] = field(default_factory=set)

    def children_in_order(self) -> list[MediaObject]:
        """Its children in the order of their ids, as the real server lists them."""
        return [self.children[key] for key in sorted(self.children)]

    def root(self) -> MediaObject:
        """Its outermost ancestor: for an element, the pipeline."""
        current = self
        while current.parent is not None:
            current = current.parent
        return current

    def tags_as_json(self) -> list[Json]:
        """Its tags as the server lists them, in the order of the keys."""
        return [
            {"__module__": "kurento", "__type__": "Tag", "key": key, "value": self.tags[key]}
            for key in sorted(self.tags)
        ]

    def subscribe(self, event: str, session_id: str, subscription: str) -> None:
        """Add a subscription of a session to an event."""
        if self.subscriptions is None:
            self.subscriptions = {}
        self.subscriptions.setdefault(event, {}).setdefault(session_id, set()).add(subscription)

    def unsubscribe(self, session_id: str, subscription: str) -> None:
        """Remove one subscription; an unknown one is no error."""
        for event, sessions in list((self.subscriptions or {}).items()):
            remaining = sessions.get(session_id, set())
            remaining.discard(subscription)
            if not remaining:
                self._remove(event, session_id)

    def unsubscribe_session(self, session_id: str) -> None:
        """Remove all subscriptions of a session."""
        for event in list(self.subscriptions or ()):
            self._remove(event, session_id)

    def _remove(self, event: str, session_id: str) -> None:
        if self.subscriptions is None:
            return
        self.subscriptions[event].pop(session_id, None)
        if not self.subscriptions[event]:
            del self.subscriptions[event]

    def subscribers(self, event: str) -> list[str]:
        """The sessions with subscriptions to an event, each once."""
        return list((self.subscriptions or {}).get(event, ()))

    def unlink(self, source: MediaObject) -> None:
        """Remove an element from its inputs."""
        for key in [key for key, output in self.inputs.items() if output.element is source]:
            del self.inputs[key]


@dataclass(slots=True)
class Session:
    """A session that has referenced an object.

    Attributes:
        marked: Whether it was used, or its connection was open, since the last collection.
        objects: The objects that it references, by id.
    """

    marked: bool = True
    objects: dict[str, MediaObject] = field(default_factory=dict)


class Registry:
    """All objects and sessions of one server.

    Attributes:
        manager: The object that represents the server; it is never destroyed.
        objects: Every object, by id.
        sessions: Every session, by id.
        events: Pending events, as (session id, frame); the server removes them after each step.
        relinked: The pipelines whose elements were linked otherwise since the server has last
            removed them.
    """

    def __init__(self, *, new_id: Callable[[], str], clock: Clock) -> None:
        self._new_id = new_id
        self._clock = clock
        self.objects: dict[str, MediaObject] = {}
        self.sessions: dict[str, Session] = {}
        self.events: list[tuple[str, str]] = []
        self.relinked: set[MediaObject] = set()
        self.manager = self._add(SERVER_MANAGER, MANAGER_ID, parent=None)

    def _add(self, kind: ObjectType, object_id: str, parent: MediaObject | None) -> MediaObject:
        created = int(self._clock.now().timestamp())
        added = MediaObject(object_id, kind, parent, created, name=object_id)
        self.objects[object_id] = added
        return added

    def create(self, kind: ObjectType, parent: MediaObject | None, session_id: str) -> MediaObject:
        """Create an object, referenced by the session and by all sessions of its parent."""
        own = f"{self._new_id()}_kurento.{kind.name}"
        created = self._add(kind, own if parent is None else f"{parent.id}/{own}", parent)
        if parent is not None:
            parent.children[created.id] = created
            for holder in list(parent.holders):
                self.ref(holder, created)
        self.emit(self.manager, "ObjectCreated", {"object": created.id})
        self.ref(session_id, created)
        return created

    def find(self, object_id: str) -> MediaObject:
        """The object with an id.

        Raises:
            RpcError: There is none, or the id is a `newref:` outside a transaction.
        """
        if object_id.startswith(_NEW_REFERENCE) and object_id != _NEW_REFERENCE:
            raise KurentoError(
                "MEDIA_OBJECT_NOT_FOUND_TRANSACTION_NO_COMMIT",
                f"Object '{object_id}' not found. Possibly using a transactional object without "
                "committing the transaction.",
            )
        found = self.objects.get(object_id)
        if found is None:
            raise KurentoError("MEDIA_OBJECT_NOT_FOUND", f"Object '{object_id}' not found")
        return found

    def use(self, session_id: str, object_id: str) -> MediaObject:
        """Find an object and reference it from the session, as every use of it does."""
        found = self.find(object_id)
        self.ref(session_id, found)
        return found

    def ref(self, session_id: str, target: MediaObject) -> None:
        """Add a session to the holders of an object and of its ancestors."""
        session = self.sessions.setdefault(session_id, Session())
        session.marked = True
        current: MediaObject | None = target
        while current is not None:
            session.objects[current.id] = current
            current.holders[session_id] = None
            current = current.parent

    def unref(self, session_id: str, target: MediaObject) -> None:
        """Remove a session from the holders of an object and of its children.

        Objects without a holder are destroyed.
        """
        session = self.sessions.get(session_id)
        if session is not None:
            session.objects.pop(target.id, None)
        for child in target.children_in_order():
            self.unref(session_id, child)
        target.holders.pop(session_id, None)
        target.unsubscribe_session(session_id)
        if not target.holders and target is not self.manager:
            self._destroy(target)

    def _destroy(self, target: MediaObject) -> None:
        if self.objects.pop(target.id, None) is None:
            return
        if target.parent is not None:
            target.parent.children.pop(target.id, None)
            for sibling in target.parent.children.values():
                sibling.unlink(target)
            self.relinked.add(target.root())
        if target.endpoint is not None:
            target.endpoint.close()
        self.emit(self.manager, "ObjectDestroyed", {"objectId": target.id})

    def release(self, object_id: str) -> None:
        """Destroy an object, whatever its holders; unknown ids and the manager are ignored."""
        found = self.objects.get(object_id)
        if found is None or found is self.manager:
            return
        for holder in list(found.holders):
            self.unref(holder, found)

    def mark(self, session_id: str) -> bool:
        """Mark a session as used for the next collection; False if there is no such session."""
        session = self.sessions.get(session_id)
        if session is None:
            return False
        session.marked = True
        return True

    def end_session(self, session_id: str, *, release: bool = False) -> None:
        """Remove a session at once, with its subscriptions.

        Args:
            session_id: Its id; an unknown session is no error.
            release: Destroy its objects even if other sessions reference them.
        """
        session = self.sessions.get(session_id)
        if session is None:
            return
        for object_id in sorted(session.objects):
            held = session.objects.get(object_id)
            if held is None:
                continue
            if release and held is not self.manager:
                self.release(object_id)
            else:
                self.unref(session_id, held)
        del self.sessions[session_id]

    def collect(self) -> None:
        """End the sessions that were not marked since the last collection."""
        for session_id, session in list(self.sessions.items()):
            if session.marked:
                session.marked = False
            else:
                self.end_session(session_id)

    def emit(
        self, source: MediaObject, event: str, data: dict[str, Json], *, typed: bool = False
    ) -> None:
        """Queue an event for every subscribed session.

        Args:
            source: The object that emits it.
            event: Its type.
            data: The data that only this type of event has.
            typed: Whether the data contains the type too, as in media events, but not in those of
                the manager.
        """
        sessions = source.subscribers(event)
        if not sessions:
            return
        millis = int(self._clock.now().timestamp() * 1000)
        tags: Json = source.tags_as_json() if source.sends_tags else []
        content: dict[str, Json] = {
            **data,
            "source": source.id,
            "tags": tags,
            "timestampMillis": str(millis),
        }
        if typed:
            content["type"] = event
        value: Json = {"data": content, "object": source.id, "type": event}
        frame = write({"jsonrpc": "2.0", "method": "onEvent", "params": {"value": value}})
        self.events.extend((session_id, frame) for session_id in sessions)

    def pipelines(self) -> list[MediaObject]:
        """All pipelines in the order of their ids."""
        kind = "MediaPipeline"
        return [
            self.objects[key] for key in sorted(self.objects) if self.objects[key].type.name == kind
        ]
