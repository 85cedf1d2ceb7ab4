"""One emulated Media Node: its server, its connections, its workers, and the faults it can have."""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mediafleet.emulator.connection import Connection
from mediafleet.emulator.json_text import InvalidFrameError
from mediafleet.emulator.media import MediaPort
from mediafleet.emulator.media_server import MediaServer
from mediafleet.emulator.rpc_errors import ServerCrashError
from mediafleet.emulator.settings import ResourceStats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.media_server import Reply
    from mediafleet.emulator.settings import EmulatorSettings
    from mediafleet.scheduler import Scheduler, Timer

# The real server prints a backtrace before a segmentation fault ends it.
_CRASH_DELAY_S: Final = 0.5
_EVENTS_FIRST: Final = 0.5
"""The probability that the events of a request are sent before its reply."""


class NodeState(StrEnum):
    """The state of the process on a node: running, stopped or ended."""

    RUNNING = "running"
    HUNG = "hung"
    DOWN = "down"


class EmulatedNode:
    """A Media Node whose load, sessions and faults a test sets.

    Attributes:
        index: Its number in the cluster, from 0.
        uri: Where clients connect.
        settings: Its settings.
        state: The state of its process.
        busy_workers: The number of running `getUsedCpu` calls; with as many as `threads` the node
            does not respond.
        handshake_delay: Seconds between a complete request for a WebSocket and its response.
    """

    def __init__(
        self,
        *,
        index: int,
        uri: str,
        settings: EmulatorSettings,
        random: Random,
        clock: Clock,
        scheduler: Scheduler,
    ) -> None:
        self.index = index
        self.uri = uri
        self.settings = settings
        self.state = NodeState.RUNNING
        self.busy_workers = 0
        self.handshake_delay = 0.0
        self._random = random
        self._clock = clock
        self._scheduler = scheduler
        self._resources = ResourceStats(settings, random)
        self._server = self._new_server()
        # Ordered sets.
        self._connections: dict[Connection, None] = {}
        self._waiting: dict[Connection, None] = {}
        self._deferred: list[Callable[[], None]] = []
        self._collector: Timer | None = None
        self._is_refusing = False
        self._is_terminating = False
        self._replacements: deque[str | bytes] = deque()

    def _new_server(self) -> MediaServer:
        media = MediaPort(
            urlsplit(self.uri).hostname or "",
            clock=self._clock,
            scheduler=self._scheduler,
            on_events=self._send_events,
        )
        return MediaServer(
            settings=self.settings,
            resources=self._resources,
            random=self._random,
            clock=self._clock,
            media=media if self.settings.media else None,
        )

    @property
    def server_id(self) -> str:
        """The id of the current run of its server; every restart changes it."""
        return self._server.server_id

    @property
    def connection_count(self) -> int:
        """The number of its TCP connections."""
        return len(self._connections)

    @property
    def pipelines(self) -> dict[str, str]:
        """The names of its pipelines by object id."""
        return {found.id: found.name for found in self._server.registry.pipelines()}

    @property
    def sessions(self) -> list[str]:
        """The ids of its sessions, including "" (the session of `getPipelines`)."""
        return sorted(self._server.registry.sessions)

    def holders(self, object_id: str) -> list[str]:
        """The sessions that reference an object; empty if there is no such object."""
        found = self._server.registry.objects.get(object_id)
        return [] if found is None else sorted(found.holders)

    # What tests set.

    def set_load(self, percent_of_one_core: float | None) -> None:
        """Set the result of `getUsedCpu`.

        Args:
            percent_of_one_core: On a real machine at most 100 times the number of cores, but
                every number is accepted. None is sent as null, infinity as 1e+9999.
        """
        self._resources.load = percent_of_one_core

    def set_cpu_count(self, count: int) -> None:
        """Set the result of `getCpuCount`."""
        self._resources.cpu_count = count

    def set_limits(self, *, threads: int | None = None, files: int | None = None) -> None:
        """Reject `create` with 40009 above a number of threads or open files; None is no limit."""
        self._resources.threads_limit = threads
        self._resources.files_limit = files

    def create_pipeline(self, name: str | None = None, elements: int = 0) -> str:
        """Create a pipeline as an application would that stays connected.

        Args:
            name: Its name; None leaves the id.
            elements: The number of PassThrough elements in it.

        Returns:
            Its object id. A hung node sends the events when it resumes.
        """
        object_id = self._server.create_pipeline(name, elements)
        self._send_events()
        return object_id

    def release_pipeline(self, object_id: str) -> None:
        """Destroy an object, in whatever session; an unknown id is no error."""
        self._server.registry.release(object_id)
        self._send_events()

    def raise_error(self, object_id: str, kind: str, description: str) -> None:
        """Emit the event Error of an object; an unknown id is no error.

        Args:
            object_id: The object.
            kind: The type of the error, such as INVALID_URI.
            description: Its text.
        """
        found = self._server.registry.objects.get(object_id)
        if found is not None:
            data: dict[str, Json] = {"description": description, "errorCode": 0, "type": kind}
            self._server.registry.emit(found, "Error", data)
        self._send_events()

    def hang(self) -> None:
        """Like SIGSTOP: connections are accepted, but nothing is answered; only if it runs."""
        if self.state is NodeState.RUNNING:
            self.state = NodeState.HUNG
            if self._server.media is not None:
                self._server.media.pause()
            for connection in self._connections:
                connection.pause()

    def resume(self) -> None:
        """Like SIGCONT: process the input received since `hang`; only if it hangs."""
        if self.state is not NodeState.HUNG:
            return
        self.state = NodeState.RUNNING
        self._server.skip_missed_collections()
        if self._server.media is not None:
            self._server.media.resume()
        deferred, self._deferred = self._deferred, []
        for action in deferred:
            action()
        self._waiting.clear()
        for connection in list(self._connections):
            connection.process_input()
        self._send_events()

    def crash(self) -> None:
        """Like SIGKILL: connections end without a Close frame, and new ones are refused."""
        self.state = NodeState.DOWN
        self._is_terminating = False
        self.busy_workers = 0
        self._deferred.clear()
        if self._server.media is not None:
            self._server.media.close()
        if self._collector is not None:
            self._collector.cancel()
            self._collector = None
        self.disconnect()

    def terminate(self) -> None:
        """Like SIGTERM: crash after the running `getUsedCpu` calls, without their replies."""
        self._is_terminating = True
        if self.busy_workers == 0:
            self.crash()

    def restart(self) -> None:
        """Start a new server without objects and with a new id; a running one crashes first."""
        self.crash()
        self._server = self._new_server()
        self.state = NodeState.RUNNING

    def refuse(self) -> None:
        """Reset new connections; open ones stay."""
        self._is_refusing = True

    def accept(self) -> None:
        """Accept new connections again after `refuse`."""
        self._is_refusing = False

    def slow_handshake(self, seconds: float) -> None:
        """Delay the responses to requests for a WebSocket; 0 disables it."""
        self.handshake_delay = seconds

    def malformed(self, frames: Sequence[str | bytes]) -> None:
        """Send these instead of the next replies, one for one.

        Args:
            frames: Text is sent as a text frame; bytes are written unchanged, without a frame
                around them (so b"" suppresses a reply).
        """
        self._replacements.extend(frames)

    def inject(self, frame: str | bytes) -> None:
        """Send something on every open connection at once, as `malformed` would."""
        for connection in list(self._connections):
            if connection.is_open:
                connection.write(frame)

    def disconnect(self) -> None:
        """Close every connection without a Close frame; the server and its sessions stay."""
        for connection in list(self._connections):
            connection.abort()

    def cut_connections(self) -> None:
        """Keep the open connections open, but neither read nor write on them."""
        for connection in self._connections:
            connection.is_cut = True

    # What its connections need.

    @property
    def accepts_connections(self) -> bool:
        """Whether a new connection is accepted."""
        return self.state is not NodeState.DOWN and not (self._is_refusing or self._is_terminating)

    @property
    def is_ready(self) -> bool:
        """Whether a worker is idle; without one not even a handshake is answered."""
        is_running = self.state is NodeState.RUNNING and not self._is_terminating
        return is_running and self.busy_workers < self.settings.threads

    def call_when_ready(self, connection: Connection) -> None:
        """Call `process_input()` of a connection once a worker is idle."""
        self._waiting[connection] = None

    def attach(self, connection: Connection) -> None:
        """Add an accepted connection."""
        self._connections[connection] = None

    def detach(self, connection: Connection) -> None:
        """Remove a closed connection; its session stays for one to two collector periods."""
        self._connections.pop(connection, None)
        self._waiting.pop(connection, None)
        self._run_or_defer(partial(self._server.disconnect, connection))

    def receive(self, connection: Connection, message: str) -> None:
        """Execute a request of a client."""
        try:
            reply = self._server.process(connection, message)
        except InvalidFrameError:
            connection.end()
        except ServerCrashError:
            self._is_terminating = True
            self._after(_CRASH_DELAY_S, self.crash)
        else:
            if reply.delay > 0:
                connection.is_busy = True
                self.busy_workers += 1
                self._after(reply.delay, partial(self._finish, connection, reply))
            else:
                self._send_reply(connection, reply)
        self._send_events()

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        """Run an action after a time, unless this run of the server has ended by then."""
        server = self._server

        def act() -> None:
            if server is self._server and self.state is not NodeState.DOWN:
                self._run_or_defer(action)

        self._scheduler.after(seconds, act)

    def _run_or_defer(self, action: Callable[[], None]) -> None:
        """Run an action now; while the node hangs, when it resumes."""
        if self.state is NodeState.HUNG:
            self._deferred.append(action)
        else:
            action()

    def _finish(self, connection: Connection, reply: Reply) -> None:
        """Send a delayed reply; its worker is idle again."""
        connection.is_busy = False
        self.busy_workers -= 1
        if self._is_terminating:
            self.terminate()
            return
        self._send_reply(connection, reply)
        connection.process_input()
        waiting, self._waiting = self._waiting, {}
        for other in waiting:
            other.process_input()

    def _send_reply(self, connection: Connection, reply: Reply) -> None:
        """Send a reply and the events of its request, in either order, as the real server does."""
        if self._random.random() < _EVENTS_FIRST:
            self._write_events()
        if self._replacements:
            connection.write(self._replacements.popleft())
        else:
            connection.send(reply.text)
        self._write_events()

    def _write_events(self) -> None:
        for target, frame in self._server.take_events():
            if isinstance(target, Connection):
                target.send(frame)

    def _send_events(self) -> None:
        """Send the pending events and schedule the garbage collector; only if the node runs."""
        if self.state is not NodeState.RUNNING:
            return
        self._write_events()
        due = self._server.next_due
        if due is not None and self._collector is None:
            self._collector = self._scheduler.at(due, self._collect)

    def _collect(self) -> None:
        self._collector = None
        if self.state is NodeState.RUNNING:
            self._server.advance()
            self._send_events()
