"""Which HTTP status each error becomes."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from mediafleet.contract import ErrorDetail, Problem
from mediafleet.domain.call_errors import (
    CameraError,
    MediaFailureError,
    NoMediaNodeError,
    RecordingUnavailableError,
    SessionBusyError,
    SessionNotActiveError,
    TooManySessionsError,
    UnknownReceiverError,
)
from mediafleet.domain.errors import (
    ConflictError,
    EnvironmentFailureError,
    EventsExpiredError,
    InvalidConfigurationError,
    InvalidRequestError,
    MediaNodeNotTerminatedError,
    MissingUriError,
    NotFoundError,
    UnavailableError,
    UnknownPositionError,
    UnreachableMediaServerError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mediafleet.domain.errors import InvalidProperty

STATUSES: Mapping[type[Exception], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    InvalidRequestError: HTTPStatus.BAD_REQUEST,
    ConflictError: HTTPStatus.CONFLICT,
    UnreachableMediaServerError: HTTPStatus.NOT_FOUND,
    MissingUriError: HTTPStatus.NOT_IMPLEMENTED,
    EnvironmentFailureError: HTTPStatus.BAD_GATEWAY,
    MediaNodeNotTerminatedError: HTTPStatus.BAD_GATEWAY,
    EventsExpiredError: HTTPStatus.GONE,
    UnknownPositionError: HTTPStatus.GONE,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    # Of calls as in OpenVidu; to its clients a 409 means that the id of a session is taken.
    SessionBusyError: HTTPStatus.BAD_REQUEST,
    SessionNotActiveError: HTTPStatus.NOT_ACCEPTABLE,
    UnknownReceiverError: HTTPStatus.NOT_ACCEPTABLE,
    CameraError: HTTPStatus.METHOD_NOT_ALLOWED,
    RecordingUnavailableError: HTTPStatus.NOT_IMPLEMENTED,
    MediaFailureError: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoMediaNodeError: HTTPStatus.SERVICE_UNAVAILABLE,
    TooManySessionsError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def describe_error(error: Exception) -> Problem | None:
    """The response to an error of the domain; ``None`` for a crash."""
    for kind in type(error).__mro__:
        if (status := STATUSES.get(kind)) is not None:
            headers: tuple[tuple[str, str], ...] = ()
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                seconds = getattr(error, "retry_after", UnavailableError.retry_after)
                headers = (("Retry-After", str(seconds)),)
            elif status is HTTPStatus.METHOD_NOT_ALLOWED:
                headers = (("Allow", "OPTIONS"),)
            invalid = error.problems if isinstance(error, InvalidConfigurationError) else ()
            return Problem(status, str(error), headers, error_details(invalid))
    return None


def error_details(problems: Sequence[InvalidProperty]) -> tuple[ErrorDetail, ...]:
    """Put validation errors into the form of the contract."""
    return tuple(ErrorDetail(each.message, each.name) for each in problems)
