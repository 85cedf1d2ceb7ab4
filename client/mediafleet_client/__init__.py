"""Client of the Mediafleet API.

`Mediafleet` and `AsyncMediafleet` ask a server; what goes wrong is a `MediafleetError`. The
operations of the contract, generated from openapi.yaml, are below `mediafleet_client.api`; the
clients perform each of them with `call`.
"""

from mediafleet_client.async_client import AsyncMediafleet
from mediafleet_client.client import Mediafleet
from mediafleet_client.errors import (
    ApiStatusError,
    BadGateway,
    BadRequest,
    Conflict,
    ConnectionFailed,
    ContentTooLarge,
    Forbidden,
    GatewayTimeout,
    Gone,
    InternalServerError,
    InvalidResponse,
    MediafleetError,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    NotSupported,
    RequestTimedOut,
    StatusNotReached,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)

__all__ = (
    "ApiStatusError",
    "AsyncMediafleet",
    "BadGateway",
    "BadRequest",
    "Conflict",
    "ConnectionFailed",
    "ContentTooLarge",
    "Forbidden",
    "GatewayTimeout",
    "Gone",
    "InternalServerError",
    "InvalidResponse",
    "Mediafleet",
    "MediafleetError",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "NotSupported",
    "RequestTimedOut",
    "StatusNotReached",
    "Unauthorized",
    "Unavailable",
    "UnsupportedMediaType",
)
