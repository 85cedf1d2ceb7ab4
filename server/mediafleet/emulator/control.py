"""The control server of an emulator process, and its client: JSON-RPC on a separate address."""

from __future__ import annotations

import base64
import binascii
import json
import math
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Self

import anyio
from websockets.asyncio.client import connect

from mediafleet.emulator.json_text import InvalidFrameError, parse, write
from mediafleet.emulator.settings import EmulatorSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import TypeAlias

    from websockets.asyncio.client import ClientConnection

    from mediafleet.emulator.cluster import EmulatedCluster
    from mediafleet.emulator.connection import Connection
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.node import EmulatedNode

    Command: TypeAlias = "Callable[[EmulatedNode, Params], Json]"

CONTROL_ADDRESS: Final = "127.0.0.1"
"""Where the control server listens; no node has this address."""

CONTROL_PATH: Final = "/control"
MAX_MESSAGE_BYTES: Final = 1_000_000
"""Longest request that the control server reads."""

_MAX_ELEMENTS: Final = 1000
_INVALID_PARAMS: Final = -32602
_PREFIX: Final = "emulator."
_TIMEOUT_S: Final = 10.0
_MAX_REPLY_BYTES: Final = 64 * 1024 * 1024


class ControlError(Exception):
    """A command that cannot be executed; the message says why."""


