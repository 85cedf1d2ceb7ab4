"""A whole server on a real socket inside the test's event loop."""

import contextlib
import pickle
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import uvicorn
from connexion.spec import Specification
from typing_extensions import override

from mediafleet.app import (
    HttpProtocol,
    Server,
    Stopping,
    http_protocol,
    load_contract,
    websocket_options,
)
from mediafleet.app import server as app_server
from mediafleet.clock import SystemClock
from mediafleet.configuration import read_configuration
from mediafleet.domain.cluster import OpenFiles
from mediafleet.domain.ports import Environment
from mediafleet.emulator.cluster import stop_accepting

SECRET = "a-secret-of-the-tests"
_KEEP_ALIVE_S = 7 * 24 * 3600
"""No connection is closed in the moment its client uses it again, even where hours pass at once."""

_check = Specification.from_dict


class _Server(uvicorn.Server):
    """Leaves the signals of the test run alone."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            await stop_accepting(server)
        await super().shutdown(sockets)


@asynccontextmanager
async def serving(app: Any, **options: Any) -> AsyncIterator[str]:
    """Serve an ASGI application on a free loopback port; its base URL. Options are uvicorn's."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=_KEEP_ALIVE_S,
        proxy_headers=False,
        **{"http": HttpProtocol, "ws": "none", **options},
    )
    server = _Server(config)
    with listener:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            with anyio.fail_after(20):
                while not server.started:
                    if server.should_exit:
                        raise RuntimeError("the server did not start")
                    await anyio.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            server.should_exit = True


@contextmanager
def _contract_is_checked_once() -> Iterator[None]:
    """Hundreds of tests serve the same contract: to read and check it takes most of a start."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            app_server, "load_contract", lambda name="openapi.yaml": pickle.loads(_read(name))
        )
        patched.setattr(
            Specification, "from_dict", lambda document, **_: _checked(pickle.dumps(document))
        )
        yield


@cache
def _read(name: str) -> bytes:
    return pickle.dumps(load_contract(name))


@lru_cache(maxsize=4)
def _checked(document: bytes) -> Specification:
    return _check(pickle.loads(document))


def configuration(data_dir: Path, **properties: Any) -> Any:
    """A checked configuration, on premises, with a secret and a data directory of its own."""
    overrides = {
        "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise",
        "OPENVIDU_SECRET": SECRET,
        "MEDIAFLEET_DATA_DIR": str(data_dir),
        "MEDIAFLEET_ALLOWED_NODE_NETWORKS": '["127.0.0.0/8", "::1/128"]',
        **properties,
    }
    return read_configuration(overrides=overrides, dotenv_path=data_dir / ".env", environ={})


@asynccontextmanager
async def mediafleet(
    data_dir: Path,
    *,
    clock: SystemClock | None = None,
    environment: Environment | None = None,
    open_files: OpenFiles | None = None,
    stopping: Stopping | None = None,
    **properties: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """A server of ours, and a client that has its credentials.

    Args:
        data_dir: Its data directory.
        clock: Its time.
        environment: Where its nodes come from.
        open_files: Bounds its nodes.
        stopping: Begins its stop as a signal does, as far as the application sees it.
        properties: Of its configuration.
    """
    checked = configuration(data_dir, **properties)
    with _contract_is_checked_once():
        app = Server(
            checked,
            clock=clock,
            environment=environment,
            open_files=open_files,
            stopping=stopping,
        ).app()
    async with (
        serving(app, http=http_protocol(checked), **websocket_options()) as url,
        httpx.AsyncClient(
            base_url=url,
            auth=("OPENVIDUAPP", SECRET),
            timeout=30,
            limits=httpx.Limits(max_connections=300),
        ) as client,
    ):
        yield client
