"""The contract layer: serves an OpenAPI contract through Connexion, compiled once at start-up.

It knows HTTP and the contract, and nothing of Media Nodes: handlers, credentials and the table of
errors are handed in.
"""

from mediafleet.contract.answers import (
    MAX_MESSAGE_CHARACTERS,
    MAX_PATH_CHARACTERS,
    EncodedJson,
    Handler,
    Problem,
    Reply,
)
from mediafleet.contract.application import create_app
from mediafleet.contract.authentication import FailedLogins
from mediafleet.contract.connections import (
    ConnectionLimits,
    ConnectionTable,
    Handshake,
    TlsListener,
)
from mediafleet.contract.documents import ContractSchemas
from mediafleet.contract.errors import (
    ContractError,
    MissingHandlerError,
    ResponseViolationError,
    UnfitHandlerError,
)
from mediafleet.contract.limits import Limits
from mediafleet.contract.members import BodyRules
from mediafleet.contract.schemas import SchemaValidator
from mediafleet.contract.transport import BoundedHttpProtocol

__all__ = [
    "MAX_MESSAGE_CHARACTERS",
    "MAX_PATH_CHARACTERS",
    "BodyRules",
    "BoundedHttpProtocol",
    "ConnectionLimits",
    "ConnectionTable",
    "ContractError",
    "ContractSchemas",
    "EncodedJson",
    "FailedLogins",
    "Handler",
    "Handshake",
    "Limits",
    "MissingHandlerError",
    "Problem",
    "Reply",
    "ResponseViolationError",
    "SchemaValidator",
    "TlsListener",
    "UnfitHandlerError",
    "create_app",
]
