"""Emulated nodes in a process of their own, and a client that has them fail.

Run as a program, it serves a number of nodes on a port: ``python -P emulator_control.py 3 0``.
"""

import asyncio
import base64
import json
import random
import resource
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Self

import anyio

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster, EmulatedNode

PROGRAM = (sys.executable, "-P", __file__)
_TIMEOUT_S = 10.0


class ControlError(Exception):
    """A command failed; the message says why."""


def _path(port: int) -> str:
    """A Unix socket without a file."""
    return f"\0emulated nodes on port {port}"


@asynccontextmanager
async def controlled(cluster: EmulatedCluster) -> AsyncIterator[None]:
    """Serve a `ControlClient` of a running cluster."""
    server = await asyncio.start_unix_server(partial(_serve, cluster), path=_path(cluster.port))
    try:
        yield
    finally:
        server.close()


async def _serve(
    cluster: EmulatedCluster, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while line := await reader.readline():
        try:
            reply = {"result": _execute(cluster, *json.loads(line, object_hook=_from_json))}
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            reply = {"error": str(error)}
        writer.write(json.dumps(reply).encode() + b"\n")
    writer.close()


def _execute(
    cluster: EmulatedCluster, command: str, arguments: list[Any], options: dict[str, Any]
) -> Any:
    if command == "nodes":
        return [_describe(node) for node in cluster.nodes]
    if command == "add_node":
        return _describe(cluster.add_node())
    number, *rest = arguments
    last = len(cluster.nodes) - 1
    if not 0 <= number <= last:
        raise IndexError(f"node must be an integer from 0 to {last}")
    node = cluster.nodes[number]
    return _describe(node) if command == "describe" else getattr(node, command)(*rest, **options)


def _describe(node: EmulatedNode) -> dict[str, Any]:
    return {
        "connections": node.connection_count,
        "index": node.index,
        "pipelines": node.pipelines,
        "serverId": node.server_id,
        "state": node.state.value,
        "uri": node.uri,
    }


def _from_json(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if "base64" in value else value


def _to_json(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


class ControlClient:
    """Calls methods of `EmulatedNode`, with the number of a node as their first argument.

    ``describe`` returns index, uri, serverId, state, pipelines (names by id) and connections of a
    node, ``nodes`` those of all nodes; ``add_node`` starts one more. Commands must not overlap.

    Args:
        port: Of the nodes.
    """

    def __init__(self, port: int) -> None:
        self._path = _path(port)

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_unix_connection(self._path)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    def __getattr__(self, command: str) -> Callable[..., Awaitable[Any]]:
        return partial(self._call, command)

    async def _call(self, command: str, *arguments: Any, **options: Any) -> Any:
        request = json.dumps([command, arguments, options], default=_to_json)
        with anyio.fail_after(_TIMEOUT_S):
            self._writer.write(request.encode() + b"\n")
            reply = json.loads(await self._reader.readline())
        if "error" in reply:
            raise ControlError(reply["error"])
        return reply["result"]


async def _run(nodes: int, port: int) -> None:
    cluster = EmulatedCluster(
        nodes=nodes, port=port, random=random.SystemRandom(), clock=SystemClock()
    )
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with cluster, controlled(cluster):
            for node in cluster.nodes:
                print(node.uri, flush=True)
            async for _ in signals:
                return


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    anyio.run(_run, int(sys.argv[1]), int(sys.argv[2]))
