"""One emulated Media Node on its address: its server, its connections, and its faults on demand."""

from __future__ import annotations

import base64
import math
from collections import deque
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from mediafleet.emulator.connection import Connection
from mediafleet.emulator.media_server import Fate, MediaServer
from mediafleet.emulator.vitals import Vitals

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from random import Random

    from mediafleet.emulator.media_server import Answer
    from mediafleet.emulator.settings import EmulatorSettings
    from mediafleet.emulator.timetable import Clock, Timer, Timetable

# The real server prints a backtrace before it dies of a segmentation fault.
_CRASH_SILENCE = 0.5


class NodeState(StrEnum):
    """What the process on a node does."""

    RUNNING = "running"
    HUNG = "hung"
    DOWN = "down"


class EmulatedNode:
    """A Media Node that tests and the steering desk can make work, fail and come back.

    Attributes:
        uri: Where clients connect.
        settings: Its configuration.
        state: What its process does.
    """

    __slots__ = (
        "_busy_workers",
        "_clock",
        "_connections",
        "_gc_timer",
        "_handshake_delay",
        "_held_back",
        "_random",
        "_refusing",
        "_replacements",
        "_server",
        "_terminating",
        "_timetable",
        "_vitals",
        "_waiting",
        "settings",
        "state",
        "uri",
    )

    def __init__(
        self,
        uri: str,
        *,
        settings: EmulatorSettings,
        random: Random,
        clock: Clock,
        timetable: Timetable,
    ) -> None:
        self.uri = uri
        self.settings = settings
        self.state = NodeState.RUNNING
        self._random = random
        self._clock = clock
        self._timetable = timetable
        self._vitals = Vitals(settings, random)
        self._server = self._new_server()
        self._connections: dict[Connection, None] = {}
        self._waiting: dict[Connection, None] = {}
        self._held_back: list[Callable[[], None]] = []
        self._replacements: deque[str | bytes] = deque()
        self._gc_timer: Timer | None = None
        self._handshake_delay = 0.0
        self._busy_workers = 0
        self._refusing = False
        self._terminating = False

    def _new_server(self) -> MediaServer:
        return MediaServer(
            settings=self.settings, vitals=self._vitals, random=self._random, clock=self._clock
        )

    # What connections need (see connection.Endpoint)

    @property
    def path(self) -> str:
        """The one path of usable connections."""
        return self.settings.path

    @property
    def handshake_delay(self) -> float:
        """Seconds between a complete request and its answer."""
        return self._handshake_delay

    @property
    def admits(self) -> bool:
        """Whether a new connection is taken at all."""
        return self.state is not NodeState.DOWN and not (self._refusing or self._terminating)

    @property
    def works(self) -> bool:
        """Whether a worker is free; without one not even a handshake is answered."""
        running = self.state is NodeState.RUNNING and not self._terminating
        return running and self._busy_workers < self.settings.threads

    def wait(self, connection: Connection) -> None:
        """Have `work()` of a connection called once there is a worker again."""
        self._waiting[connection] = None

    def attach(self, connection: Connection) -> None:
        """A connection was taken."""
        self._connections[connection] = None

    def detach(self, connection: Connection) -> None:
        """A connection has ended; its session goes on for one to two collector periods."""
        self._connections.pop(connection, None)
        self._waiting.pop(connection, None)
        if self.state is NodeState.HUNG:
            self._held_back.append(partial(self._server.forget, connection))
        else:
            self._server.forget(connection)

    def receive(self, connection: Connection, message: str) -> None:
        """Execute a frame of a client."""
        answer = self._server.process(connection, message)
        if answer.fate is Fate.DROPPED:
            connection.drop()
        elif answer.fate is Fate.CRASHED:
            self._terminating = True
            self._later(_CRASH_SILENCE, self.crash)
        elif answer.delay > 0:
            connection.busy = True
            self._busy_workers += 1
            self._later(answer.delay, partial(self._finish, connection, answer))
        else:
            self._reply(connection, answer)
        self._watch_collector()

    # The inside

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something for the present run of the server; a stopped process does it late."""
        server = self._server

        def act() -> None:
            if server is not self._server:
                return
            if self.state is NodeState.HUNG:
                self._held_back.append(act)
            else:
                action()

        self._timetable.after(seconds, act)

    def _finish(self, connection: Connection, answer: Answer) -> None:
        connection.busy = False
        self._busy_workers -= 1
        if self._terminating:
            self._end_if_idle()
            return
        self._reply(connection, answer)
        connection.work()
        self._wake()

    def _reply(self, connection: Connection, answer: Answer) -> None:
        """Send the reply and the events it caused: before or after it, as the real server does."""
        events = self._server.take_events()
        events_first = bool(events) and self._random.random() < 0.5  # noqa: PLR2004  # a coin
        if events_first:
            self._send_events(events)
        if self._replacements:
            self._send_instead(connection, self._replacements.popleft())
        elif answer.text is not None:
            connection.send(answer.text)
        if not events_first:
            self._send_events(events)

    @staticmethod
    def _send_instead(connection: Connection, frame: str | bytes) -> None:
        if isinstance(frame, str):
            connection.send(frame)
        else:
            connection.send_raw(frame)

    @staticmethod
    def _send_events(events: list[tuple[Hashable, str]]) -> None:
        for target, frame in events:
            if isinstance(target, Connection):
                target.send(frame)

    def _tell(self) -> None:
        """Deliver events nobody's request caused."""
        if self.state is NodeState.RUNNING:
            self._send_events(self._server.take_events())
        self._watch_collector()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for connection in waiting:
            connection.work()

    def _watch_collector(self) -> None:
        due = self._server.next_due
        if due is not None and self._gc_timer is None and self.state is NodeState.RUNNING:
            self._gc_timer = self._timetable.at(due, self._collect)

    def _collect(self) -> None:
        self._gc_timer = None
        if self.state is NodeState.RUNNING:
            self._server.advance()
            self._tell()

    def _end_connections(self) -> None:
        for connection in list(self._connections):
            connection.abort()

    def _end_if_idle(self) -> None:
        if self._busy_workers == 0:
            self.crash()
