"""The steering channel of an emulator process: JSON-RPC on its own address and path."""

from __future__ import annotations

import base64
import binascii
import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from mediafleet.emulator.json_text import NotJsonError, parse, write
from mediafleet.emulator.settings import EmulatorSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from mediafleet.emulator.connection import Connection
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.node import EmulatedNode

    Verb: TypeAlias = "Callable[[EmulatedNode, Params], Json]"

STEERING_PATH = "/steer"
MAX_MESSAGE_BYTES = 1_000_000
"""Longest steering request taken."""

_MOST_ELEMENTS = 1000
_INVALID_PARAMS = -32602


class SteeringError(Exception):
    """A steering request that cannot be done: the message says why."""


class Steered(Protocol):
    """What is steered."""

    @property
    def nodes(self) -> Sequence[EmulatedNode]:
        """All nodes, by number."""

    def add(self) -> EmulatedNode:
        """Start one more node."""


class Params:
    """The parameters of one steering request, read with their bounds."""

    __slots__ = ("_values",)

    def __init__(self, values: Json) -> None:
        if values is not None and not isinstance(values, dict):
            raise SteeringError("params must be an object")
        self._values = values or {}

    def integer(self, name: str, *, least: int, most: int, default: int | None = None) -> int:
        """A whole number within its bounds."""
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise SteeringError(f"{name} must be an integer from {least} to {most}")
        return value

    def optional_integer(self, name: str) -> int | None:
        """A whole number from 0, or nothing."""
        if self._values.get(name) is None:
            return None
        return self.integer(name, least=0, most=2**31)

    def number(self, name: str) -> float:
        """A number from 0; "inf" is infinity."""
        value = self._values.get(name)
        if value == "inf":
            return math.inf
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise SteeringError(f'{name} must be a number from 0, or "inf"')
        return value

    def optional_number(self, name: str) -> float | None:
        """A number from 0, or nothing."""
        return None if self._values.get(name) is None else self.number(name)

    def text(self, name: str) -> str:
        """A string."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise SteeringError(f"{name} must be a string")
        return value

    def optional_text(self, name: str) -> str | None:
        """A string, or nothing."""
        return None if self._values.get(name) is None else self.text(name)

    def frames(self, name: str) -> list[str | bytes]:
        """A list of strings (text frames) and `{"base64": ".."}` (bytes as they are)."""
        value = self._values.get(name)
        if not isinstance(value, list):
            raise SteeringError(f"{name} must be an array")
        return [_frame(item) for item in value]


def _frame(item: Json) -> str | bytes:
    if isinstance(item, str):
        return item
    encoded = item.get("base64") if isinstance(item, dict) else None
    if not isinstance(encoded, str):
        raise SteeringError('a frame must be a string or {"base64": ".."}')
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise SteeringError(f"a frame is not base64: {error}") from error


def _describe(node: EmulatedNode) -> Json:
    return {
        "connections": node.connection_count,
        "index": node.index,
        "pipelines": dict(node.pipelines),
        "serverId": node.server_id,
        "state": node.state.value,
        "uri": node.uri,
    }


def _create_pipeline(node: EmulatedNode, params: Params) -> str:
    elements = params.integer("elements", least=0, most=_MOST_ELEMENTS, default=0)
    return node.create_pipeline(params.optional_text("name"), elements)


def _set_limits(node: EmulatedNode, params: Params) -> None:
    threads, files = params.optional_integer("threads"), params.optional_integer("files")
    node.set_limits(threads=threads, files=files)


def _inject(node: EmulatedNode, params: Params) -> None:
    for frame in params.frames("frames"):
        node.inject(frame)


_VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "accept": lambda node, _: node.accept(),
        "crash": lambda node, _: node.crash(),
        "createPipeline": _create_pipeline,
        "describe": lambda node, _: _describe(node),
        "disconnect": lambda node, _: node.disconnect(),
        "hang": lambda node, _: node.hang(),
        "inject": _inject,
        "malformed": lambda node, params: node.malformed(params.frames("frames")),
        "refuse": lambda node, _: node.refuse(),
        "releasePipeline": lambda node, params: node.release_pipeline(params.text("object")),
        "restart": lambda node, _: node.restart(),
        "resume": lambda node, _: node.resume(),
        "setCpuCount": lambda node, params: node.set_cpu_count(
            params.integer("count", least=1, most=4096)
        ),
        "setLimits": _set_limits,
        "setLoad": lambda node, params: node.set_load(params.optional_number("percent")),
        "silentDrop": lambda node, _: node.silent_drop(),
        "slowHandshake": lambda node, params: node.slow_handshake(params.number("seconds")),
        "terminate": lambda node, _: node.terminate(),
    }
)
_PREFIX = "emulator."


def _request(message: str) -> dict[str, Json]:
    request = parse(message)
    if not isinstance(request, dict):
        raise SteeringError("a request must be an object")
    return request


class SteeringDesk:
    """Answers at the steering address whatever state the nodes are in."""

    handshake_delay = 0.0
    admits = True
    works = True
    path = STEERING_PATH

    def __init__(self, cluster: Steered) -> None:
        self.settings = EmulatorSettings(max_message_bytes=MAX_MESSAGE_BYTES)
        self._cluster = cluster
        self._connections: dict[Connection, None] = {}

    def wait(self, connection: Connection) -> None:
        """Never needed: it always works."""

    def attach(self, connection: Connection) -> None:
        """A connection was taken."""
        self._connections[connection] = None

    def detach(self, connection: Connection) -> None:
        """A connection has ended."""
        self._connections.pop(connection, None)

    def close(self) -> None:
        """End all connections."""
        for connection in list(self._connections):
            connection.abort()

    def receive(self, connection: Connection, message: str) -> None:
        """Do what a request says and tell the result."""
        request_id: Json = None
        try:
            request = _request(message)
            request_id = request.get("id")
            reply: Json = {"id": request_id, "jsonrpc": "2.0", "result": self._do(request)}
        except (NotJsonError, SteeringError, ValueError) as error:
            content: Json = {"code": _INVALID_PARAMS, "message": str(error)}
            reply = {"error": content, "id": request_id, "jsonrpc": "2.0"}
        connection.send(write(reply))

    def _do(self, request: dict[str, Json]) -> Json:
        method = request.get("method")
        verb = method.removeprefix(_PREFIX) if isinstance(method, str) else ""
        params = Params(request.get("params"))
        if verb == "nodes":
            return [_describe(node) for node in self._cluster.nodes]
        if verb == "addNode":
            return _describe(self._cluster.add())
        if verb not in _VERBS:
            raise SteeringError(f"no such verb; known: {', '.join(sorted(_VERBS))}")
        nodes = self._cluster.nodes
        index = params.integer("node", least=0, most=len(nodes) - 1)
        return _VERBS[verb](nodes[index], params)
