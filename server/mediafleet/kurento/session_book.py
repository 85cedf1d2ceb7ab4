"""The sessions of one node, kept from events and listings that may overtake each other; pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mediafleet.domain.cluster import Session
from mediafleet.masking import mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

PIPELINE_SUFFIX = "_kurento.MediaPipeline"
MAX_OBJECT_ID = 1024

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_SAFE_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)


def is_pipeline_id(value: object) -> bool:
    """Whether an object id is that of a pipeline, which has no parent, and can be sent back."""
    return (
        isinstance(value, str)
        and len(value) <= MAX_OBJECT_ID
        and value.endswith(PIPELINE_SUFFIX)
        and "/" not in value
        and (value.isascii() or _is_encodable(value))
    )


def _is_encodable(text: str) -> bool:
    """Whether it holds no half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def safe_id(object_id: str) -> str:
    """The object id where it is harmless, else a digest of it.

    Neither can be mistaken for a name, as both hold a dot; nor for each other, as the digest does
    not end as object ids do.
    """
    if _SAFE_ID.fullmatch(object_id):
        return object_id
    return f"pipeline.{hashlib.sha256(object_id.encode()).hexdigest()[:40]}"


@dataclass(slots=True)
class Pipeline:
    """What is known of one pipeline.

    Attributes:
        object_id: As the node says it; not for the eyes of users.
        created_at: As the node says, or when it was learnt of.
        is_dated: The node told when it was made.
        name: Only one that may serve as an id.
        session: What the books say of it; made anew when a fact changes.
    """

    object_id: str
    created_at: datetime
    is_dated: bool
    name: str | None = None
    session: Session | None = None


@dataclass(slots=True)
class Window:
    """What happened since a listing was asked for; a listing cannot undo what is newer than it."""

    created: set[str] = field(default_factory=set)
    destroyed: set[str] = field(default_factory=set)


class SessionBook:
    """Keeps the pipelines of one node and presents them as sessions.

    Args:
        limit: Most pipelines kept; further ones are not seen.

    Attributes:
        has_overflowed: One was not seen because of the limit.
    """

    __slots__ = ("_bearers", "_limit", "_pipelines", "_windows", "has_overflowed")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pipelines: dict[str, Pipeline] = {}
        self._bearers: dict[str, dict[str, Pipeline]] = {}
        self._windows: list[Window] = []
        self.has_overflowed = False

    def __contains__(self, object_id: str) -> bool:
        return object_id in self._pipelines

    def __len__(self) -> int:
        return len(self._pipelines)

    def object_ids(self) -> tuple[str, ...]:
        """Of all pipelines, as the node says them."""
        return tuple(self._pipelines)

    def is_named(self, object_id: str) -> bool:
        """Whether its name is known and may serve as an id."""
        pipeline = self._pipelines.get(object_id)
        return pipeline is not None and pipeline.name is not None

    def is_dated(self, object_id: str) -> bool:
        """Whether the node told when it was made."""
        pipeline = self._pipelines.get(object_id)
        return pipeline is not None and pipeline.is_dated

    def is_complete(self, object_id: str) -> bool:
        """Whether nothing more is to be asked about it."""
        return self.is_named(object_id) and self.is_dated(object_id)

    def create(self, object_id: str, created_at: datetime | None, *, now: datetime) -> bool:
        """Note that a pipeline was made; whether it is new here."""
        for window in self._windows:
            if len(window.created) < self._limit:
                window.created.add(object_id)
        return self._add(object_id, created_at, now)

    def destroy(self, object_id: str) -> bool:
        """Note that a pipeline is gone; whether it was here."""
        for window in self._windows:
            if len(window.destroyed) < self._limit:
                window.destroyed.add(object_id)
        return self._drop(object_id)

    def open_window(self) -> Window:
        """Begin to note what happens, before a listing is asked for."""
        window = Window()
        self._windows.append(window)
        return window

    def close_window(self, window: Window) -> None:
        """End it, whether the listing came or not."""
        self._windows = [other for other in self._windows if other is not window]

    def follow(self, listed: Iterable[str], window: Window, *, now: datetime) -> list[str]:
        """Take over a listing, seen in the light of what happened since it was asked for.

        Returns:
            Object ids that are new here.
        """
        alive = [
            object_id
            for object_id in dict.fromkeys((*listed, *window.created))
            if object_id not in window.destroyed
        ]
        for object_id in self._pipelines.keys() - set(alive):
            self._drop(object_id)
        return [object_id for object_id in alive if self._add(object_id, None, now)]

    def tell_name(self, object_id: str, name: object) -> bool:
        """Note the name of a pipeline; whether that changed anything.

        A name that may not serve as an id is as good as none.
        """
        pipeline = self._pipelines.get(object_id)
        told = name if isinstance(name, str) and _may_be_id(name) else None
        if pipeline is None or pipeline.name == told:
            return False
        self._rename(pipeline, told)
        return True

    def tell_creation(self, object_id: str, created_at: datetime | None) -> bool:
        """Note when a pipeline was made; whether that changed anything."""
        pipeline = self._pipelines.get(object_id)
        if pipeline is None or created_at is None or pipeline.is_dated:
            return False
        pipeline.created_at, pipeline.is_dated, pipeline.session = created_at, True, None
        return True

    def clear(self) -> None:
        """Forget everything: the process that held the pipelines is no more."""
        self._pipelines.clear()
        self._bearers.clear()

    def sessions(self) -> tuple[Session, ...]:
        """All of them, oldest first; every id is safe and unique."""
        sessions = [
            pipeline.session or self._presented(pipeline) for pipeline in self._pipelines.values()
        ]
        return tuple(sorted(sessions, key=lambda session: (session.created_at, session.object_id)))

    def _presented(self, pipeline: Pipeline) -> Session:
        object_id = safe_id(pipeline.object_id)
        is_own_name = pipeline.name is not None and len(self._bearers[pipeline.name]) == 1
        session_id = pipeline.name if is_own_name and pipeline.name else object_id
        pipeline.session = Session(session_id, object_id, pipeline.created_at)
        return pipeline.session

    def _add(self, object_id: str, created_at: datetime | None, now: datetime) -> bool:
        if object_id in self._pipelines:
            return False
        if len(self._pipelines) >= self._limit:
            self.has_overflowed = True
            return False
        self._pipelines[object_id] = Pipeline(
            object_id, created_at or now, is_dated=created_at is not None
        )
        return True

    def _drop(self, object_id: str) -> bool:
        pipeline = self._pipelines.pop(object_id, None)
        if pipeline is None:
            return False
        self._rename(pipeline, None)
        return True

    def _rename(self, pipeline: Pipeline, name: str | None) -> None:
        """Change a name; who becomes or ceases to be its only bearer is presented anew."""
        old, pipeline.name, pipeline.session = pipeline.name, name, None
        if old is not None:
            bearers = self._bearers[old]
            del bearers[pipeline.object_id]
            if not bearers:
                del self._bearers[old]
            _present_anew(bearers, when=1)
        if name is not None:
            bearers = self._bearers.setdefault(name, {})
            bearers[pipeline.object_id] = pipeline
            _present_anew(bearers, when=2)


def _may_be_id(name: str) -> bool:
    """Whether a name has the form of an id and holds no secret of this server."""
    return _NAME.fullmatch(name) is not None and mask(name) == name


def _present_anew(bearers: Mapping[str, Pipeline], *, when: int) -> None:
    """Forget what is said of the bearers of a name when they have become so many."""
    if len(bearers) == when:
        for pipeline in bearers.values():
            pipeline.session = None
