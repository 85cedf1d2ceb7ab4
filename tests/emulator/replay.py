"""Replays a recorded transcript against an emulated node, or a real server, line by line."""

import json
import re
import tomllib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import anyio
import anyio.abc
import anyio.lowlevel
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from emulator.matching import MismatchError, Renaming
from mediafleet.emulator import EmulatedCluster, EmulatedNode, NodeState
from support.kurento_wire import MANAGER, TIMEOUT_S, ManualClock, Wire, open_wire, wire

HERE = Path(__file__).parent
TRANSCRIPTS = HERE / "transcripts"
_CLOSED = re.compile(r"(.+) closed: code=(\d+) reason='(.*)'")
# A recorded frame may be this many virtual seconds late: the real server was slower sometimes.
_SLACK, _SLACK_STEP = 0.5, 0.01
_TURNS = 6


@dataclass(frozen=True)
class Line:
    number: int
    content: dict[str, Any]

    @property
    def direction(self) -> str:
        return str(self.content["dir"])

    @property
    def conn(self) -> str:
        return str(self.content.get("conn"))

    @property
    def note(self) -> str:
        return str(self.content.get("note", ""))

    @property
    def moment(self) -> float:
        return float(self.content["t"])


def read_transcript(name: str) -> list[Line]:
    text = (TRANSCRIPTS / f"{name}.jsonl").read_text(encoding="utf-8")
    return [Line(number, json.loads(row)) for number, row in enumerate(text.splitlines(), 1)]


def read_deviations(name: str) -> dict[int, str]:
    """What is not as recorded, by line: "skipped", "different" or "absent"."""
    entries = tomllib.loads((HERE / "deviations.toml").read_text(encoding="utf-8"))["deviation"]
    chosen = [entry for entry in entries if entry["transcript"] == name]
    return {
        number: entry["kind"]
        for entry in chosen
        for number in range(entry["lines"][0], entry["lines"][-1] + 1)
    }


async def _settle() -> None:
    """Run the event loop a few times, so that frames on loopback are read and answered."""
    for _ in range(_TURNS):
        await anyio.lowlevel.checkpoint()


class Time:
    """The transcript's seconds: a moved clock for the emulator, real ones for a real server."""

    def __init__(self, cluster: EmulatedCluster | None, clock: ManualClock | None) -> None:
        self._cluster = cluster
        self._clock = clock
        self._now = 0.0

    @property
    def is_virtual(self) -> bool:
        return self._clock is not None

    async def reach(self, moment: float) -> None:
        ahead = moment - self._now
        if ahead > 0:
            await self.pass_by(ahead)

    async def pass_by(self, seconds: float) -> None:
        self._now += seconds
        if self._clock is None or self._cluster is None:
            await anyio.sleep(seconds)
            return
        await _settle()
        self._clock.move(seconds)
        self._cluster.catch_up()
        await _settle()


Action = Callable[["Replay"], Awaitable[None]]


