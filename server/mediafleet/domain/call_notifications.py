"""What browsers learn of a call: notifications, and how connections and streams look in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from mediafleet.domain.formats import to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mediafleet.domain.calls import Call, CallConnection, Filter, Stream


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification of browsers.

    Attributes:
        to: Ids of their JSON-RPC sessions.
        method: Such as ``participantJoined``.
        params: Of the method.
    """

    to: tuple[str, ...]
    method: str
    params: Mapping[str, Any]


def notification(
    receivers: Iterable[CallConnection], method: str, params: Mapping[str, Any]
) -> Notification:
    """A notification of those of the receivers that are browsers."""
    to = tuple(each.rpc_session for each in receivers if each.rpc_session)
    return Notification(to, method, params)


def participant(connection: CallConnection) -> dict[str, Any]:
    """A connection as other browsers see it, without its stream."""
    at = connection.active_at or connection.created_at
    return {
        "id": connection.id,
        "createdAt": to_milliseconds(at),
        "metadata": connection.metadata,
    }


def stream_options(stream: Stream) -> dict[str, Any]:
    """A stream as other browsers see it."""
    media = stream.media
    return {
        "id": stream.id,
        "createdAt": to_milliseconds(stream.created_at),
        "hasAudio": media.has_audio,
        "hasVideo": media.has_video,
        "audioActive": media.audio_active,
        "videoActive": media.video_active,
        "typeOfVideo": media.type_of_video,
        "frameRate": -1 if media.frame_rate is None else media.frame_rate,
        "videoDimensions": media.video_dimensions,
        "filter": filter_options(stream.filter),
    }


def filter_options(applied: Filter | None) -> dict[str, Any]:
    """A filter as browsers see it; empty if there is none."""
    if applied is None:
        return {}
    seen: dict[str, Any] = {"type": applied.type, "options": orjson.loads(applied.options)}
    if applied.last_method is not None:
        method, params = applied.last_method
        seen["lastExecMethod"] = {"method": method, "params": orjson.loads(params)}
    return seen


def property_changed(
    call: Call,
    owner: CallConnection,
    stream: Stream,
    changed: tuple[str, object],
    reason: str,
    *,
    but: str,
) -> Notification:
    """Notify all but one connection that a stream has another property: its name and value."""
    name, value = changed
    receivers = [each for each in call.active if each.id != but]
    params = {
        "connectionId": owner.id,
        "streamId": stream.id,
        "property": name,
        "newValue": value,
        "reason": reason,
    }
    return notification(receivers, "streamPropertyChanged", params)
