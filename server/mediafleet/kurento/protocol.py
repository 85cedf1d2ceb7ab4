"""The Kurento JSON-RPC protocol without I/O: frames, ids, calls, events and their values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import orjson

from mediafleet.domain.formats import from_milliseconds
from mediafleet.domain.ports import ServerInfo, ServerModule
from mediafleet.masking import MAX_CHARACTERS, mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


MAX_TEXT = 200
MAX_INFO_TEXT = 128
MAX_CAPABILITIES = 31  # joined with ", " and in brackets they have 4,030 characters at most
MAX_MODULES = 64
MOST_CPUS = 4096
MAX_FACTORIES = 256
_KIB_PER_MIB = 1024
EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(hours=1)
_LARGEST = 1e15
MAX_FIRST_ID = 2**40

INVALID_SESSION = 40007
OBJECT_NOT_FOUND = 40101

# A list of pipelines holds texts, and a description of 64 modules 200 lists and objects. Many more
# are what makes a parser, and the garbage collector after it, slow: 0.2 s for each megabyte.
_MAX_CONTAINERS = 1000
# The lenient parser is slow, and only the short reply to ``getUsedCpu`` needs it.
_MAX_LENIENT = 4096


class Result(NamedTuple):
    """The result of a call; the value is untrusted."""

    value: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Fault:
    """The error that the media server replied with; the message is cleaned."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class NoReply:
    """No reply came, and a later one is ignored."""

    reason: str


Outcome: TypeAlias = Result | Fault | NoReply


class Call(NamedTuple):
    """A request that waits for its reply until a deadline of the monotonic clock."""

    id: int
    deadline: float
    on_outcome: Callable[[Outcome], None]


class Reply(NamedTuple):
    """The first reply to a call."""

    call: Call
    outcome: Result | Fault


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the media server; all of it is untrusted.

    Attributes:
        type: Of the event.
        source: Id of the object that it comes from.
        data: Depends on the type.
    """

    type: str
    source: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class InvalidFrame:
    """A frame that no media server sends, or a reply that comes too late."""


Incoming: TypeAlias = Reply | Event | InvalidFrame


@dataclass(slots=True)
class RpcSession:
    """One session with a media server; it outlives its connections.

    The media server keeps replies for 20 s under (session, id) and repeats them to a request with
    the same pair. So ids never repeat, not even on a new connection.

    Attributes:
        next_id: Of the next request; begins at a random number.
        session_id: Sent with every request once it is known.
        calls: Those that wait for a reply, oldest first.
    """

    next_id: int
    session_id: str | None = None
    calls: dict[int, Call] = field(default_factory=dict)

    def request(
        self,
        method: str,
        params: Mapping[str, object],
        *,
        deadline: float,
        on_outcome: Callable[[Outcome], None],
    ) -> bytes:
        """Return the frame of a request; *on_outcome* is called once, unless calls are taken out.

        The request belongs to this session, unless the parameters name another one.

        Raises:
            TypeError: The parameters cannot be written as JSON, such as half of a surrogate pair.
        """
        adds = self.session_id is not None and "sessionId" not in params
        session = {"sessionId": self.session_id} if adds else {}
        call = Call(self.next_id, deadline, on_outcome)
        frame = orjson.dumps(
            {"jsonrpc": "2.0", "id": call.id, "method": method, "params": {**params, **session}}
        )
        self.next_id += 1
        self.calls[call.id] = call
        return frame

    def receive(self, frame: bytes) -> Incoming | None:
        """Parse a frame; ``None`` for an empty one, which a media server may send."""
        if not frame:
            return None
        message = _parse(frame)
        if not isinstance(message, dict):
            return InvalidFrame()
        if message.get("method") == "onEvent":
            return _event(message.get("params"))
        return self._answer(message)

    def overdue(self, now: float) -> list[Call]:
        """Take out the calls whose deadline has passed; their replies are ignored from now on."""
        if not self.calls:
            return []
        late = [call for call in self.calls.values() if call.deadline <= now]
        for call in late:
            del self.calls[call.id]
        return late

    def take_calls(self) -> list[Call]:
        """Take out all calls: their connection is lost."""
        calls = list(self.calls.values())
        self.calls.clear()
        return calls

    def next_deadline(self) -> float | None:
        """When the next call will be overdue."""
        if not self.calls:
            return None
        return min([call.deadline for call in self.calls.values()])

    def _answer(self, message: Mapping[str, object]) -> Reply | InvalidFrame:
        outcome = _outcome(message)
        call_id = message.get("id")
        if outcome is None or isinstance(call_id, bool) or not isinstance(call_id, int):
            return InvalidFrame()
        call = self.calls.pop(call_id, None)
        return InvalidFrame() if call is None else Reply(call, outcome)


def _parse(frame: bytes) -> object:
    """Return the JSON value in a frame; ``None`` if there is none.

    A media server writes an infinite CPU load as ``1e+9999``, which only the lenient parser takes.
    """
    if frame.count(b"[") + frame.count(b"{") > _MAX_CONTAINERS:
        return None
    try:
        return orjson.loads(frame)
    except orjson.JSONDecodeError:
        if len(frame) > _MAX_LENIENT:
            return None
        try:
            return json.loads(frame.decode())
        except (ValueError, RecursionError):
            return None


def _outcome(message: Mapping[str, object]) -> Result | Fault | None:
    if "error" in message:
        error = message["error"]
        if not isinstance(error, dict):
            return None
        code = number(error.get("code"))
        return Fault(int(code) if code else 0, clean(error.get("message"), MAX_TEXT))
    if "result" not in message:
        return None
    result = message["result"]
    if result is None:
        return Result({})
    return Result(result) if isinstance(result, dict) else None


def _event(params: object) -> Event | InvalidFrame:
    value = params.get("value") if isinstance(params, dict) else None
    if not isinstance(value, dict):
        return InvalidFrame()
    kind, source, data = value.get("type"), value.get("object"), value.get("data")
    if not isinstance(kind, str) or not isinstance(source, str) or not isinstance(data, dict):
        return InvalidFrame()
    return Event(kind, source, data)


def clean(value: object, limit: int) -> str:
    """Return a text for logs, terminals and responses: masked, printable, of bounded length.

    A value that is no text gives the empty one.
    """
    if not isinstance(value, str):
        return ""
    safe = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in mask(value[:MAX_CHARACTERS])[:limit]
    )
    return safe if len(safe) <= limit else safe[:limit]


def number(value: object) -> float | None:
    """Return a finite number of at most 15 digits; ``None`` for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_LARGEST < value < _LARGEST else None


