"""A small media server for tests of the link: keeps the protocol until a test breaks it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from mediafleet.emulator.cluster import stop_accepting

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

    from websockets.asyncio.server import Server, ServerConnection

MANAGER = "manager_ServerManager"
SUFFIX = "_kurento.MediaPipeline"
ANSWER = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=Kurento Media Server\r\nt=0 0\r\n"


class FakeKurento:
    """Pipelines, sessions with references, events, and a knob for every misbehaviour.

    Attributes:
        pipelines: Object id to name.
        references: Object id to the sessions that hold it.
        elements: Ids of the elements in the pipelines.
        cpu: What ``getUsedCpu`` answers; raw JSON when it is a ``str``.
        answers: By method or operation: makes the raw frame(s) instead of the real answer, or
            ``None`` for silence; is given the request.
        requests: All that was asked, in order.
    """

    def __init__(self) -> None:
        self.server_id = str(uuid.uuid4())
        self.pipelines: dict[str, str] = {}
        self.created_at: dict[str, int] = {}
        self.elements: set[str] = set()
        self.references: dict[str, set[str]] = defaultdict(set)
        self.sessions: set[str] = set()
        self.bound: dict[str, ServerConnection] = {}
        self.subscriptions: dict[str, set[str]] = defaultdict(set)
        self.connections: set[ServerConnection] = set()
        self.connection_count = 0
        self.measuring = self.most_measuring = 0
        self.cpu: Any = 50.0
        self.cpu_count: Any = 2
        self.cpu_sleep = 0.0
        self.answers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.on_request: Callable[[dict[str, Any]], Any] = lambda _: None
        self.requests: list[dict[str, Any]] = []
        self.is_awake = asyncio.Event()
        self.is_awake.set()
        self.port = 0
        self.path = "/kurento"
        self._server: Server | None = None

    @property
    def uri(self) -> str:
        return f"ws://127.0.0.1:{self.port}{self.path}"

    def hang(self) -> None:
        """Answer nothing until ``wake``."""
        self.is_awake.clear()

    def wake(self) -> None:
        """Answer what was asked meanwhile, and go on."""
        self.is_awake.set()

    async def start(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self._server = await serve(
            self._serve,
            host,
            self.port,
            ssl=tls,
            compression=None,
            ping_interval=None,
            close_timeout=0.1,
            max_size=2**22,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            await stop_accepting(self._server.server)
            for connection in list(self.connections):
                connection.transport.abort()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def restart(self) -> None:
        """A new process on the same port: nothing of the old one is left."""
        await self.stop()
        self.server_id = str(uuid.uuid4())
        for kept in (self.pipelines, self.references, self.bound, self.subscriptions):
            kept.clear()
        self.elements.clear()
        self.sessions.clear()
        await self.start()

    def cut(self) -> None:
        """Cut all connections; the process lives on."""
        for connection in list(self.connections):
            connection.transport.abort()

    def create(
        self,
        name: str | None = None,
        *,
        object_id: str | None = None,
        holder: str = "application",
    ) -> str:
        object_id = object_id or f"{uuid.uuid4()}{SUFFIX}"
        self.pipelines[object_id] = name or object_id
        self.created_at[object_id] = 1795383333
        self.references[object_id].add(holder)
        stamp = str(self.created_at[object_id] * 1000 + 459)
        self.emit("ObjectCreated", {"object": object_id, "timestampMillis": stamp})
        return object_id

    def destroy(self, object_id: str) -> None:
        self.pipelines.pop(object_id, None)
        self.references.pop(object_id, None)
        for element in [each for each in self.elements if each.startswith(f"{object_id}/")]:
            self.elements.discard(element)
        self.emit("ObjectDestroyed", {"objectId": object_id})

    def drop_reference(self, object_id: str, session: str) -> None:
        holders = self.references.get(object_id)
        if holders is None:
            return
        holders.discard(session)
        if not holders and object_id in self.pipelines:
            self.destroy(object_id)

    def emit(self, kind: str, data: dict[str, Any], source: Any = MANAGER) -> None:
        value = {"data": data, "object": source, "type": kind}
        frame = json.dumps({"jsonrpc": "2.0", "method": "onEvent", "params": {"value": value}})
        for session, kinds in self.subscriptions.items():
            if kind in kinds and session in self.bound:
                self.send_raw(frame, session)

    def send_raw(self, frame: str | bytes, session: str | None = None) -> None:
        """A frame to one session, or to all; lost where the other end has closed by now."""
        for known, connection in list(self.bound.items()):
            is_meant = session in {None, known} and connection in self.connections
            if is_meant and connection.protocol.state is State.OPEN:
                connection.protocol.send_text(frame if isinstance(frame, bytes) else frame.encode())
                connection.send_data()

    async def _serve(self, connection: ServerConnection) -> None:
        if connection.request is None or connection.request.path != self.path:
            await connection.close(1002, "Invalid path")
            return
        self.connections.add(connection)
        self.connection_count += 1
        try:
            async for frame in connection:
                await self._on_frame(connection, json.loads(frame))
        except ConnectionClosed:
            pass
        finally:
            self.connections.discard(connection)

    async def _on_frame(self, connection: ServerConnection, request: dict[str, Any]) -> None:
        self.requests.append(request)
        await self.is_awake.wait()
        self.on_request(request)
        params = request["params"]
        name = params.get("operation", request["method"])
        if name in self.answers:
            frames = self.answers[name](request)
            for frame in frames if isinstance(frames, list) else [frames]:
                if frame is not None:
                    await connection.send(frame)
            return
        try:
            result = await self._do(connection, request["method"], params)
        except LookupError as error:
            fault = {"code": error.args[0], "message": "no", "data": {"type": "X"}}
            reply = {"error": fault, "id": request["id"], "jsonrpc": "2.0"}
        else:
            reply = {"id": request["id"], "jsonrpc": "2.0", "result": result}
        text = json.dumps(reply)
        if isinstance(self.cpu, str):
            text = text.replace(json.dumps(self.cpu), self.cpu)
        await connection.send(text)

    async def _do(self, connection: ServerConnection, method: str, params: dict[str, Any]) -> Any:
        session = params["sessionId"] if "sessionId" in params else str(uuid.uuid4())
        if method == "connect" and "sessionId" in params and session not in self.sessions:
            raise LookupError(40007)
        if method == "closeSession":
            return self._close_session(session)
        self.bound[session] = connection
        if method == "connect":
            return {"serverId": self.server_id, "sessionId": session}
        value = "pong" if method == "ping" else await self._touch(session, method, params)
        return {"sessionId": session, "value": value}

    async def _touch(self, session: str, method: str, params: dict[str, Any]) -> Any:
        self.sessions.add(session)
        if method == "create":
            return self._create(session, params)
        object_id = params["object"]
        if method == "release":
            self.elements.discard(object_id)
            return self.destroy(object_id) if object_id in self.pipelines else None
        if object_id in self.elements:
            return self._do_with_element(session, method, params)
        if object_id not in self.pipelines and object_id != MANAGER:
            raise LookupError(40101)
        if method == "unref":
            return self.drop_reference(object_id, session)
        self.references[object_id].add(session)
        if method == "subscribe":
            self.subscriptions[session].add(params["type"])
            return str(uuid.uuid4())
        return await self._invoke(object_id, params)

    def _create(self, session: str, params: dict[str, Any]) -> str:
        if params["type"] == "MediaPipeline":
            return self.create(holder=session)
        pipeline = params["constructorParams"]["mediaPipeline"]
        if pipeline not in self.pipelines:
            raise LookupError(40101)
        element = f"{pipeline}/{uuid.uuid4()}_kurento.{params['type']}"
        self.elements.add(element)
        return element

    def _do_with_element(self, session: str, method: str, params: dict[str, Any]) -> Any:
        if method == "subscribe":
            self.subscriptions[session].add(params["type"])
            return str(uuid.uuid4())
        return ANSWER if params["operation"] == "processOffer" else None

    async def _invoke(self, object_id: str, params: dict[str, Any]) -> Any:
        operation = params["operation"]
        if operation == "setName":
            self.pipelines[object_id] = params["operationParams"]["name"]
            return None
        if operation == "getUsedCpu":
            self.measuring += 1
            self.most_measuring = max(self.most_measuring, self.measuring)
            await asyncio.sleep(self.cpu_sleep)
            self.measuring -= 1
            return self.cpu
        answers: dict[str, Callable[[], Any]] = {
            "getPipelines": self._list_pipelines,
            "getName": lambda: self.pipelines[object_id],
            "getCreationTime": lambda: self.created_at[object_id],
            "getCpuCount": lambda: self.cpu_count,
            "getUsedMemory": lambda: 51200,
            "getInfo": lambda: {
                "version": "7.3.0",
                "capabilities": ["transactions"],
                "modules": [
                    {
                        "name": "core",
                        "version": "7.3.0",
                        "generationTime": "Nov 22 2026 21:26:07",
                        "factories": ["MediaPipeline"],
                    }
                ],
                "type": "KMS",
            },
        }
        return answers[operation]()

    def _list_pipelines(self) -> list[str]:
        for object_id in self.pipelines:
            self.references[object_id].add("")
        return sorted(self.pipelines)

    def _close_session(self, session: str) -> None:
        self.sessions.discard(session)
        self.subscriptions.pop(session, None)
        for object_id in list(self.references):
            self.drop_reference(object_id, session)

    def asked(self, name: str) -> list[dict[str, Any]]:
        """Requests by method or operation."""
        return [
            request
            for request in self.requests
            if name in {request["method"], request["params"].get("operation")}
        ]


@asynccontextmanager
async def fake_kurento(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[FakeKurento]:
    """A running one, on a free port unless one is named."""
    fake = FakeKurento()
    fake.port = port
    await fake.start(host)
    try:
        yield fake
    finally:
        with anyio.CancelScope(shield=True):
            await fake.stop()
