"""The handle of one emulated Media Node: what tests and the control server call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.emulator.node_state import NodeState
    from mediafleet.emulator.process import NodeProcess


class EmulatedNode:
    """A Media Node that can be made to work, to fail and to come back.

    Attributes:
        index: Its number in the cluster, from 0.
        uri: Where clients connect.
    """

    __slots__ = ("_process", "index", "uri")

    def __init__(self, index: int, uri: str, process: NodeProcess) -> None:
        self.index = index
        self.uri = uri
        self._process = process

    @property
    def server_id(self) -> str:
        """The id of the present run of its server; another one after every restart."""
        return self._process.server.server_id

    @property
    def state(self) -> NodeState:
        """Whether its process runs, hangs or is down."""
        return self._process.state

    @property
    def connection_count(self) -> int:
        """How many TCP connections it has now."""
        return len(self._process.connections)

    @property
    def busy_workers(self) -> int:
        """How many `getUsedCpu` calls it is in; with as many as `threads` it is mute."""
        return self._process.busy_workers

    @property
    def pipelines(self) -> dict[str, str]:
        """The names of its pipelines by object id."""
        return {found.id: found.name for found in self._process.server.registry.pipelines()}

    @property
    def sessions(self) -> list[str]:
        """The sessions its server knows, "" (the one of `getPipelines`) among them."""
        return sorted(self._process.server.registry.sessions)

    def holders(self, object_id: str) -> list[str]:
        """The sessions that keep an object alive; empty if there is no such object."""
        found = self._process.server.registry.objects.get(object_id)
        return [] if found is None else sorted(found.holders)

    def set_load(self, percent_of_one_core: float | None) -> None:
        """Fix what `getUsedCpu` answers.

        Args:
            percent_of_one_core: Up to 100 times the cores on a real machine, but anything is
                taken. None is answered as null, infinity as 1e+9999.
        """
        self._process.vitals.load = percent_of_one_core

    def set_cpu_count(self, count: int) -> None:
        """Change what `getCpuCount` answers."""
        self._process.vitals.cpu_count = count

    def set_limits(self, *, threads: int | None = None, files: int | None = None) -> None:
        """Refuse `create` with 40009 above a number of threads or open files; None is no limit."""
        self._process.vitals.threads_limit = threads
        self._process.vitals.files_limit = files

    def create_pipeline(self, name: str | None = None, elements: int = 0) -> str:
        """Make a pipeline as some application would that stays connected.

        Args:
            name: Its name; None leaves the id.
            elements: How many PassThrough elements it gets.

        Returns:
            Its object id. On a hung node its events come when it goes on.
        """
        object_id = self._process.server.create_pipeline(name, elements)
        self._process.tell()
        return object_id

    def release_pipeline(self, object_id: str) -> None:
        """Destroy an object, whoever made it; an unknown one is no error."""
        self._process.server.registry.release(object_id)
        self._process.tell()

    def hang(self) -> None:
        """Like SIGSTOP: TCP connections are still taken, nothing is answered any more."""
        self._process.stop()

    def resume(self) -> None:
        """Like SIGCONT after `hang`: what came in meanwhile is answered now."""
        self._process.go_on()

    def crash(self) -> None:
        """Like SIGKILL: connections end without a Close frame, new ones are refused."""
        self._process.kill()

    def terminate(self) -> None:
        """Like SIGTERM: as a crash, but after the `getUsedCpu` calls that are running."""
        self._process.terminate()

    def restart(self) -> None:
        """Start the server again (killing it if it runs): new `server_id`, no objects."""
        self._process.start()

    def refuse(self) -> None:
        """Reset new connections at once; open ones go on."""
        self._process.refusing = True

    def accept(self) -> None:
        """Take new connections again after `refuse`."""
        self._process.refusing = False

    def slow_handshake(self, seconds: float) -> None:
        """Answer requests for a WebSocket so many seconds late; 0 ends it."""
        self._process.handshake_delay = seconds

    def malformed(self, frames: Sequence[str | bytes]) -> None:
        """Send these in place of the next replies, one for one.

        Args:
            frames: Text is sent as a text frame; bytes are written as they are, without a frame
                around them (so b"" just swallows a reply).
        """
        self._process.replacements.extend(frames)

    def inject(self, frame: str | bytes) -> None:
        """Send something on every open connection at once, as `malformed` would."""
        self._process.inject(frame)

    def disconnect(self) -> None:
        """End every connection without a Close frame; the server and its sessions go on."""
        self._process.drop_connections()

    def silent_drop(self) -> None:
        """Let the present connections go dead without ending them, like a cut cable."""
        for connection in list(self._process.connections):
            connection.dead = True
