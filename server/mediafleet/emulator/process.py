"""The process of one emulated Media Node: its server, its connections, its workers, its death."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from mediafleet.emulator.connection import Connection
from mediafleet.emulator.media_server import Fate, MediaServer
from mediafleet.emulator.node_state import NodeState
from mediafleet.emulator.vitals import Vitals

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.emulator.media_server import Answer
    from mediafleet.emulator.settings import EmulatorSettings
    from mediafleet.scheduler import Scheduler, Timer

# The real server prints a backtrace before it dies of a segmentation fault.
_CRASH_SILENCE = 0.5
_COIN = 0.5


class NodeProcess:
    """What answers at one address; the endpoint of its connections (see `Endpoint`).

    Attributes:
        settings: Its configuration.
        vitals: Its machine.
        server: The present run of the server.
        state: Whether it runs.
        connections: Its open connections (a dict for its order).
        busy_workers: How many `getUsedCpu` calls are running.
        refusing: New connections are closed at once.
        handshake_delay: Seconds between a complete request and its answer.
        replacements: What is sent in place of the next replies.
    """

    __slots__ = (
        "_clock",
        "_collector",
        "_held_back",
        "_random",
        "_scheduler",
        "_terminating",
        "_waiting",
        "busy_workers",
        "connections",
        "handshake_delay",
        "refusing",
        "replacements",
        "server",
        "settings",
        "state",
        "vitals",
    )

    def __init__(
        self, settings: EmulatorSettings, random: Random, clock: Clock, scheduler: Scheduler
    ) -> None:
        self._random = random
        self._clock = clock
        self._scheduler = scheduler
        self.settings = settings
        self.vitals = Vitals(settings, random)
        self.state = NodeState.RUNNING
        self.connections: dict[Connection, None] = {}
        self.refusing = False
        self.handshake_delay = 0.0
        self.replacements: deque[str | bytes] = deque()
        self.server = self._new_server()
        self._waiting: dict[Connection, None] = {}
        self._held_back: list[Callable[[], None]] = []
        self._collector: Timer | None = None
        self.busy_workers = 0
        self._terminating = False

    def _new_server(self) -> MediaServer:
        return MediaServer(
            settings=self.settings, vitals=self.vitals, random=self._random, clock=self._clock
        )

    @property
    def path(self) -> str:
        """The one path of usable connections."""
        return self.settings.path

    @property
    def admits(self) -> bool:
        """Whether a new connection is taken at all."""
        return self.state is not NodeState.DOWN and not (self.refusing or self._terminating)

    @property
    def works(self) -> bool:
        """Whether a worker is free; without one not even a handshake is answered."""
        running = self.state is NodeState.RUNNING and not self._terminating
        return running and self.busy_workers < self.settings.threads

    def wait(self, connection: Connection) -> None:
        """Have `work()` of a connection called once there is a worker again."""
        self._waiting[connection] = None

    def attach(self, connection: Connection) -> None:
        """A connection was taken."""
        self.connections[connection] = None

    def detach(self, connection: Connection) -> None:
        """A connection has ended; its session goes on for one to two collector periods."""
        self.connections.pop(connection, None)
        self._waiting.pop(connection, None)
        self._or_later(partial(self.server.forget, connection))

    def receive(self, connection: Connection, message: str) -> None:
        """Execute a frame of a client."""
        answer = self.server.process(connection, message)
        if answer.fate is Fate.DROPPED:
            connection.drop()
        elif answer.fate is Fate.CRASHED:
            self._terminating = True
            self._later(_CRASH_SILENCE, self.kill)
        elif answer.delay > 0:
            connection.busy = True
            self.busy_workers += 1
            self._later(answer.delay, partial(self._finish, connection, answer))
        else:
            self._reply(connection, answer)
        self.tell()

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after a time, unless this run of the server has ended by then."""
        server = self.server

        def act() -> None:
            if server is self.server and self.state is not NodeState.DOWN:
                self._or_later(action)

        self._scheduler.after(seconds, act)

    def _or_later(self, action: Callable[[], None]) -> None:
        """Do something now; a stopped process does it when it goes on."""
        if self.state is NodeState.HUNG:
            self._held_back.append(action)
        else:
            action()

    def _finish(self, connection: Connection, answer: Answer) -> None:
        """A worker is free again."""
        connection.busy = False
        self.busy_workers -= 1
        if self._terminating:
            self.terminate()
            return
        self._reply(connection, answer)
        connection.work()
        self._wake()

    def _reply(self, connection: Connection, answer: Answer) -> None:
        """Send the reply and the events it caused, in either order: the real server does both."""
        if self._random.random() < _COIN:
            self._send_events()
        if self.replacements:
            connection.write(self.replacements.popleft())
        elif answer.text is not None:
            connection.send(answer.text)
        self._send_events()

    def _send_events(self) -> None:
        for target, frame in self.server.take_events():
            if isinstance(target, Connection):
                target.send(frame)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for connection in waiting:
            connection.work()

    def tell(self) -> None:
        """Deliver events that no reply of this moment carries, and see when the next are due."""
        if self.state is not NodeState.RUNNING:
            return
        self._send_events()
        due = self.server.next_due
        if due is not None and self._collector is None:
            self._collector = self._scheduler.at(due, self._collect)

    def _collect(self) -> None:
        self._collector = None
        if self.state is NodeState.RUNNING:
            self.server.advance()
            self.tell()

    def inject(self, frame: str | bytes) -> None:
        """Send something nobody asked for on every open connection."""
        for connection in list(self.connections):
            if connection.is_open:
                connection.write(frame)

    def stop(self) -> None:
        """SIGSTOP: the kernel still takes connections, nothing is answered; only if it runs."""
        if self.state is NodeState.RUNNING:
            self.state = NodeState.HUNG
            for connection in self.connections:
                connection.freeze()

    def go_on(self) -> None:
        """SIGCONT: what came in meanwhile is answered now; only if it was stopped."""
        if self.state is not NodeState.HUNG:
            return
        self.state = NodeState.RUNNING
        self.server.slept()
        held_back, self._held_back = self._held_back, []
        for action in held_back:
            action()
        self._waiting.clear()
        for connection in list(self.connections):
            connection.work()
        self.tell()

    def kill(self) -> None:
        """SIGKILL: every connection ends without a Close frame; what was unsent is lost."""
        self.state = NodeState.DOWN
        self._terminating = False
        self.busy_workers = 0
        self._held_back.clear()
        if self._collector is not None:
            self._collector.cancel()
            self._collector = None
        self.drop_connections()

    def terminate(self) -> None:
        """SIGTERM: the same, but only after running `getUsedCpu` calls, whose replies are lost."""
        self._terminating = True
        if self.busy_workers == 0:
            self.kill()

    def start(self) -> None:
        """A new process with a new server id and nothing in it; a running one is killed first."""
        self.kill()
        self.server = self._new_server()
        self.state = NodeState.RUNNING

    def drop_connections(self) -> None:
        """End every connection without a Close frame."""
        for connection in list(self.connections):
            connection.abort()
