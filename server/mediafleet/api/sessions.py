"""Handlers of the operations on sessions and recordings, in both families of paths."""

from __future__ import annotations

from abc import ABC, abstractmethod
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from mediafleet.api import session_json, wire
from mediafleet.api.session_json import InvalidMemberError, SessionJson
from mediafleet.domain.call_errors import (
    ConnectionNotFoundError,
    MediaFailureError,
    RecordingNotFoundError,
    RecordingOffError,
    SessionNotFoundError,
    UnknownSessionError,
    UnsupportedRecordingError,
)
from mediafleet.domain.calls import Role
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.formats import to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mediafleet.api.wire import HandlerResult
    from mediafleet.contract import ContractSchemas
    from mediafleet.domain.calls import Call, CallConnection, ConnectionProperties
    from mediafleet.services.calls import Calls

_NO_CONTENT: Final[tuple[None, HTTPStatus]] = (None, HTTPStatus.NO_CONTENT)
_COMPOSED = "COMPOSED"


class SessionHandlers(ABC):
    """One method for each operation that both families have.

    The subclasses say what differs. Arguments were checked by the contract.

    Args:
        calls: The sessions.
        public_url: Returns the server's own address for browsers.
        schemas: Of the contract, for members that may be null or an object.
    """

    def __init__(
        self, calls: Calls, public_url: Callable[[], str], schemas: ContractSchemas
    ) -> None:
        self._calls = calls
        self._public_url = public_url
        self._objects = {
            "kurentoOptions": schemas.component("KurentoOptions"),
            "defaultRecordingProperties": schemas.component("DefaultRecordingProperties"),
        }

    async def create_session(self, body: dict[str, Any] | None = None) -> HandlerResult:
        given = self._checked(body or {})
        properties = session_json.session_properties(given, self._calls.session_defaults)
        call = await self._calls.create_session(properties)
        return self._created(call), HTTPStatus.OK

    async def list_sessions(
        self, *, web_rtc_stats: bool = False, pending_connections: bool = False
    ) -> HandlerResult:
        shown = (
            self._session(call, stats=web_rtc_stats, pending=pending_connections)
            for call in self._calls.all()
        )
        return wire.listing(shown), HTTPStatus.OK

    async def get_session(
        self, session_id: str, *, web_rtc_stats: bool = False, pending_connections: bool = False
    ) -> HandlerResult:
        call = self._calls.call(session_id)
        shown = self._session(call, stats=web_rtc_stats, pending=pending_connections)
        return shown, HTTPStatus.OK

    async def close_session(self, session_id: str) -> HandlerResult:
        await self._calls.close_session(session_id)
        return _NO_CONTENT

    async def create_token(self, body: dict[str, Any]) -> HandlerResult:
        given = {**self._checked(body), "type": None, "record": None, "customIceServers": None}
        properties = session_json.connection_properties(given, self._calls.now())
        connection = await self._calls.create_connection(body["session"], properties)
        return self._token(body["session"], connection), HTTPStatus.OK

    async def send_signal(self, body: dict[str, Any]) -> HandlerResult:
        message = {key: body[key] for key in ("data", "type") if body.get(key) is not None}
        self._calls.signal(body["session"], body.get("to") or (), message)
        return None, HTTPStatus.OK

    async def close_connection(self, session_id: str, connection_id: str) -> HandlerResult:
        self._known(session_id)
        await self._calls.disconnect(session_id, connection_id)
        return _NO_CONTENT

    async def close_stream(self, session_id: str, stream_id: str) -> HandlerResult:
        self._known(session_id)
        await self._calls.end_stream(session_id, stream_id)
        return _NO_CONTENT

    def _known(self, session_id: str) -> Call:
        """The session; below it an unknown one is no 404.

        Raises:
            UnknownSessionError: There is none.
        """
        try:
            return self._calls.call(session_id)
        except SessionNotFoundError:
            raise UnknownSessionError(session_id) from None

    def _checked(self, body: dict[str, Any]) -> dict[str, Any]:
        """Check the members that may be null or an object against the schema of the object."""
        for name, schema in self._objects.items():
            value = body.get(name)
            if value is not None and not schema.is_valid(value):
                raise InvalidMemberError(schema.explain(value, f"body/{name}", every=False))
        return body

    async def _connect(self, session_id: str, properties: ConnectionProperties) -> CallConnection:
        """Create a connection; a camera joins at once, which the media server may fail to do."""
        try:
            return await self._calls.create_connection(session_id, properties)
        except UnreachableMediaServerError as error:
            raise MediaFailureError(str(error)) from error

    def _json(self, session_id: str, *, stats: bool) -> SessionJson:
        traces = self._calls.traces(session_id) if stats else None
        return SessionJson(self._public_url(), traces)

    @abstractmethod
    def _session(self, call: Call, *, stats: bool, pending: bool) -> wire.Json:
        """The object of a session."""

    def _created(self, call: Call) -> wire.Json:
        """The body of a response to the creation of a session."""
        return self._session(call, stats=False, pending=False)

    @abstractmethod
    def _token(self, session_id: str, connection: CallConnection) -> wire.Json:
        """The body of a response to the creation of a token."""


