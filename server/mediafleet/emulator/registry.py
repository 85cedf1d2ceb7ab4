"""The objects and sessions of one Media Node: who holds what, and the garbage collector's rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mediafleet.emulator import rpc_errors
from mediafleet.emulator.json_text import write
from mediafleet.emulator.media_object import MediaObject
from mediafleet.emulator.object_types import SERVER_MANAGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.clock import Clock
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.object_types import ObjectType

MANAGER_ID = "manager_ServerManager"
LISTING_SESSION = ""
"""The session for which `getPipelines` holds every object, whoever asked."""

_NEW_REFERENCE = "newref:"


@dataclass(slots=True)
class Session:
    """A session that has used an object.

    Attributes:
        marked: It was used, or its connection was open, since the last round of the collector.
        objects: What it holds, by id.
    """

    marked: bool = True
    objects: dict[str, MediaObject] = field(default_factory=dict)


class Registry:
    """All objects by id and all known sessions by id.

    Attributes:
        manager: The object that stands for the server; it is held by nobody and never dies.
        objects: Every living object, by id.
        sessions: Every known session, by id.
        news: Events to deliver, as (session id, frame); the owner takes them out after each step.
    """

    __slots__ = ("_clock", "_new_id", "manager", "news", "objects", "sessions")

    def __init__(self, *, new_id: Callable[[], str], clock: Clock) -> None:
        self._new_id = new_id
        self._clock = clock
        self.objects: dict[str, MediaObject] = {}
        self.sessions: dict[str, Session] = {}
        self.news: list[tuple[str, str]] = []
        self.manager = self._add(SERVER_MANAGER, MANAGER_ID, parent=None)

    def _add(self, kind: ObjectType, object_id: str, parent: MediaObject | None) -> MediaObject:
        created = int(self._clock.now().timestamp())
        added = MediaObject(object_id, kind, parent, created, name=object_id)
        self.objects[object_id] = added
        return added

    def create(self, kind: ObjectType, parent: MediaObject | None, session_id: str) -> MediaObject:
        """Make an object; it is held by the session and by all sessions that hold the parent."""
        own = f"{self._new_id()}_kurento.{kind.name}"
        created = self._add(kind, own if parent is None else f"{parent.id}/{own}", parent)
        if parent is not None:
            parent.children[created.id] = created
            for holder in list(parent.holders):
                self.hold(holder, created)
        self.emit(self.manager, "ObjectCreated", {"object": created.id})
        self.hold(session_id, created)
        return created

    def find(self, object_id: str) -> MediaObject:
        """The living object with an id.

        Raises:
            RpcError: There is none, or the id is a `newref:` outside a transaction.
        """
        if object_id.startswith(_NEW_REFERENCE) and object_id != _NEW_REFERENCE:
            raise rpc_errors.reference_without_transaction(object_id)
        found = self.objects.get(object_id)
        if found is None:
            raise rpc_errors.object_not_found(object_id)
        return found

    def use(self, session_id: str, object_id: str) -> MediaObject:
        """Find an object and hold it for the session, as every use of it does."""
        found = self.find(object_id)
        self.hold(session_id, found)
        return found

    def hold(self, session_id: str, held: MediaObject) -> None:
        """Add a session to the holders of an object and of all it belongs to."""
        session = self.sessions.setdefault(session_id, Session())
        session.marked = True
        current: MediaObject | None = held
        while current is not None:
            session.objects[current.id] = current
            current.holders[session_id] = None
            current = current.parent

    def let_go(self, session_id: str, held: MediaObject) -> None:
        """Remove a session from the holders of an object and of its children; unheld ones die."""
        session = self.sessions.get(session_id)
        if session is not None:
            session.objects.pop(held.id, None)
        for child in held.children_in_order():
            self.let_go(session_id, child)
        held.holders.pop(session_id, None)
        held.unsubscribe_session(session_id)
        if not held.holders and held is not self.manager:
            self._destroy(held)

    def _destroy(self, dead: MediaObject) -> None:
        if self.objects.pop(dead.id, None) is None:
            return
        if dead.parent is not None:
            dead.parent.children.pop(dead.id, None)
            for sibling in dead.parent.children.values():
                sibling.unlink(dead)
        self.emit(self.manager, "ObjectDestroyed", {"objectId": dead.id})

    def release(self, object_id: str) -> None:
        """Destroy an object whoever holds it; unknown ids and the manager are left as they are."""
        found = self.objects.get(object_id)
        if found is None or found is self.manager:
            return
        for holder in list(found.holders):
            self.let_go(holder, found)

    def mark(self, session_id: str) -> bool:
        """Keep a session through the next round of the collector; False if it is not known."""
        session = self.sessions.get(session_id)
        if session is None:
            return False
        session.marked = True
        return True

    def end_session(self, session_id: str, *, release: bool = False) -> None:
        """Forget a session at once, with its subscriptions.

        Args:
            session_id: Whose end it is; an unknown session is no error.
            release: Destroy what it holds even if others hold it too.
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
                self.let_go(session_id, held)
        del self.sessions[session_id]

    def collect(self) -> None:
        """One round of the collector: end the sessions not marked since the last round."""
        for session_id, session in list(self.sessions.items()):
            if session.marked:
                session.marked = False
            else:
                self.end_session(session_id)

    def emit(
        self, source: MediaObject, event: str, data: dict[str, Json], *, typed: bool = False
    ) -> None:
        """Tell an event to every session that wants it.

        Args:
            source: The object it happened to.
            event: Its type.
            data: What is particular to it.
            typed: Say the type inside the data too, as media events do and the manager's do not.
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
        self.news.extend((session_id, frame) for session_id in sessions)

    def pipelines(self) -> list[MediaObject]:
        """All pipelines in the order of their ids."""
        kind = "MediaPipeline"
        return [
            self.objects[key] for key in sorted(self.objects) if self.objects[key].type.name == kind
        ]