class Params:
    """The parameters of one command; reading one checks its type and bounds."""

    __slots__ = ("_values",)

    def __init__(self, values: Json) -> None:
        if values is not None and not isinstance(values, dict):
            raise ControlError("params must be an object")
        self._values = values or {}

    def integer(self, name: str, *, least: int, most: int, default: int | None = None) -> int:
        """A whole number within its bounds."""
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ControlError(f"{name} must be an integer from {least} to {most}")
        return value

    def optional_integer(self, name: str) -> int | None:
        """A whole number from 0, or None."""
        if self._values.get(name) is None:
            return None
        return self.integer(name, least=0, most=2**31)

    def number(self, name: str) -> float:
        """A number from 0; "inf" is infinity."""
        value = self._values.get(name)
        if value == "inf":
            return math.inf
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ControlError(f'{name} must be a number from 0, or "inf"')
        return value

    def optional_number(self, name: str) -> float | None:
        """A number from 0, or None."""
        return None if self._values.get(name) is None else self.number(name)

    def text(self, name: str) -> str:
        """A string."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise ControlError(f"{name} must be a string")
        return value

    def optional_text(self, name: str) -> str | None:
        """A string, or None."""
        return None if self._values.get(name) is None else self.text(name)

    def frames(self, name: str) -> list[str | bytes]:
        """A list of strings (text frames) and `{"base64": ".."}` (bytes as they are)."""
        value = self._values.get(name)
        if not isinstance(value, list):
            raise ControlError(f"{name} must be an array")
        return [_frame(item) for item in value]


def _frame(item: Json) -> str | bytes:
    if isinstance(item, str):
        return item
    encoded = item.get("base64") if isinstance(item, dict) else None
    if not isinstance(encoded, str):
        raise ControlError('a frame must be a string or {"base64": ".."}')
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ControlError(f"a frame is not base64: {error}") from error


def _describe(node: EmulatedNode) -> Json:
    return {
        "connections": node.connection_count,
        "index": node.index,
        "pipelines": {**node.pipelines},
        "serverId": node.server_id,
        "state": node.state.value,
        "uri": node.uri,
    }


def _create_pipeline(node: EmulatedNode, params: Params) -> str:
    elements = params.integer("elements", least=0, most=_MAX_ELEMENTS, default=0)
    return node.create_pipeline(params.optional_text("name"), elements)


def _set_limits(node: EmulatedNode, params: Params) -> None:
    threads, files = params.optional_integer("threads"), params.optional_integer("files")
    node.set_limits(threads=threads, files=files)


def _inject(node: EmulatedNode, params: Params) -> None:
    for frame in params.frames("frames"):
        node.inject(frame)


_COMMANDS: Final[Mapping[str, Command]] = {
    "accept": lambda node, _: node.accept(),
    "crash": lambda node, _: node.crash(),
    "createPipeline": _create_pipeline,
    "describe": lambda node, _: _describe(node),
    "disconnect": lambda node, _: node.disconnect(),
    "hang": lambda node, _: node.hang(),
    "inject": _inject,
    "malformed": lambda node, params: node.malformed(params.frames("frames")),
    "raiseError": lambda node, params: node.raise_error(
        params.text("object"), params.text("kind"), params.text("description")
    ),
    "refuse": lambda node, _: node.refuse(),
    "releasePipeline": lambda node, params: node.release_pipeline(params.text("object")),
    "restart": lambda node, _: node.restart(),
    "resume": lambda node, _: node.resume(),
    "setCpuCount": lambda node, params: node.set_cpu_count(
        params.integer("count", least=1, most=4096)
    ),
    "setLimits": _set_limits,
    "setLoad": lambda node, params: node.set_load(params.optional_number("percent")),
    "cutConnections": lambda node, _: node.cut_connections(),
    "slowHandshake": lambda node, params: node.slow_handshake(params.number("seconds")),
    "terminate": lambda node, _: node.terminate(),
}


def _request(message: str) -> dict[str, Json]:
    request = parse(message)
    if not isinstance(request, dict):
        raise ControlError("a request must be an object")
    return request


class ControlServer:
    """Executes commands on the nodes; it answers in every state of the nodes."""

    handshake_delay = 0.0
    accepts_connections = True
    is_ready = True

    def __init__(self, cluster: EmulatedCluster) -> None:
        self.settings = EmulatorSettings(path=CONTROL_PATH, max_message_bytes=MAX_MESSAGE_BYTES)
        self._cluster = cluster
        self._connections: dict[Connection, None] = {}

    def call_when_ready(self, connection: Connection) -> None:
        """Do nothing: this endpoint is never busy."""

    def attach(self, connection: Connection) -> None:
        """Add an accepted connection."""
        self._connections[connection] = None

    def detach(self, connection: Connection) -> None:
        """Remove a closed connection."""
        self._connections.pop(connection, None)

    def close(self) -> None:
        """Abort all connections."""
        for connection in list(self._connections):
            connection.abort()

    def receive(self, connection: Connection, message: str) -> None:
        """Execute a command and send its result, or the error."""
        request_id: Json = None
        try:
            request = _request(message)
            request_id = request.get("id")
            reply: Json = {"id": request_id, "jsonrpc": "2.0", "result": self._execute(request)}
        except (InvalidFrameError, ControlError, ValueError) as error:
            content: Json = {"code": _INVALID_PARAMS, "message": str(error)}
            reply = {"error": content, "id": request_id, "jsonrpc": "2.0"}
        connection.send(write(reply))

    def _execute(self, request: dict[str, Json]) -> Json:
        method = request.get("method")
        command = method.removeprefix(_PREFIX) if isinstance(method, str) else ""
        params = Params(request.get("params"))
        if command == "nodes":
            return [_describe(node) for node in self._cluster.nodes]
        if command == "addNode":
            return _describe(self._cluster.add_node())
        if command not in _COMMANDS:
            raise ControlError(f"no such command; known: {', '.join(sorted(_COMMANDS))}")
        nodes = self._cluster.nodes
        index = params.integer("node", least=0, most=len(nodes) - 1)
        return _COMMANDS[command](nodes[index], params)


class ControlClient:
    """Calls the methods of an `EmulatedNode` in another process; an async context manager.

    Every command raises ControlError if the emulator rejects it, and TimeoutError if no reply
    comes within 10 seconds. Commands must not overlap.
    """

    def __init__(self, port: int) -> None:
        """Set the address; entering the context connects.

        Args:
            port: The port of the emulator's nodes.
        """
        self._uri = f"ws://{CONTROL_ADDRESS}:{port}{CONTROL_PATH}"
        self._connection: ClientConnection | None = None
        self._stack = AsyncExitStack()
        self._last_id = 0

    async def __aenter__(self) -> Self:
        self._connection = await self._stack.enter_async_context(
            connect(
                self._uri,
                proxy=None,
                compression=None,
                ping_interval=None,
                open_timeout=_TIMEOUT_S,
                close_timeout=_TIMEOUT_S,
                max_size=_MAX_REPLY_BYTES,
            )
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _call(self, command: str, **params: object) -> Any:  # noqa: ANN401  # JSON
        if self._connection is None:
            message = "the control client is not connected: use `async with`"
            raise RuntimeError(message)
        self._last_id += 1
        request = {
            "jsonrpc": "2.0",
            "id": self._last_id,
            "method": f"emulator.{command}",
            "params": params,
        }
        with anyio.fail_after(_TIMEOUT_S):
            await self._connection.send(json.dumps(request))
            reply = json.loads(await self._connection.recv())
        if "error" in reply:
            raise ControlError(reply["error"]["message"])
        return reply["result"]

    async def nodes(self) -> list[dict[str, Any]]:
        """All nodes: index, uri, serverId, state, pipelines (names by id), connections."""
        nodes: list[dict[str, Any]] = await self._call("nodes")
        return nodes

    async def describe(self, node: int) -> dict[str, Any]:
        """One node, as in `nodes`."""
        described: dict[str, Any] = await self._call("describe", node=node)
        return described

    async def add_node(self) -> dict[str, Any]:
        """Start one more node; described as in `nodes`."""
        described: dict[str, Any] = await self._call("addNode")
        return described

    async def create_pipeline(self, node: int, name: str | None = None, elements: int = 0) -> str:
        """Create a pipeline as an application would; returns its object id."""
        object_id: str = await self._call("createPipeline", node=node, name=name, elements=elements)
        return object_id

    async def release_pipeline(self, node: int, object_id: str) -> None:
        """Destroy an object, in whatever session."""
        await self._call("releasePipeline", node=node, object=object_id)

    async def raise_error(self, node: int, object_id: str, kind: str, description: str) -> None:
        """Emit the event Error of an object."""
        await self._call(
            "raiseError", node=node, object=object_id, kind=kind, description=description
        )

    async def set_load(self, node: int, percent_of_one_core: float | None) -> None:
        """Fix what `getUsedCpu` answers: None is null, infinity 1e+9999."""
        endless = percent_of_one_core is not None and math.isinf(percent_of_one_core)
        percent = "inf" if endless else percent_of_one_core
        await self._call("setLoad", node=node, percent=percent)

    async def set_cpu_count(self, node: int, count: int) -> None:
        """Change what `getCpuCount` answers."""
        await self._call("setCpuCount", node=node, count=count)

    async def set_limits(
        self, node: int, *, threads: int | None = None, files: int | None = None
    ) -> None:
        """Refuse `create` with 40009 above a limit; None is no limit."""
        await self._call("setLimits", node=node, threads=threads, files=files)

    async def hang(self, node: int) -> None:
        """Like SIGSTOP."""
        await self._call("hang", node=node)

    async def resume(self, node: int) -> None:
        """Like SIGCONT."""
        await self._call("resume", node=node)

    async def crash(self, node: int) -> None:
        """Like SIGKILL."""
        await self._call("crash", node=node)

    async def terminate(self, node: int) -> None:
        """Like SIGTERM."""
        await self._call("terminate", node=node)

    async def restart(self, node: int) -> None:
        """Start the server again, empty."""
        await self._call("restart", node=node)

    async def refuse(self, node: int) -> None:
        """Reset new connections."""
        await self._call("refuse", node=node)

    async def accept(self, node: int) -> None:
        """Accept new connections again."""
        await self._call("accept", node=node)

    async def disconnect(self, node: int) -> None:
        """Close every connection without a Close frame; the server keeps running."""
        await self._call("disconnect", node=node)

    async def cut_connections(self, node: int) -> None:
        """Keep the open connections open, but neither read nor write on them."""
        await self._call("cutConnections", node=node)

    async def slow_handshake(self, node: int, seconds: float) -> None:
        """Answer requests for a WebSocket late; 0 disables it."""
        await self._call("slowHandshake", node=node, seconds=seconds)

    async def malformed(self, node: int, frames: Sequence[str | bytes]) -> None:
        """Send these in place of the next replies: text as a frame, bytes as they are."""
        await self._call("malformed", node=node, frames=[_as_json(frame) for frame in frames])

    async def inject(self, node: int, frame: str | bytes) -> None:
        """Send something on every open connection at once."""
        await self._call("inject", node=node, frames=[_as_json(frame)])


def _as_json(frame: str | bytes) -> object:
    if isinstance(frame, str):
        return frame
    return {"base64": base64.b64encode(frame).decode("ascii")}
