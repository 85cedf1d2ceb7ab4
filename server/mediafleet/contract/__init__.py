"""The contract layer: serves an OpenAPI contract through Connexion, compiled once at start-up.

Nothing in it is about Media Nodes: the caller passes handlers, credentials and the table of errors.
"""

from mediafleet.contract.application import create_app
from mediafleet.contract.authentication import FailedLogins, PeerLog
from mediafleet.contract.connections import (
    ConnectionLimits,
    ConnectionTable,
    Handshake,
    TlsListener,
)
from mediafleet.contract.errors import (
    ContractError,
    ErrorDetail,
    MissingHandlerError,
    ResponseViolationError,
    UnfitHandlerError,
)
from mediafleet.contract.middleware import Options
from mediafleet.contract.operations import BodyRules
from mediafleet.contract.requests import Limits, Request
from mediafleet.contract.responses import (
    AUTHENTICATED,
    MAX_MESSAGE_CHARACTERS,
    MAX_PATH_CHARACTERS,
    Handler,
    HandlerResult,
    Problem,
    StreamedBody,
)
from mediafleet.contract.schemas import (
    ContractSchemas,
    EncodedJson,
    SchemaValidator,
    inlined,
)
from mediafleet.contract.transport import BoundedHttpProtocol, unsupported_internals
from mediafleet.contract.websocket_transport import BoundedWebSocketProtocol

__all__ = [
    "AUTHENTICATED",
    "MAX_MESSAGE_CHARACTERS",
    "MAX_PATH_CHARACTERS",
    "BodyRules",
    "BoundedHttpProtocol",
    "BoundedWebSocketProtocol",
    "ConnectionLimits",
    "ConnectionTable",
    "ContractError",
    "ContractSchemas",
    "EncodedJson",
    "ErrorDetail",
    "FailedLogins",
    "Handler",
    "HandlerResult",
    "Handshake",
    "Limits",
    "MissingHandlerError",
    "Options",
    "PeerLog",
    "Problem",
    "Request",
    "ResponseViolationError",
    "SchemaValidator",
    "StreamedBody",
    "TlsListener",
    "UnfitHandlerError",
    "create_app",
    "inlined",
    "unsupported_internals",
]
