"""Filters on the streams of calls."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from mediafleet.domain import call_changes as changes
from mediafleet.domain.call_errors import (
    FilterError,
    ForbiddenError,
    SessionNotActiveError,
)
from mediafleet.domain.calls import (
    Call,
    CallConnection,
    Filter,
    Role,
    Stream,
)
from mediafleet.domain.media import Endpoint

if TYPE_CHECKING:
    from collections.abc import Collection

    from mediafleet.domain.calls import (
        CallMedia,
    )
    from mediafleet.domain.media import Media
    from mediafleet.services.rooms import Rooms


class CallFilters:
    """Applies, changes and removes filters, as browsers ask.

    Args:
        rooms: The calls in memory.
        media: The media objects.
    """

    def __init__(self, rooms: Rooms, media: Media) -> None:
        self._rooms = rooms
        self._media = media

    async def apply_filter(
        self, session_id: str, connection_id: str, stream_id: str, type_: str, options: str
    ) -> None:
        """Apply a filter to a stream: as a moderator, or to the own one if its type is allowed.

        Raises:
            ForbiddenError: Neither holds.
            FilterError: The options are no JSON object, or the media server refuses them.
            FilterExistsError: The stream has a filter.
            CallError: The session, connection or stream is gone.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, stream = self._filterable(session_id, connection_id, stream_id, type_)
        parsed = _json_object(options)
        wanted = Filter(type_, orjson.dumps(parsed).decode())
        changes.change_filter(call, stream_id, wanted, by=connection_id, replaces=False)
        media, ends = media_of(call), Endpoint(stream.endpoint, stream.pass_through)
        element = await self._media.apply_filter(media, ends, type_, parsed)
        applied = replace(wanted, element=element)
        try:
            await self._change(session_id, stream_id, applied, by=connection_id, replaces=False)
        except BaseException:
            self._media.release(media, [element])
            raise

    async def remove_filter(self, session_id: str, connection_id: str, stream_id: str) -> None:
        """Remove the filter of a stream.

        Raises:
            ForbiddenError: It is no moderator, and not its own with an allowed filter.
            FilterError: The stream has none.
            CallError: The session, connection or stream is gone.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, stream, applied = self._filtered(session_id, connection_id, stream_id)
        ends = Endpoint(stream.endpoint, stream.pass_through)
        await self._media.remove_filter(media_of(call), ends, applied.element)
        await self._change(session_id, stream_id, None, by=connection_id, replaces=True)

    async def exec_filter_method(
        self, session_id: str, connection_id: str, stream_id: str, method: str, params: str
    ) -> None:
        """Execute a method of the filter of a stream.

        Raises:
            FilterError: The stream has none, the parameters are no JSON object, or the media
                server refuses them.
            CallError: As in :meth:`remove_filter`.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, _, applied = self._filtered(session_id, connection_id, stream_id)
        parsed = _json_object(params)
        await self._media.invoke_filter(media_of(call), applied.element, method, parsed)
        called = (method, orjson.dumps(parsed).decode())
        await self._rooms.change(
            session_id,
            lambda call: changes.note_filter_method(
                call, stream_id, applied.element, called, by=connection_id
            ),
        )

    async def listen_to_filter(
        self,
        session_id: str,
        connection_id: str,
        stream_id: str,
        event_type: str,
        *,
        is_on: bool,
    ) -> None:
        """Hear a type of events of a stream's filter, or hear it no more.

        Raises:
            CallError: As in :meth:`remove_filter`.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, _, applied = self._filtered(session_id, connection_id, stream_id)
        if is_on:
            await self._media.listen_to_filter(media_of(call), applied.element, event_type)
        await self._rooms.change(
            session_id,
            lambda call: changes.listen_to_filter(
                call, stream_id, (connection_id, event_type), is_on=is_on
            ),
        )

    async def _change(
        self, session_id: str, stream_id: str, applied: Filter | None, *, by: str, replaces: bool
    ) -> None:
        await self._rooms.change(
            session_id,
            partial(
                changes.change_filter,
                stream_id=stream_id,
                applied=applied,
                by=by,
                replaces=replaces,
            ),
        )

    def _active(self, session_id: str, connection_id: str) -> tuple[Call, CallConnection]:
        call = self._rooms.room(session_id).call
        return call, changes.active_connection(call, connection_id)

    def _filterable(
        self, session_id: str, connection_id: str, stream_id: str, type_: str
    ) -> tuple[Call, Stream]:
        call, connection = self._active(session_id, connection_id)
        owner, stream = changes.published_stream(call, stream_id)
        options = connection.properties.kurento_options
        is_allowed = (
            owner.id == connection_id and options is not None and type_ in options.allowed_filters
        )
        if not is_allowed:
            require_role(connection, {Role.MODERATOR}, f"apply the filter {type_[:100]}")
        return call, stream

    def _filtered(
        self, session_id: str, connection_id: str, stream_id: str
    ) -> tuple[Call, Stream, Filter]:
        call, _ = self._active(session_id, connection_id)
        _, stream = changes.published_stream(call, stream_id)
        if stream.filter is None:
            raise FilterError("The stream has no filter")
        self._filterable(session_id, connection_id, stream_id, stream.filter.type)
        return call, stream, stream.filter


def require_role(connection: CallConnection, roles: Collection[Role], what: str) -> None:
    """Check the role of a connection.

    Raises:
        ForbiddenError: It is none of these.
    """
    if connection.properties.role not in roles:
        raise ForbiddenError(what)


def media_of(call: Call) -> CallMedia:
    """Where the media of an active session are.

    Raises:
        SessionNotActiveError: Nobody has joined.
    """
    media = call.session.media
    if media is None:
        raise SessionNotActiveError(call.id)
    return media


def _json_object(text: str) -> dict[str, Any]:
    try:
        parsed = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        raise FilterError("The options of the filter are no JSON") from None
    if not isinstance(parsed, dict):
        raise FilterError("The options of the filter are no JSON object")
    return parsed