def to_datetime(value: object, *, milliseconds_per_unit: int, now: datetime) -> datetime | None:
    """Convert time units since the epoch, a number or a text of digits, to a time.

    Returns:
        The aware UTC time; ``None`` if the value is no number, before 2010, or further in the
        future than clocks differ.
    """
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) <= 20 else None  # noqa: PLR2004  # digits of 2**64
    units = number(value)
    if units is None:
        return None
    milliseconds = units * milliseconds_per_unit
    if not 0 <= milliseconds < _LARGEST / 10:
        return None
    time = from_milliseconds(int(milliseconds))
    return time if EARLIEST <= time <= now + CLOCK_SKEW else None


def read_server_info(info: object, used_memory: object) -> ServerInfo | None:
    """Convert the replies to ``getInfo`` and ``getUsedMemory``.

    Args:
        info: Of ``getInfo``.
        used_memory: Of ``getUsedMemory``, in KiB.

    Returns:
        The information; what is missing or malformed is empty. ``None`` if there is none.
    """
    if not isinstance(info, dict):
        return None
    kib = number(used_memory)
    return ServerInfo(
        version=clean(info.get("version"), MAX_INFO_TEXT),
        capabilities=_texts(info.get("capabilities"), MAX_CAPABILITIES),
        memory=max(0, int(kib)) // _KIB_PER_MIB if kib else 0,
        modules=tuple(
            _module(module)
            for module in _items(info.get("modules"), MAX_MODULES)
            if isinstance(module, dict)
        ),
    )


def _module(module: Mapping[str, object]) -> ServerModule:
    return ServerModule(
        name=clean(module.get("name"), MAX_INFO_TEXT),
        version=clean(module.get("version"), MAX_INFO_TEXT),
        generation_time=clean(module.get("generationTime"), MAX_INFO_TEXT),
        factories=_texts(module.get("factories"), MAX_FACTORIES),
    )


def _texts(value: object, limit: int) -> tuple[str, ...]:
    return tuple(
        clean(item, MAX_INFO_TEXT) for item in _items(value, limit) if isinstance(item, str)
    )


def _items(value: object, limit: int) -> list[object]:
    return value[:limit] if isinstance(value, list) else []


def to_load(used: object, count: object) -> float | None:
    """Convert percent of one core, and the number of cores, to percent of the machine.

    A media server sends ``null`` or infinity for an unknown load; that is never 0.
    """
    percent, cpus = number(used), number(count)
    if percent is None or cpus is None:
        return None
    if percent < 0 or not 1 <= cpus <= MOST_CPUS:
        return None
    return min(round(percent / cpus, 2), 100.0)
