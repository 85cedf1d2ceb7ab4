"""The parts that serve browsers, wired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mediafleet.app.contract_file import load_contract
from mediafleet.contract import BoundedWebSocketProtocol
from mediafleet.domain.formats import identifier
from mediafleet.scheduler import Scheduler
from mediafleet.signalling.methods import Methods
from mediafleet.signalling.openrpc import compiled_methods
from mediafleet.signalling.rpc_sessions import RpcSessions, joined_sessions
from mediafleet.signalling.websocket import MAX_FRAME_BYTES, SignallingMiddleware

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager
    from random import Random

    from starlette.types import ASGIApp

    from mediafleet.app.calls import CallServices
    from mediafleet.clock import Clock
    from mediafleet.configuration import Configuration


def websocket_options() -> Mapping[str, Any]:
    """The options of uvicorn for WebSockets, those of the registrar included."""
    return {
        "ws": BoundedWebSocketProtocol,
        "ws_max_size": MAX_FRAME_BYTES,
        "ws_per_message_deflate": False,
    }


class Signalling:
    """Everything that serves browsers.

    Args:
        calls: Their services; they notify browsers through this from now on.
        clock: Of the server.
        random: For ids of JSON-RPC sessions; must be unpredictable.

    Attributes:
        sessions: The JSON-RPC sessions.
        scheduler: For times that end.
    """

    def __init__(self, calls: CallServices, clock: Clock, random: Random) -> None:
        self._rooms = calls.rooms
        self.scheduler = Scheduler(clock)
        self.sessions = RpcSessions(
            compiled_methods(load_contract("openrpc.yaml")),
            self.scheduler,
            lambda: identifier(random, "", 25),
        )
        self.sessions.handlers = Methods(calls.participants, calls.filters, self.sessions)
        calls.rooms.notifier = self.sessions

    def before(
        self, app: ASGIApp, configuration: Configuration, *, passes_websockets: bool
    ) -> SignallingMiddleware:
        """Serve the WebSocket of browsers before an application.

        Args:
            app: Serves everything else.
            configuration: Limits the number of sockets.
            passes_websockets: Whether it serves other WebSockets.
        """
        return SignallingMiddleware(
            app,
            self.sessions,
            self.scheduler,
            passes_websockets=passes_websockets,
            most=configuration.get("MEDIAFLEET_SIGNALLING_SOCKETS", int),
            most_per_address=configuration.get("MEDIAFLEET_SIGNALLING_SOCKETS_PER_ADDRESS", int),
        )

    def running(self) -> AbstractAsyncContextManager[None]:
        """Serve browsers within the context; those of an earlier server may connect again."""
        rooms = self._rooms
        return self.sessions.running(joined_sessions(rooms.rpc_sessions, rooms.connection_of))
