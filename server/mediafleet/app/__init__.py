"""The composition root: configuration in, an ASGI application out; the only place that wires."""

from mediafleet.app.contract_file import load_contract
from mediafleet.app.environments import MissingExtraError
from mediafleet.app.server import HttpProtocol, Server, Stopping, http_protocol
from mediafleet.app.signalling import websocket_options
from mediafleet.contract import (
    ConnectionLimits,
    Handshake,
    TlsListener,
    unsupported_internals,
)

__all__ = [
    "ConnectionLimits",
    "Handshake",
    "HttpProtocol",
    "MissingExtraError",
    "Server",
    "Stopping",
    "TlsListener",
    "http_protocol",
    "load_contract",
    "unsupported_internals",
    "websocket_options",
]
