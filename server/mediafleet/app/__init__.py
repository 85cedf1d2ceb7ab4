"""The composition root: configuration in, an ASGI application out; the only place that wires."""

from mediafleet.app.contract_file import load_contract
from mediafleet.app.registrar import websocket_options
from mediafleet.app.server import HTTP_PROTOCOL, create_app
from mediafleet.app.sources import MissingExtraError

__all__ = ["HTTP_PROTOCOL", "MissingExtraError", "create_app", "load_contract", "websocket_options"]
