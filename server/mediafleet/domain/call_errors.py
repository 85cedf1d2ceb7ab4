"""Errors of calls, with the codes that browsers get in JSON-RPC answers.

Source of the codes: OpenVidu CE 2.15 to 2.32.
"""

from __future__ import annotations

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


class SessionError(CallError):
    """A request about a session failed.

    Attributes:
        text: The message, with a place for the id.
        session_id: Its id.
    """

    text: ClassVar[str]

    def __init__(self, session_id: str) -> None:
        super().__init__(session_id)
        self.session_id = session_id

    def __str__(self) -> str:
        return self.text.format(self.session_id)


class ExplainedError(CallError):
    """A request about a call failed for a reason that only the place of failure knows.

    Attributes:
        text: The message, with a place for the reason.
        reason: For people, bounded and cleaned.
    """

    text: ClassVar[str]

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.text.format(self.reason)


class SessionNotFoundError(SessionError, NotFoundError):
    """No session has this id."""

    code = 202
    text = "There is no session with the id {}"


class UnknownSessionError(SessionError, InvalidRequestError):
    """No session has this id; the request is about something in it."""

    code = 202
    text = "There is no session with the id {}"


class SessionExistsError(SessionError, ConflictError):
    """A session has this id already."""

    code = 201
    text = "There is a session with the id {} already"


class SessionNotActiveError(SessionError, ConflictError):
    """Nobody has joined the session."""

    code = 202
    text = "Nobody has joined the session {}"


class SessionBusyError(SessionError, ConflictError):
    """Earlier changes of the session took too long."""

    code = 999
    text = "Earlier requests about the session {} are not done; try again"


class TooManySessionsError(CallError, ConflictError):
    """The server, or a session, is full."""

    code = 204

    def __init__(self, what: str, most: int, setting: str) -> None:
        super().__init__(what, most, setting)
        self.what, self.most, self.setting = what, most, setting

    def __str__(self) -> str:
        return f"There are {self.most} {self.what} already, the most that {self.setting} allows"


class ConnectionNotFoundError(CallError, NotFoundError):
    """The session has no such connection."""

    code = 102

    def __init__(self, session_id: str, connection_id: str) -> None:
        super().__init__(session_id, connection_id)
        self.session_id, self.connection_id = session_id, connection_id

    def __str__(self) -> str:
        return f"The session {self.session_id} has no connection {self.connection_id}"


class StreamNotFoundError(CallError, NotFoundError):
    """The session has no such stream, or the connection publishes none."""

    code = 105

    def __init__(self, session_id: str, stream_id: str) -> None:
        super().__init__(session_id, stream_id)
        self.session_id, self.stream_id = session_id, stream_id

    def __str__(self) -> str:
        return f"The session {self.session_id} has no stream {self.stream_id}"


class InvalidTokenError(CallError):
    """The token admits nobody: it is unknown, or was used."""

    code = 401

    def __str__(self) -> str:
        return "The token is not valid: it is unknown, or it was used before"


class ForbiddenError(ExplainedError):
    """The role of the connection does not allow the request."""

    code = 401
    text = "The role of this connection does not allow it to {}"


class NoMediaNodeError(CallError):
    """No Media Node can host the session."""

    code = 204

    def __init__(self, session_id: str, reason: str) -> None:
        super().__init__(session_id, reason)
        self.session_id, self.reason = session_id, reason

    def __str__(self) -> str:
        return f"No Media Node is available for the session {self.session_id}: {self.reason}"


class AlreadyPublishingError(CallError, ConflictError):
    """A connection publishes one stream at most."""

    code = 106

    def __str__(self) -> str:
        return "This connection publishes a stream already"


class MediaFailureError(ExplainedError):
    """The media server refused a step, or did not answer in time."""

    code = 303
    text = "The media server could not do it: {}"


class NoAnswerError(MediaFailureError):
    """The media server did not answer the offer."""

    code = 302


class InvalidMetadataError(ExplainedError):
    """The data that a client passes to the others break a rule."""

    code = 500
    text = "The client's data are not valid: {}"


class InvalidMessageError(ExplainedError):
    """A signal is not JSON, or its members have other types.

    Attributes:
        code: 600 if it is no JSON object, 601 if its receivers are wrong.
    """

    code = 600
    text = "The message is not valid: {}"


class UnknownReceiverError(InvalidMessageError):
    """A receiver of a signal is no connection of the session; nobody got it."""

    code = 601


class FilterError(ExplainedError):
    """A filter cannot be applied; nothing changed."""

    code = 406
    text = "{}"


class FilterExistsError(FilterError):
    """The stream has a filter already."""

    code = 405


class CodecError(ExplainedError):
    """The browser's offer does not have the codec that the session requires."""

    code = 800
    text = "The offer does not have {}, the codec that the session requires"


class CameraError(CallError):
    """What was asked is not possible with an IP camera."""

    code = 306

    def __str__(self) -> str:
        return "The connection is an IP camera, which has no browser"


class RecordingNotFoundError(NotFoundError):
    """No recording has this id."""

    def __init__(self, recording_id: str) -> None:
        super().__init__(recording_id)
        self.recording_id = recording_id

    def __str__(self) -> str:
        return f"There is no recording with the id {self.recording_id}"


class RecordingUnavailableError(MediafleetError):
    """The server does not record, or not in that way."""


class RecordingOffError(RecordingUnavailableError):
    """Recording is not turned on."""

    def __str__(self) -> str:
        return "Recording is off; the property OPENVIDU_RECORDING turns it on"


class UnsupportedRecordingError(RecordingUnavailableError):
    """There is no recorder for this kind of recording."""

    def __init__(self, output_mode: str) -> None:
        super().__init__(output_mode)
        self.output_mode = output_mode

    def __str__(self) -> str:
        if self.output_mode == "INDIVIDUAL":
            return "Recordings with outputMode INDIVIDUAL come with a later version"
        return (
            f"Recordings with outputMode {self.output_mode} are not supported: they need a "
            "recorder with a browser, which this server does not have"
        )