@dataclass
class Replay:
    """One run through a transcript.

    Attributes:
        uri: Where connections go.
        time: The clock of the replay.
        offset: Seconds from the start of the clock to the first line.
        node: The emulated node; None with a real server.
        actions: Actions of the recorder besides frames, by the line that they precede.
        options: How connections are opened, by name: arguments of `connect`, and `path`.
    """

    uri: str
    time: Time
    node: EmulatedNode | None = None
    actions: dict[int, Action] = field(default_factory=dict)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    renaming: Renaming = field(default_factory=Renaming)
    wires: dict[str, Wire] = field(default_factory=dict)
    compared: int = 0
    offset: float = 0.0
    stream: anyio.abc.SocketStream | None = None
    gone: set[str] = field(default_factory=set)
    _asked: dict[str, deque[Any]] = field(default_factory=dict)

    async def run(self, lines: list[Line], deviations: dict[int, str]) -> None:
        try:
            for line in lines:
                try:
                    await self._play(line, deviations.get(line.number, ""))
                except (MismatchError, TimeoutError, ConnectionClosed) as error:
                    message = f"line {line.number}: {error!r}\n{line.content}"
                    raise AssertionError(message) from error
            for name in list(self.wires):
                await self.close(name)
        finally:
            for wire in self.wires.values():
                await wire.connection.close()

    async def clean_up(self) -> None:
        """Release the objects of this replay, so that the next one does not list them."""
        async with wire(self.uri) as cleaner:
            for object_id in await cleaner.invoke(MANAGER, "getPipelines"):
                if self.renaming.is_known(object_id):
                    await cleaner.call("release", object=object_id)
            await cleaner.call("closeSession", sessionId="")

    async def _play(self, line: Line, deviation: str) -> None:
        if line.number in self.actions:
            await self.time.reach(self.offset + line.moment)
            await self.actions[line.number](self)
        if deviation in {"skipped", "absent"}:
            return
        await self.time.reach(self.offset + line.moment)
        if line.direction == "#":
            await self._follow_note(line)
        elif line.conn == "http":
            await self._exchange_http(line)
        elif "frame" in line.content or "raw" in line.content:
            await (self._send(line) if line.direction == ">" else self._expect(line, deviation))
        else:
            await self._follow_end(line)

    async def _follow_end(self, line: Line) -> None:
        if "tcp" in line.content:
            await self._follow_tcp(line)
        elif line.content.get("op") == "close" and line.direction == ">":
            await self.close(line.conn)

    async def wire(self, name: str) -> Wire:
        if name not in self.wires:
            if self.node is not None and self.node.state is NodeState.DOWN:
                self.node.restart()
            options = dict(self.options.get(name, {}))
            uri = urljoin(self.uri, options.pop("path", self.uri))
            self.wires[name] = await open_wire(uri, **options)
            self._asked[name] = deque()
        return self.wires[name]

    async def _exchange_http(self, line: Line) -> None:
        raw = line.content["raw"].encode("latin-1")
        if line.direction == ">":
            where = urlsplit(self.uri)
            self.stream = await anyio.connect_tcp(str(where.hostname), where.port or 80)
            await self.stream.send(raw)
            return
        assert self.stream is not None
        self.compared += 1
        async with self.stream as stream:
            received = b""
            with anyio.move_on_after(0.1 if "open" in line.content["end"] else TIMEOUT_S) as scope:
                async for data in stream:
                    received += data
        assert received == raw
        assert scope.cancelled_caught == ("open" in line.content["end"])

    async def _send(self, line: Line) -> None:
        if line.conn in self.gone:
            return  # also recorded: frames for a connection that the server had just ended
        wire = await self.wire(line.conn)
        frame = self.renaming.to_server(line.content.get("frame", line.content.get("raw")))
        text = frame if "raw" in line.content else json.dumps(frame)
        self._asked[line.conn].append(_operation(frame))
        try:
            if line.content.get("op") == "binary":
                await wire.connection.send(text.encode())
            elif line.content.get("op") == "text in 3 fragments":
                await wire.connection.send(iter([text[:5], text[5:9], text[9:]]))
            else:
                await wire.connection.send(text)
        except ConnectionClosed:
            pass  # a later line of the transcript expects the end

    async def _expect(self, line: Line, deviation: str) -> None:
        wire = await self.wire(line.conn)
        recorded = line.content.get("frame", line.content.get("raw"))
        self.compared += 1
        if isinstance(recorded, dict) and "method" in recorded:
            await self._expect_event(wire, recorded)
            return
        received = await self._arrival(wire, lambda: _first(wire.replies))
        wire.replies.popleft()
        operation = self._asked[line.conn].popleft() if self._asked[line.conn] else None
        if deviation != "different":
            self.renaming.match(recorded, received, operation)

    async def _expect_event(self, wire: Wire, recorded: Any) -> None:
        def found() -> Any:
            return next((e for e in wire.events if self.renaming.matches(recorded, e)), None)

        wire.events.remove(await self._arrival(wire, found))

    async def _arrival(self, wire: Wire, found: Callable[[], Any]) -> Any:
        """Wait for a frame; if it is late and time is virtual, advance the clock a little."""
        helped, waited = 0.0, 0.0
        while (frame := found()) is None:
            try:
                await wire.read(0.05)
            except TimeoutError:
                waited += 0.05
                if self.time.is_virtual and helped < _SLACK:
                    helped += _SLACK_STEP
                    await self.time.pass_by(_SLACK_STEP)
                elif waited > TIMEOUT_S:
                    seen = list(wire.replies) + list(wire.events)
                    raise TimeoutError(f"no such frame came; unread: {seen}") from None
        return frame

    async def _follow_note(self, line: Line) -> None:
        closed = _CLOSED.match(line.note)
        if closed is None or closed.group(1) not in self.wires:
            return
        name, code, reason = closed.group(1), int(closed.group(2)), closed.group(3)
        if code == 1000:
            await self.close(name)
        else:
            await self.ended(name, code, reason)

    async def _follow_tcp(self, line: Line) -> None:
        if line.content["tcp"].startswith("connect_failed"):
            try:
                await open_wire(self.uri)
            except (OSError, InvalidHandshake, InvalidMessage, EOFError):
                return
            raise MismatchError("the server should have refused the connection")
        if line.conn in self.wires:
            await self.ended(line.conn, 1006, "")

    async def close(self, name: str) -> None:
        """Close a connection as the recorder did; no frame may remain that was not recorded."""
        wire = self.wires.pop(name)
        await wire.connection.close()
        code, _ = await wire.end()
        assert code == 1000, f"{name} should have been closed by the client, but ended with {code}"
        self._check_leftovers(name, wire)

    async def ended(self, name: str, code: int, reason: str) -> None:
        """The server ends a connection."""
        wire = self.wires.pop(name)
        self.gone.add(name)
        assert await wire.end() == (code, reason), name
        self._check_leftovers(name, wire)

    def _check_leftovers(self, name: str, wire: Wire) -> None:
        if self.node is not None:
            left = list(wire.replies) + list(wire.events)
            assert not left, f"{name} received frames that were not recorded: {left}"


def _first(queue: deque[Any]) -> Any:
    return queue[0] if queue else None


def _operation(frame: Any) -> Any:
    """The operation a request invokes; for a transaction the list of them."""
    params = frame.get("params") if isinstance(frame, dict) else None
    if not isinstance(params, dict):
        return None
    if isinstance(params.get("operations"), list):
        return [_operation(inner) for inner in params["operations"]]
    return params.get("operation")
