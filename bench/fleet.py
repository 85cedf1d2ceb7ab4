"""Mediafleet as its users run it: the server, and the emulator as a process of its own."""

import asyncio
import contextlib
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from bench.peers import SECRET, USER
from bench.processes import Process, ServerFailedError, pin, started

_READY_S = 60.0
ADDED_AT_ONCE = 32
COLLECTION = "/pro/media-nodes"


@contextlib.contextmanager
def fleet(nodes: int, *, core: int) -> Iterator[tuple[Process, int]]:
    """Run a server whose members are that many emulated nodes, all connected, all measured once.

    Args:
        nodes: How many.
        core: Where all of it runs.

    Yields:
        The server's process and its port.
    """
    emulator = ["-m", "mediafleet", "emulator", "--nodes", str(nodes), "--port", "0"]
    with tempfile.TemporaryDirectory(prefix="bench-") as data, started("emulator", emulator) as own:
        pin(own.pid, core)
        uris = own.printed(r"wss?://\S+", count=nodes)
        port = free_port()
        serve = ["-m", "mediafleet", "serve", "--port", str(port), "--data-dir", data]
        serve += ["--log-format", "json"]
        properties = {"OPENVIDU_SECRET": SECRET, "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise"}
        with started("mediafleet", serve, properties) as server:
            server.printed(r"serves http")
            pin(server.pid, core)
            asyncio.run(_join(server, port, uris))
            yield server, port


async def _join(server: Process, port: int, uris: Sequence[str]) -> None:
    limits = httpx.Limits(max_connections=ADDED_AT_ONCE)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", auth=(USER, SECRET), timeout=_READY_S, limits=limits
    ) as client:

        async def add(uri: str) -> None:
            answer = await client.post(COLLECTION, json={"uri": uri})
            if answer.status_code != httpx.codes.OK:
                raise server.failure(f"answered {answer.status_code} to {uri}")

        await asyncio.gather(*map(add, uris))
        deadline = time.monotonic() + _READY_S
        while not _settled((await client.get(COLLECTION)).json(), len(uris)):
            server.require_alive()
            if time.monotonic() > deadline:
                raise ServerFailedError(f"{len(uris)} nodes were not all measured in {_READY_S} s")
            await asyncio.sleep(0.2)


def _settled(body: dict[str, Any], nodes: int) -> bool:
    ready = sum(
        1
        for node in body["content"]
        if node["connected"] and node["status"] == "running" and node["load"] > 0
    )
    return ready == nodes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