class EarlySessions(SessionHandlers):
    """Below ``/api``: OpenVidu 2.15."""

    async def create_connection(self, session_id: str, body: dict[str, Any]) -> HandlerResult:
        self._calls.call(session_id)
        connection = await self._connect(session_id, session_json.camera_properties(body))
        shown = self._json(session_id, stats=False).early_connection(session_id, connection)
        return shown, HTTPStatus.OK

    def _session(self, call: Call, *, stats: bool, pending: bool) -> wire.Json:
        return self._json(call.id, stats=stats).early_session(call)

    def _created(self, call: Call) -> wire.Json:
        return {"id": call.id, "createdAt": to_milliseconds(call.session.created_at)}

    def _token(self, session_id: str, connection: CallConnection) -> wire.Json:
        return self._json(session_id, stats=False).early_token(session_id, connection)


class LaterSessions(SessionHandlers):
    """Below ``/openvidu/api``: OpenVidu 2.16 and later."""

    async def create_connection(
        self, session_id: str, body: dict[str, Any] | None = None
    ) -> HandlerResult:
        self._calls.call(session_id)
        properties = session_json.connection_properties(
            self._checked(body or {}), self._calls.now()
        )
        connection = await self._connect(session_id, properties)
        return self._shown(session_id, connection), HTTPStatus.OK

    async def list_connections(
        self, session_id: str, *, web_rtc_stats: bool = False, pending_connections: bool = True
    ) -> HandlerResult:
        call = self._calls.call(session_id)
        shown: Iterable[CallConnection] = call.active
        if pending_connections:
            shown = call.connections.values()
        body = self._json(session_id, stats=web_rtc_stats).connections(session_id, shown)
        return body, HTTPStatus.OK

    async def get_connection(
        self, session_id: str, connection_id: str, *, web_rtc_stats: bool = False
    ) -> HandlerResult:
        connection = self._known(session_id).connections.get(connection_id)
        if connection is None:
            raise ConnectionNotFoundError(session_id, connection_id)
        return self._shown(session_id, connection, stats=web_rtc_stats), HTTPStatus.OK

    async def modify_connection(
        self, session_id: str, connection_id: str, body: dict[str, Any]
    ) -> HandlerResult:
        role = body.get("role")
        connection = await self._calls.modify_connection(
            session_id,
            connection_id,
            role=None if role is None else Role(role),
            record=body.get("record"),
        )
        return self._shown(session_id, connection), HTTPStatus.OK

    def _shown(
        self, session_id: str, connection: CallConnection, *, stats: bool = False
    ) -> wire.Json:
        return self._json(session_id, stats=stats).connection(session_id, connection)

    def _session(self, call: Call, *, stats: bool, pending: bool) -> wire.Json:
        return self._json(call.id, stats=stats).session(call, pending=pending)

    def _token(self, session_id: str, connection: CallConnection) -> wire.Json:
        return self._json(session_id, stats=False).token(session_id, connection)


class RecordingHandlers:
    """One method for each operation on recordings, of which this version makes none.

    Args:
        calls: The sessions.
        is_on: Returns whether recording is on.
    """

    def __init__(self, calls: Calls, is_on: Callable[[], bool]) -> None:
        self._calls = calls
        self._is_on = is_on

    async def start_recording(self, body: dict[str, Any]) -> HandlerResult:
        self._require_on()
        call = self._calls.call(body["session"])
        default = call.session.properties.recording.output_mode
        raise UnsupportedRecordingError(body.get("outputMode") or default or _COMPOSED)

    async def stop_recording(self, recording_id: str) -> HandlerResult:
        return self._not_found(recording_id)

    async def get_recording(self, recording_id: str) -> HandlerResult:
        return self._not_found(recording_id)

    async def delete_recording(self, recording_id: str) -> HandlerResult:
        return self._not_found(recording_id)

    async def list_recordings(self) -> HandlerResult:
        self._require_on()
        return {"count": 0, "items": []}, HTTPStatus.OK

    def _require_on(self) -> None:
        if not self._is_on():
            raise RecordingOffError

    def _not_found(self, recording_id: str) -> HandlerResult:
        self._require_on()
        raise RecordingNotFoundError(recording_id)
