"""Runs the application in uvicorn until a stop signal."""

from __future__ import annotations

import contextlib
import gc
import logging
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from typing_extensions import override

from mediafleet.app import (
    ConnectionLimits,
    Handshake,
    HttpProtocol,
    MissingExtraError,
    Server,
    Stopping,
    TlsListener,
    http_protocol,
    unsupported_internals,
    websocket_options,
)
from mediafleet.cli.errors import CommandError, UsageError
from mediafleet.cli.process import bind_failure, on_stop_signals
from mediafleet.domain.errors import MediafleetError

if TYPE_CHECKING:
    import asyncio
    import socket
    import ssl
    from collections.abc import Awaitable, Callable, Iterator

    from mediafleet.cli.process import FileShares, Listener, ServeOptions, StopRequest
    from mediafleet.configuration import Configuration

_KEEP_ALIVE_S: Final = 30
_GRACEFUL_SHUTDOWN_S: Final = 5

log = logging.getLogger(__name__)


def run_server(
    configuration: Configuration,
    listener: Listener,
    options: ServeOptions,
    *,
    open_files: FileShares,
    served_at: str | None,
    on_ready: Callable[[], None],
) -> None:
    """Serve until a stop signal.

    Args:
        configuration: Complete, including the secret.
        listener: Where to listen.
        options: Of the command.
        open_files: How the open files are shared.
        served_at: The URL for browsers if no public address is configured.
        on_ready: Called once, when the server accepts requests.

    Raises:
        CommandError: The server did not start, or another server has taken over the store.
    """
    application = _Application()
    share = (
        None
        if options.behind_proxy
        else configuration.get("MEDIAFLEET_CONNECTIONS_PER_ADDRESS", int)
    )

    class Protocol(http_protocol(configuration)):  # type: ignore[misc]
        limits = ConnectionLimits(open_files.connections, share, open_files.reserve)

    settings = _settings(application, Protocol, open_files.backlog)
    bounded = not (differences := unsupported_internals())
    if not bounded:
        log.warning(
            "this version of uvicorn is not known: its own protocol serves, which bounds only the "
            "number of connections",
            extra={"version": uvicorn.__version__, "differences": differences},
        )
        settings.http, settings.ws = "httptools", "websockets-sansio"
        settings.limit_concurrency = open_files.connections
        settings.load()
        settings.ssl = options.tls
    stopping = Stopping()
    server = _Server(
        settings,
        protocol=Protocol,
        on_ready=on_ready,
        tls=options.tls if bounded else None,
        stopping=stopping,
        stop_request=options.stop_request,
    )
    try:
        application.app = Server(
            configuration,
            dotenv_path=options.dotenv_path,
            stop_nodes=options.stop_nodes,
            accept_changed_store=options.accept_changed_store,
            has_call_page=options.has_call_page,
            served_at=served_at,
            on_leadership_lost=server.stop_without_leadership,
            open_files=open_files.nodes,
            stopping=stopping,
            connections=(lambda: Protocol.table(server.server_state)) if bounded else None,
        ).app()
    except MissingExtraError as error:
        raise UsageError(str(error)) from error
    gc.freeze()  # what is loaded now stays loaded, so no collection has to walk it
    server.run(sockets=[listener.socket])
    if application.failure is not None:
        raise CommandError(_sentence(application.failure)) from application.failure
    if server.failure is not None:
        raise CommandError(server.failure)


def _settings(
    application: _Application, protocol: type[HttpProtocol], backlog: int
) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        interface="asgi3",
        http=protocol,
        backlog=backlog,
        loop="uvloop",
        **websocket_options(),
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACEFUL_SHUTDOWN_S,
    )


class _Application:
    """Forwards to the application and keeps the error of its lifespan.

    So a failed start is reported in one sentence instead of a traceback.
    """

    def __init__(self) -> None:
        self.app: Any = None
        self.failure: Exception | None = None

    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:  # noqa: ANN401 - as ASGI has them
        if scope["type"] != "lifespan":
            return self.app(scope, receive, send)  # type: ignore[no-any-return]
        return self._run_lifespan(scope, receive, send)

    async def _run_lifespan(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has them
        async def send_type_only(event: dict[str, Any]) -> None:
            await send({"type": event["type"]})

        try:
            await self.app(scope, receive, send_type_only)
        except Exception as error:
            self.failure = error
            raise


class _Server(uvicorn.Server):
    """The HTTP server; it calls back when it is ready, and stop signals end it with status 0."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        protocol: type[HttpProtocol],
        on_ready: Callable[[], None],
        tls: ssl.SSLContext | None,
        stopping: Stopping,
        stop_request: StopRequest,
    ) -> None:
        super().__init__(config)
        self.failure: str | None = None
        self._on_ready = on_ready
        self._protocol = protocol
        self._tls = tls
        self._stopping = stopping
        self._stop_request = stop_request

    def stop_without_leadership(self) -> None:
        """Stop, because another server has taken over the store."""
        self.failure = "Another server has taken over the store; this one ended."
        self.should_exit = True

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets=sockets if self._tls is None else [])
            if self._tls is not None and not self.should_exit:
                self.servers.append(self._listen_with_tls(self._tls, sockets or []))
        except SystemExit:
            self.should_exit = True
        except OSError as error:
            host, port = (sockets or [])[0].getsockname()[:2]
            self.failure = bind_failure(host, port, error)
            self.should_exit = True
            await self.lifespan.shutdown()
        else:
            self._on_ready()

    def _listen_with_tls(self, tls: ssl.SSLContext, sockets: list[socket.socket]) -> Any:  # noqa: ANN401 - serves as an asyncio.Server
        protocol = self._protocol

        def make_protocol(handshake: Handshake) -> asyncio.Protocol:
            made = protocol(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )
            made.replaces = handshake
            return made

        return TlsListener(
            sockets,
            tls,
            make_protocol,
            table=protocol.table(self.server_state),
            handshake_seconds=protocol.head_seconds,
            backlog=self.config.backlog,
        )

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.begin()
        await super().shutdown(sockets=sockets)

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        with on_stop_signals(self.handle_exit):
            self._stop_request.raise_if_made()
            yield


def _sentence(failure: BaseException) -> str:
    """Say why the server ended; an unexpected error is logged with its traceback."""
    while isinstance(failure, BaseExceptionGroup) and len(failure.exceptions) == 1:
        failure = failure.exceptions[0]
    if not isinstance(failure, MediafleetError):
        log.critical("server crashed", exc_info=failure)
    return f"The server ended: {failure}"
