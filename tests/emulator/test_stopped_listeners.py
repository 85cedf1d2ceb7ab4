"""A listener that stops leaves no socket open, however far a connection to it has come.

What is left open fails the test: pytest turns the ResourceWarning of its collection into an error.
"""

import asyncio
import gc
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random

import pytest
import trustme

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster
from support.fake_kurento import fake_kurento
from support.hostile_servers import raw_server, unresponsive

Listener = Callable[[], AbstractAsyncContextManager[int]]


def server_tls() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


@asynccontextmanager
async def emulator(tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    cluster = EmulatedCluster(nodes=1, random=Random(1), clock=SystemClock(), ssl_context=tls)
    async with cluster:
        yield cluster.port


@asynccontextmanager
async def media_server() -> AsyncIterator[int]:
    async with fake_kurento() as kurento:
        yield kurento.port


LISTENERS: dict[str, Listener] = {
    "emulator": emulator,
    "emulator with TLS": lambda: emulator(server_tls()),
    "media server": media_server,
    "raw server": lambda: raw_server(unresponsive),
    "raw server with TLS": lambda: raw_server(unresponsive, server_tls()),
}


@pytest.mark.parametrize("listener", LISTENERS.values(), ids=LISTENERS)
def test_a_connection_accepted_during_a_stop_is_closed(listener: Listener) -> None:
    async def connect_and_stop(iterations: int) -> None:
        async with listener() as port:
            with socket.create_connection(("127.0.0.1", port)):
                for _ in range(iterations):
                    await asyncio.sleep(0)

    for iterations in range(6):
        asyncio.run(connect_and_stop(iterations))
    gc.collect()
