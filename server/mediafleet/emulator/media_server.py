"""One run of an emulated Kurento server, without I/O: frames in, frames out, on a passed clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING
from uuid import UUID

from mediafleet.emulator import rpc_errors
from mediafleet.emulator.bindings import Bindings
from mediafleet.emulator.dispatcher import Dispatcher
from mediafleet.emulator.json_text import NotJsonError, parse, write
from mediafleet.emulator.methods import session_in
from mediafleet.emulator.object_types import MEDIA_PIPELINE, PASS_THROUGH
from mediafleet.emulator.registry import Registry
from mediafleet.emulator.request_cache import RequestCache

if TYPE_CHECKING:
    from collections.abc import Hashable
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.settings import EmulatorSettings
    from mediafleet.emulator.vitals import Vitals

# Open connections are looked at so many times in one period of the garbage collector.
_LOOKS = 4


class Fate(Enum):
    """What becomes of a connection after a frame."""

    OPEN = auto()
    DROPPED = auto()
    """The connection ends without a reply and without a Close frame."""
    CRASHED = auto()
    """The whole server ends."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a frame leads to.

    Attributes:
        text: The reply; None if there is none.
        fate: What becomes of the connection.
        delay: Seconds for which the connection and one worker are held before the reply.
    """

    text: str | None = None
    fate: Fate = Fate.OPEN
    delay: float = 0.0


class MediaServer:
    """A server process from start to end; a restart is a new one.

    Attributes:
        registry: Its objects and sessions.
        settings: Its configuration.
        vitals: Its machine.
        server_id: New for every run; clients tell a restart by it.
    """

    __slots__ = (
        "_application",
        "_bindings",
        "_blocked",
        "_clock",
        "_dispatcher",
        "_looks",
        "_random",
        "_started",
        "registry",
        "server_id",
        "settings",
        "vitals",
    )

    def __init__(
        self, *, settings: EmulatorSettings, vitals: Vitals, random: Random, clock: Clock
    ) -> None:
        self.settings = settings
        self.vitals = vitals
        self._random = random
        self._clock = clock
        self.registry = Registry(new_id=self.new_id, clock=clock)
        cache = RequestCache(clock.monotonic) if settings.request_cache else None
        self._dispatcher = Dispatcher(self, cache)
        self._bindings: Bindings[Hashable] = Bindings()
        self._blocked = 0.0
        self._started = clock.monotonic()
        self._looks = 0
        self._application = ""
        self.server_id = self.new_id()

    def new_id(self) -> str:
        """A fresh UUID, drawn from the passed source of randomness."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def block(self, seconds: float) -> None:
        """Hold the worker and the connection of the present request for so long."""
        self._blocked += seconds

    def process(self, connection: Hashable, frame: str) -> Answer:
        """Execute one frame of a client.

        Args:
            connection: Whatever stands for the connection it came on.
            frame: Its text.
        """
        self.advance()
        self._blocked = 0.0
        session = self._bindings.session_of(connection)
        try:
            request = _with_session(parse(frame), session)
            reply = self._dispatcher.handle(request)
        except rpc_errors.ServerCrashError:
            return Answer(fate=Fate.CRASHED)
        except (NotJsonError, RecursionError):
            return Answer(fate=Fate.DROPPED)
        self._bind(connection, reply, session)
        text = "" if reply is None else write(reply)
        return Answer(text, delay=self._blocked)

    def _bind(self, connection: Hashable, reply: dict[str, Json] | None, session: str) -> None:
        """A successful reply binds the session it names; an error binds none."""
        if reply is not None and "error" in reply:
            return
        named = session_in(reply.get("result")) if reply is not None else None
        bound = session if named is None else named
        if bound:
            self._bindings.bind(bound, connection)
            self.registry.mark(bound)

    def forget(self, connection: Hashable) -> None:
        """A connection was closed."""
        self.advance()
        self._bindings.forget(connection)

    def take_events(self) -> list[tuple[Hashable, str]]:
        """Events to send since the last call, with the connections they go to, in order."""
        news, self.registry.news = self.registry.news, []
        targets = ((self._bindings.connection_of(session), frame) for session, frame in news)
        return [(target, frame) for target, frame in targets if target is not None]

    def create_pipeline(self, name: str | None, elements: int) -> str:
        """Make a pipeline as a connected application would.

        Args:
            name: Its name; None leaves the id.
            elements: How many PassThrough elements it gets.

        Returns:
            Its object id.
        """
        self.advance()
        if not self._application:
            self._application = self.new_id()
            self._bindings.bind(self._application, "application")
        pipeline = self.registry.create(MEDIA_PIPELINE, None, self._application)
        pipeline.name = name or pipeline.id
        for _ in range(elements):
            self.registry.create(PASS_THROUGH, pipeline, self._application)
        return pipeline.id

    def advance(self) -> None:
        """Do what the garbage collector had to do until now."""
        now = self._clock.monotonic()
        while (due := self.next_due) is not None and due <= now:
            self._looks += 1
            if self._looks % _LOOKS == 0:
                self.registry.collect()
            for session_id in self._bindings.sessions():
                self.registry.mark(session_id)
        if not self.registry.sessions:
            self._looks = int((now - self._started) / self._look_period)

    @property
    def _look_period(self) -> float:
        return self.settings.garbage_collector_period / _LOOKS

    @property
    def next_due(self) -> float | None:
        """When `advance` has something to do, on the monotonic clock; None without sessions."""
        if not self.registry.sessions:
            return None
        return self._started + (self._looks + 1) * self._look_period

    def slept(self) -> None:
        """The process was stopped until now: what it missed happens once, now, not many times."""
        due = self.next_due
        if due is not None:
            self._started += max(0.0, self._clock.monotonic() - due)


def _with_session(request: Json, session: str) -> Json:
    """The request with the connection's session, if it names none of its own.

    Raises:
        NotJsonError: The frame or its `params` is no object; the real server dies on it halfway
            and drops the connection.
    """
    if not session:
        return request
    if request is None:
        return {}
    if not isinstance(request, dict):
        raise NotJsonError
    params = request.get("params")
    if params is not None and not isinstance(params, dict):
        raise NotJsonError
    if session_in(params) is not None:
        return request
    return {**request, "params": {**(params or {}), "sessionId": session}}
