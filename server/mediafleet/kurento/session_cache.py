"""A cache of the sessions of one node, updated by events and listings in any order; pure."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mediafleet.domain.cluster import Session
from mediafleet.masking import mask

if TYPE_CHECKING:
    from collections.abc import Iterable
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
    """Whether it holds no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def safe_id(object_id: str) -> str:
    """Return the object id where it is safe, else a digest of it.

    Both hold a dot, which no name does; the digest does not end as object ids do.
    """
    if _SAFE_ID.fullmatch(object_id):
        return object_id
    return f"pipeline.{hashlib.sha256(object_id.encode()).hexdigest()[:40]}"


@dataclass(slots=True)
class Pipeline:
    """What is known of one pipeline.

    Attributes:
        object_id: As the node sent it; not safe to show.
        created_at: As the node reports it, or when the pipeline was first seen.
        has_creation_time: The node reported the time of creation.
        name: The last one reported; only one that may be an id.
        is_name_queried: The node reported its name, or that it has none.
        session_id: Chosen when it is first shown, and kept.
        session: As it is shown; created again after a change.
    """

    object_id: str
    created_at: datetime
    has_creation_time: bool
    name: str | None = None
    is_name_queried: bool = False
    session_id: str | None = None
    session: Session | None = None


@dataclass(slots=True)
class ListingWindow:
    """Events since a listing was requested; they are newer than the listing."""

    created: set[str] = field(default_factory=set)
    destroyed: set[str] = field(default_factory=set)


