"""Errors of calls, with the codes that browsers get in JSON-RPC answers.

Source of the codes: OpenVidu CE 2.15 to 2.32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mediafleet.domain.errors import (
    ConflictError,
    InvalidRequestError,
    MediafleetError,
    NotFoundError,
)


class CallError(MediafleetError):
    """A request about a call failed.

    Attributes:
        code: Of the JSON-RPC error.
    """

    code: ClassVar[int]


@dataclass(eq=False)
class SessionError(CallError):
    """A request about a session failed.

    Attributes:
        session_id: Its id.
    """

    session_id: str


@dataclass(eq=False)
class ExplainedError(CallError):
    """A request about a call failed for a reason that only the place of failure knows.

    Attributes:
        reason: For people, bounded and cleaned.
    """

    reason: str


class SessionNotFoundError(SessionError, NotFoundError):
    """No session has this id."""

    code = 202
    text = "There is no session with the id {session_id}"


class UnknownSessionError(SessionError, InvalidRequestError):
    """No session has this id; the request is about something in it."""

    code = 202
    text = "There is no session with the id {session_id}"


class SessionExistsError(SessionError, ConflictError):
    """A session has this id already."""

    code = 201
    text = "There is a session with the id {session_id} already"


class SessionNotActiveError(SessionError, ConflictError):
    """Nobody has joined the session."""

    code = 202
    text = "Nobody has joined the session {session_id}"


class SessionBusyError(SessionError, ConflictError):
    """Earlier changes of the session took too long."""

    code = 999
    text = "Earlier requests about the session {session_id} are not done; try again"


@dataclass(eq=False)
class TooManySessionsError(CallError, ConflictError):
    """The server, or a session, is full."""

    code = 204

    what: str
    most: int
    setting: str
    text = "There are {most} {what} already, the most that {setting} allows"


@dataclass(eq=False)
class ConnectionNotFoundError(SessionError, NotFoundError):
    """The session has no such connection."""

    code = 102

    connection_id: str
    text = "The session {session_id} has no connection {connection_id}"


@dataclass(eq=False)
class StreamNotFoundError(SessionError, NotFoundError):
    """The session has no such stream, or the connection publishes none."""

    code = 105

    stream_id: str
    text = "The session {session_id} has no stream {stream_id}"


class InvalidTokenError(CallError):
    """No browser can join with the token: it is unknown, or was used."""

    code = 401
    text = "The token is not valid: it is unknown, or it was used before"


class ForbiddenError(ExplainedError):
    """The role of the connection does not allow the request."""

    code = 401
    text = "The role of this connection does not allow it to {reason}"


@dataclass(eq=False)
class NoMediaNodeError(SessionError):
    """No Media Node can host the session."""

    code = 204

    reason: str
    text = "No Media Node is available for the session {session_id}: {reason}"


class AlreadyPublishingError(CallError, ConflictError):
    """A connection publishes one stream at most."""

    code = 106
    text = "This connection publishes a stream already"


class MediaFailureError(ExplainedError):
    """The media server refused a step, or did not answer in time."""

    code = 303
    text = "The media server could not do it: {reason}"


class NoAnswerError(MediaFailureError):
    """The media server did not answer the offer."""

    code = 302


class InvalidMetadataError(ExplainedError):
    """The data that a client passes to the others break a rule."""

    code = 500
    text = "The client's data are not valid: {reason}"


class InvalidMessageError(ExplainedError):
    """A signal is not JSON, or its members have other types.

    Attributes:
        code: 600 if it is no JSON object, 601 if its receivers are wrong.
    """

    code = 600
    text = "The message is not valid: {reason}"


class UnknownReceiverError(InvalidMessageError):
    """A receiver of a signal is no connection of the session; nobody got it."""

    code = 601


class FilterError(ExplainedError):
    """A filter cannot be applied; nothing changed."""

    code = 406
    text = "{reason}"


class FilterExistsError(FilterError):
    """The stream has a filter already."""

    code = 405


class CodecError(ExplainedError):
    """The browser's offer, or the media server, does not have the codec of the session."""

    code = 800
    text = "Offer or media server lack {reason}, the codec that the session requires"


class CameraError(CallError):
    """What was asked is not possible with an IP camera."""

    code = 306
    text = "The connection is an IP camera, which has no browser"


@dataclass(eq=False)
class RecordingNotFoundError(NotFoundError):
    """No recording has this id."""

    recording_id: str
    text = "There is no recording with the id {recording_id}"


class RecordingUnavailableError(MediafleetError):
    """The server does not record, or not in that way."""


class RecordingOffError(RecordingUnavailableError):
    """Recording is not turned on."""

    text = "Recording is off; the property OPENVIDU_RECORDING turns it on"


@dataclass(eq=False)
class UnsupportedRecordingError(RecordingUnavailableError):
    """There is no recorder for this kind of recording."""

    output_mode: str

    def __str__(self) -> str:
        if self.output_mode == "INDIVIDUAL":
            return "Recordings with outputMode INDIVIDUAL come with a later version"
        return (
            f"Recordings with outputMode {self.output_mode} are not supported: they need a "
            "recorder with a browser, which this server does not have"
        )
