"""One object living on an emulated Media Node: its name, tags, family and who wants its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.object_types import ObjectType


class Input(NamedTuple):
    """What feeds one kind of media of an element: at most one source for each."""

    media: str
    description: str


class Output(NamedTuple):
    """The element that feeds an input, and by which of its outputs."""

    element: MediaObject
    description: str


@dataclass(slots=True, eq=False)
class MediaObject:
    """A pipeline, an element, a hub, or the server's manager.

    Attributes:
        id: Its id; that of a child begins with the parent's id and a slash.
        type: Its class.
        parent: The object it belongs to and dies with.
        created: Seconds since 1970 at its creation.
        name: Its name; the id at first.
        tags: Free-form texts by key.
        sends_tags: Its events carry its tags.
        latency_stats: A switch of pipelines, without effect here.
        holders: Sessions that keep it alive (a dict for its order).
        children: Objects that belong to it, by id.
        subscriptions: Subscription ids by event and session; None until the first.
        inputs: For elements: what feeds it.
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

    def children_in_order(self) -> list[MediaObject]:
        """Its children in the order of their ids, which is the only order the server knows."""
        return [self.children[key] for key in sorted(self.children)]

    def root(self) -> MediaObject:
        """The outermost object of its family: for an element, the pipeline."""
        current = self
        while current.parent is not None:
            current = current.parent
        return current

    def tags_as_json(self) -> list[Json]:
        """Its tags as the server lists them: by key."""
        return [
            {"__module__": "kurento", "__type__": "Tag", "key": key, "value": self.tags[key]}
            for key in sorted(self.tags)
        ]

    def subscribe(self, event: str, session_id: str, subscription: str) -> None:
        """Note that a session wants an event under one more subscription id."""
        if self.subscriptions is None:
            self.subscriptions = {}
        self.subscriptions.setdefault(event, {}).setdefault(session_id, set()).add(subscription)

    def unsubscribe(self, session_id: str, subscription: str) -> None:
        """Remove one subscription; an unknown one is no error."""
        for event, sessions in list((self.subscriptions or {}).items()):
            wanted = sessions.get(session_id, set())
            wanted.discard(subscription)
            if not wanted:
                self._forget(event, session_id)

    def unsubscribe_session(self, session_id: str) -> None:
        """Remove all subscriptions of a session."""
        for event in list(self.subscriptions or ()):
            self._forget(event, session_id)

    def _forget(self, event: str, session_id: str) -> None:
        if self.subscriptions is None:
            return
        self.subscriptions[event].pop(session_id, None)
        if not self.subscriptions[event]:
            del self.subscriptions[event]

    def subscribers(self, event: str) -> list[str]:
        """Sessions that want an event: each once, however often it subscribed."""
        return list((self.subscriptions or {}).get(event, ()))

    def unlink(self, source: MediaObject) -> None:
        """Stop being fed by an element."""
        for key in [key for key, output in self.inputs.items() if output.element is source]:
            del self.inputs[key]