class SessionCache:
    """Keeps the pipelines of one node and presents them as sessions.

    A pipeline is shown once it is settled: its name was queried. Its id is chosen then and never
    changes, so that all events of a session have the same id. A pipeline that this server created
    is its *own*: its name is known, so it is shown at once, and no query about it is needed.

    Args:
        limit: Most pipelines kept; further ones are ignored.

    Attributes:
        has_overflowed: One was ignored because of the limit.
    """

    __slots__ = (
        "_ids",
        "_limit",
        "_lost",
        "_own",
        "_pipelines",
        "_rotation",
        "_unsettled",
        "_windows",
        "has_overflowed",
    )

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pipelines: dict[str, Pipeline] = {}
        self._rotation: OrderedDict[str, None] = OrderedDict()
        self._own: set[str] = set()
        self._lost: list[str] = []
        self._unsettled: set[str] = set()
        self._ids: set[str] = set()
        self._windows: list[ListingWindow] = []
        self.has_overflowed = False

    def __contains__(self, object_id: str) -> bool:
        return object_id in self._pipelines

    def __len__(self) -> int:
        return len(self._pipelines)

    @property
    def refreshable(self) -> int:
        """How many pipelines ``next_to_refresh`` returns in turn: those that are not own."""
        return len(self._rotation)

    @property
    def has_own(self) -> bool:
        """Whether there is a pipeline of this server."""
        return bool(self._own)

    def is_own(self, object_id: str) -> bool:
        """Whether this server created the pipeline, and it exists as far as known."""
        return object_id in self._own

    def adopt(self, object_id: str, name: str, created_at: datetime) -> None:
        """Add a pipeline that this server created, or make a known one its own."""
        self._own.add(object_id)
        self.create(object_id, created_at, now=created_at)
        self._rotation.pop(object_id, None)
        self._unsettled.discard(object_id)
        if object_id in self._pipelines:
            self._pipelines[object_id].has_creation_time = True
            self.set_name(object_id, name)

    def disown(self, object_id: str) -> None:
        """Treat a pipeline of this server like any other from now on."""
        self._own.discard(object_id)
        if object_id in self._pipelines:
            self._rotation[object_id] = None

    def lose_own(self) -> None:
        """The session that holds the pipelines of this server has ended, and so will they."""
        for object_id in tuple(self._own):
            self._lost.append(object_id)
            self.disown(object_id)

    def take_lost(self) -> tuple[str, ...]:
        """Return the own pipelines that ended since the last call, and were not disowned."""
        lost, self._lost = tuple(self._lost), []
        return lost

    def object_ids(self) -> tuple[str, ...]:
        """Return the ids of all pipelines, as the node sent them."""
        return tuple(self._pipelines)

    def is_named(self, object_id: str) -> bool:
        """Whether its name is known and may be an id."""
        pipeline = self._pipelines.get(object_id)
        return pipeline is not None and pipeline.name is not None

    def has_creation_time(self, object_id: str) -> bool:
        """Whether the node reported the time of creation."""
        pipeline = self._pipelines.get(object_id)
        return pipeline is not None and pipeline.has_creation_time

    def is_complete(self, object_id: str) -> bool:
        """Whether no query about it is needed for now."""
        is_known = self.is_named(object_id) and self.has_creation_time(object_id)
        return is_known and object_id not in self._unsettled

    def is_shown(self, object_id: str) -> bool:
        """Whether it is among ``sessions``."""
        return object_id in self._pipelines and object_id not in self._unsettled

    @property
    def is_settled(self) -> bool:
        """Whether all pipelines are shown."""
        return not self._unsettled

    def settle(self, object_id: str, *, is_last_try: bool) -> None:
        """Show a pipeline from now on, if its name was queried or this was the last query."""
        pipeline = self._pipelines.get(object_id)
        if pipeline is not None and (pipeline.is_name_queried or is_last_try):
            self._unsettled.discard(object_id)

    def show_all(self) -> None:
        """Show all of them as they are now."""
        self._unsettled.clear()

    def next_to_refresh(self) -> str | None:
        """Return the pipeline that this returned longest ago; ``None`` if it is not shown yet."""
        if not self._rotation:
            return None
        object_id = next(iter(self._rotation))
        self._rotation.move_to_end(object_id)
        return None if object_id in self._unsettled else object_id

    def create(self, object_id: str, created_at: datetime | None, *, now: datetime) -> bool:
        """Add a pipeline; return whether it is new."""
        for window in self._windows:
            if len(window.created) < self._limit:
                window.created.add(object_id)
        return self._add(object_id, created_at, now)

    def destroy(self, object_id: str) -> bool:
        """Remove a pipeline; return whether it was there."""
        for window in self._windows:
            if len(window.destroyed) < self._limit:
                window.destroyed.add(object_id)
        return self._drop(object_id)

    def open_window(self) -> ListingWindow:
        """Record events from now on, before a listing is requested."""
        window = ListingWindow()
        self._windows.append(window)
        return window

    def close_window(self, window: ListingWindow) -> None:
        """Stop recording events for a listing."""
        self._windows = [other for other in self._windows if other is not window]

    def apply_listing(
        self, listed: Iterable[str], window: ListingWindow, *, now: datetime
    ) -> list[str]:
        """Apply a listing, corrected by the events since it was requested.

        Returns:
            Object ids that are new.
        """
        alive = [
            object_id
            for object_id in dict.fromkeys((*listed, *window.created))
            if object_id not in window.destroyed
        ]
        for object_id in (self._pipelines.keys() | self._own) - set(alive):
            self._drop(object_id)
        return [object_id for object_id in alive if self._add(object_id, None, now)]

    def set_name(self, object_id: str, name: object) -> bool:
        """Set the name of a pipeline; return whether that changed anything.

        A name that may not be an id counts as none.
        """
        pipeline = self._pipelines.get(object_id)
        valid = name if isinstance(name, str) and _may_be_id(name) else None
        if pipeline is None:
            return False
        pipeline.is_name_queried = True
        if pipeline.name == valid:
            return False
        pipeline.name, pipeline.session = valid, None
        return True

    def set_creation_time(self, object_id: str, created_at: datetime | None) -> bool:
        """Set the time of creation once; return whether that changed anything."""
        pipeline = self._pipelines.get(object_id)
        if pipeline is None or created_at is None or pipeline.has_creation_time:
            return False
        pipeline.created_at, pipeline.has_creation_time, pipeline.session = created_at, True, None
        return True

    def clear(self) -> None:
        """Remove all pipelines: their process has ended."""
        self._lost += self._own
        self._own.clear()
        self._pipelines.clear()
        self._rotation.clear()
        self._unsettled.clear()
        self._ids.clear()

    def sessions(self) -> tuple[Session, ...]:
        """Return those that are settled, oldest first; every id is safe and unique."""
        settled = [
            pipeline
            for object_id, pipeline in self._pipelines.items()
            if object_id not in self._unsettled
        ]
        settled.sort(key=lambda pipeline: (pipeline.created_at, pipeline.object_id))
        return tuple(pipeline.session or self._present(pipeline) for pipeline in settled)

    def _present(self, pipeline: Pipeline) -> Session:
        object_id = safe_id(pipeline.object_id)
        if pipeline.session_id is None:
            is_free = pipeline.name is not None and pipeline.name not in self._ids
            pipeline.session_id = pipeline.name if is_free and pipeline.name else object_id
            self._ids.add(pipeline.session_id)
        pipeline.session = Session(
            pipeline.session_id, object_id, pipeline.created_at, pipeline.name
        )
        return pipeline.session

    def _add(self, object_id: str, created_at: datetime | None, now: datetime) -> bool:
        if object_id in self._pipelines:
            return False
        if len(self._pipelines) >= self._limit:
            self.has_overflowed = True
            return False
        self._pipelines[object_id] = Pipeline(
            object_id, created_at or now, has_creation_time=created_at is not None
        )
        if object_id not in self._own:  # an own one was ignored before, because of the limit
            self._rotation[object_id] = None
            self._unsettled.add(object_id)
        return True

    def _drop(self, object_id: str) -> bool:
        if object_id in self._own:
            self._own.discard(object_id)
            self._lost.append(object_id)
        pipeline = self._pipelines.pop(object_id, None)
        if pipeline is None:
            return False
        self._rotation.pop(object_id, None)
        self._unsettled.discard(object_id)
        self._ids.discard(pipeline.session_id or "")
        return True


def _may_be_id(name: str) -> bool:
    """Whether a name has the form of an id and holds no secret of this server."""
    return _NAME.fullmatch(name) is not None and mask(name) == name
