"""The client that steers an emulator in another process."""

from __future__ import annotations

import base64
import json
import math
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self

import anyio
from websockets.asyncio.client import connect

from mediafleet.emulator.addresses import STEERING_ADDRESS
from mediafleet.emulator.steering_desk import STEERING_PATH, SteeringError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from websockets.asyncio.client import ClientConnection

_TIMEOUT = 10.0
_MAX_REPLY_BYTES = 64 * 1024 * 1024


class Steering:
    """Does to nodes by number what `EmulatedNode` does; an async context manager.

    Every verb raises SteeringError if the emulator refuses it and TimeoutError if it does not
    answer in 10 seconds. One caller at a time.
    """

    def __init__(self, port: int) -> None:
        """Name the emulator.

        Args:
            port: The port of its nodes.
        """
        self._uri = f"ws://{STEERING_ADDRESS}:{port}{STEERING_PATH}"
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
                open_timeout=_TIMEOUT,
                close_timeout=_TIMEOUT,
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

    async def _call(self, verb: str, **params: object) -> Any:  # noqa: ANN401  # JSON
        if self._connection is None:
            message = "steering is not connected: use `async with`"
            raise RuntimeError(message)
        self._last_id += 1
        request = {
            "jsonrpc": "2.0",
            "id": self._last_id,
            "method": f"emulator.{verb}",
            "params": params,
        }
        with anyio.fail_after(_TIMEOUT):
            await self._connection.send(json.dumps(request))
            reply = json.loads(await self._connection.recv())
        if "error" in reply:
            raise SteeringError(reply["error"]["message"])
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
        """Start one more node; it is described as in `nodes`."""
        described: dict[str, Any] = await self._call("addNode")
        return described

    async def create_pipeline(self, node: int, name: str | None = None, elements: int = 0) -> str:
        """Make a pipeline as some application would; its object id."""
        object_id: str = await self._call("createPipeline", node=node, name=name, elements=elements)
        return object_id

    async def release_pipeline(self, node: int, object_id: str) -> None:
        """Destroy an object, whoever made it."""
        await self._call("releasePipeline", node=node, object=object_id)

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
        """Take new connections again."""
        await self._call("accept", node=node)

    async def disconnect(self, node: int) -> None:
        """End every connection without a Close frame; the server goes on."""
        await self._call("disconnect", node=node)

    async def silent_drop(self, node: int) -> None:
        """Let the present connections go dead without ending them."""
        await self._call("silentDrop", node=node)

    async def slow_handshake(self, node: int, seconds: float) -> None:
        """Answer requests for a WebSocket late; 0 ends it."""
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
