"""One run of an emulated Kurento server, without I/O: frames in, frames out, on a given clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from mediafleet.emulator.dispatcher import Dispatcher, RequestCache
from mediafleet.emulator.json_text import InvalidFrameError, parse, write
from mediafleet.emulator.media_links import update_links
from mediafleet.emulator.methods import session_in
from mediafleet.emulator.object_types import MEDIA_PIPELINE, PASS_THROUGH
from mediafleet.emulator.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Hashable
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.media import MediaPort
    from mediafleet.emulator.settings import EmulatorSettings, ResourceStats

_MARKS_PER_PERIOD: Final = 4
"""How often in a period of the garbage collector the sessions of open connections are marked."""


class Reply(NamedTuple):
    """The reply to a frame.

    Attributes:
        text: Its text.
        delay: Seconds for which the connection and one worker are busy before the reply.
    """

    text: str
    delay: float


class Bindings:
    """A one-to-one relation between sessions and connections; the last binding wins."""

    def __init__(self) -> None:
        self._connections: dict[str, Hashable] = {}
        self._sessions: dict[Hashable, str] = {}

    def bind(self, session_id: str, connection: Hashable) -> None:
        """Bind a session to a connection; this removes the previous bindings of both."""
        previous = self._connections.get(session_id)
        if previous is not None and previous != connection:
            self._sessions.pop(previous, None)
        old_session = self._sessions.get(connection)
        if old_session is not None and old_session != session_id:
            self._connections.pop(old_session, None)
        self._connections[session_id] = connection
        self._sessions[connection] = session_id

    def remove(self, connection: Hashable) -> None:
        """Remove a closed connection; its session stays."""
        session_id = self._sessions.pop(connection, None)
        if session_id is not None:
            self._connections.pop(session_id, None)

    def session_of(self, connection: Hashable) -> str:
        """The session of a connection; "" if it has none."""
        return self._sessions.get(connection, "")

    def connection_of(self, session_id: str) -> Hashable | None:
        """The connection to which the events of a session go; None discards them."""
        return self._connections.get(session_id)

    def sessions(self) -> list[str]:
        """All sessions with an open connection."""
        return list(self._connections)


class MediaServer:
    """A server process; a restart creates a new one.

    Attributes:
        registry: Its objects and sessions.
        settings: Its configuration.
        resources: The resources of its machine.
        server_id: Its id; clients detect a restart by a new id.
        clock: Its source of time.
        media: Its UDP port; None for a server without media.
    """

    def __init__(
        self,
        *,
        settings: EmulatorSettings,
        resources: ResourceStats,
        random: Random,
        clock: Clock,
        media: MediaPort | None = None,
    ) -> None:
        self.settings: EmulatorSettings = settings
        self.resources: ResourceStats = resources
        self.media: MediaPort | None = media
        self._random = random
        self.clock: Clock = clock
        self.registry: Registry = Registry(new_id=self.new_id, clock=clock)
        cache = RequestCache(clock.monotonic) if settings.request_cache else None
        self._dispatcher = Dispatcher(self, cache)
        self._bindings = Bindings()
        self._delay = 0.0
        self._endpoints = 0
        self._started = clock.monotonic()
        self._marks = 0
        self._application = ""
        self.server_id = self.new_id()

    def next_endpoint_number(self) -> int:
        """The number of a new endpoint, from 0, as it appears in some events."""
        self._endpoints += 1
        return self._endpoints - 1

    def new_id(self) -> str:
        """A new UUID, from the given source of randomness."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def delay_reply(self, seconds: float) -> None:
        """Delay the reply to the current request; its worker and connection are busy meanwhile."""
        self._delay += seconds

    def process(self, connection: Hashable, frame: str) -> Reply:
        """Execute one frame of a client.

        Args:
            connection: Identifies the connection of the client.
            frame: Its text.

        Raises:
            InvalidFrameError: The real server ends the connection.
            ServerCrashError: The real server crashes.
        """
        self.advance()
        self._delay = 0.0
        session = self._bindings.session_of(connection)
        try:
            request = _with_session(parse(frame), session)
            reply = self._dispatcher.handle(request)
        except RecursionError as error:
            raise InvalidFrameError("nested too deeply") from error
        self._bind(connection, reply, session)
        return Reply("" if reply is None else write(reply), self._delay)

    def _bind(self, connection: Hashable, reply: dict[str, Json] | None, session: str) -> None:
        """Bind the session of a successful reply to the connection; an error binds none."""
        if reply is not None and "error" in reply:
            return
        named = session_in(reply.get("result")) if reply is not None else None
        bound = session if named is None else named
        if bound:
            self._bindings.bind(bound, connection)
            self.registry.mark(bound)

    def disconnect(self, connection: Hashable) -> None:
        """Remove a closed connection."""
        self.advance()
        self._bindings.remove(connection)

    def take_events(self) -> list[tuple[Hashable, str]]:
        """Remove the pending events; each with its connection, in order."""
        relinked, self.registry.relinked = self.registry.relinked, set()
        for pipeline in relinked:
            update_links(self.registry, pipeline)
        events, self.registry.events = self.registry.events, []
        targets = ((self._bindings.connection_of(session), frame) for session, frame in events)
        return [(target, frame) for target, frame in targets if target is not None]

    def create_pipeline(self, name: str | None, elements: int) -> str:
        """Create a pipeline as a connected application would.

        Args:
            name: Its name; None leaves the id.
            elements: The number of PassThrough elements in it.

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
        """Run the garbage collector up to the current time."""
        now = self.clock.monotonic()
        while (due := self.next_due) is not None and due <= now:
            self._marks += 1
            if self._marks % _MARKS_PER_PERIOD == 0:
                self.registry.collect()
            for session_id in self._bindings.sessions():
                self.registry.mark(session_id)
        if not self.registry.sessions:
            self._marks = int((now - self._started) / self._mark_period)

    @property
    def _mark_period(self) -> float:
        return self.settings.garbage_collector_period / _MARKS_PER_PERIOD

    @property
    def next_due(self) -> float | None:
        """The monotonic time of the next step of the collector; None without sessions."""
        if not self.registry.sessions:
            return None
        return self._started + (self._marks + 1) * self._mark_period

    def skip_missed_collections(self) -> None:
        """Run a step that was missed while the process was stopped once, not several times."""
        due = self.next_due
        if due is not None:
            self._started += max(0.0, self.clock.monotonic() - due)


def _with_session(request: Json, session: str) -> Json:
    """The request with the session of the connection, if it contains none.

    Raises:
        InvalidFrameError: The frame or its `params` is not an object.
    """
    if not session:
        return request
    if request is None:
        return {}
    if not isinstance(request, dict):
        raise InvalidFrameError
    params = request.get("params")
    if params is not None and not isinstance(params, dict):
        raise InvalidFrameError
    if session_in(params) is not None:
        return request
    return {**request, "params": {**(params or {}), "sessionId": session}}
