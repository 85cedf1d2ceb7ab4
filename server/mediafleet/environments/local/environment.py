"""The environment `local`: Media Nodes are processes of this machine."""

from __future__ import annotations

import logging
import math
import signal
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from typing_extensions import override

from mediafleet.domain.endpoints import MediaServerUri
from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import Machine, MachineRequest
from mediafleet.domain.ports import Environment
from mediafleet.environments.common import in_thread
from mediafleet.environments.local import processes
from mediafleet.environments.local.launch import EMULATOR, OUTPUT, Folders, command_line, place_for
from mediafleet.environments.local.processes import Mark, Owner, held, read_process
from mediafleet.supervise import Loop, accomplish, supervise

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from mediafleet.domain.media_node import MediaNode
    from mediafleet.environments.local.launch import LocalSettings
    from mediafleet.environments.local.processes import MarkedProcess


_LOOK_AGAIN_S = 0.05
_CONNECT_S = 1.0
_LAST_WAIT_S = 5.0


log = logging.getLogger(__name__)
NAME = "local"
_CUT_EVERY_S = 10.0


class Watch:
    """Waits for the end of a process, and reaps it if it is a child.

    Attributes:
        process: The process.
        ended: Set when it has ended.
    """

    def __init__(self, process: MarkedProcess) -> None:
        self.process = process
        self.ended = anyio.Event()
        self._status: int | None = None

    async def run(self) -> None:
        """Return when the process has ended.

        Raises:
            OSError: It could not be watched.
        """
        with held(self.process) as handle:
            if handle is not None:
                await handle.ended()
                self._status = handle.reap()
        self.ended.set()

    @property
    def outcome(self) -> str:
        """What happened to it; completes a sentence that begins with its name."""
        if not self.ended.is_set():
            return "took too long"
        if self._status is None:
            return "ended"
        if self._status < 0:
            return f"was ended by signal {-self._status}"
        return f"ended with status {self._status}"


async def until_ready(watch: Watch, limit: float) -> bool:
    """Wait until a process listens on its uri; return whether it does.

    Raises:
        EnvironmentFailureError: It listens, but hides its mark.
    """
    listens = hides = False
    with anyio.move_on_after(limit):
        async with anyio.create_task_group() as race:

            async def give_up_at_its_end() -> None:
                await watch.ended.wait()
                race.cancel_scope.cancel()

            race.start_soon(give_up_at_its_end, name="end of a launch")
            await _until_it_listens(watch.process.mark.uri)
            hides = await _hides_its_mark(watch.process)
            listens = True
            race.cancel_scope.cancel()
    if hides and not watch.ended.is_set():
        detail = "the process hides its environment, so that it could not be found again"
        raise EnvironmentFailureError("local", "launch", detail)
    return listens and not watch.ended.is_set()


async def _until_it_listens(uri: str) -> None:
    place = MediaServerUri.parse(uri)
    while True:
        with anyio.move_on_after(_CONNECT_S):
            try:
                stream = await anyio.connect_tcp(place.host, place.port)
            except OSError:
                await anyio.sleep(_LOOK_AGAIN_S)
            else:
                await anyio.aclose_forcefully(stream)
                return


async def _hides_its_mark(process: MarkedProcess) -> bool:
    while True:
        try:
            return read_process(process.pid) is None
        except OSError:
            await anyio.sleep(_LOOK_AGAIN_S)


async def end_all(
    find: Callable[[], Awaitable[Sequence[MarkedProcess]]], number: signal.Signals
) -> None:
    """Signal all found processes and wait for their end; repeat until none is found.

    Raises:
        OSError: A process could not be signalled.
    """
    while found := await find():
        with ExitStack() as stack:
            handles = [stack.enter_context(held(process)) for process in found]
            for handle in handles:
                if handle is not None:
                    handle.send(number)
            for handle in handles:
                if handle is not None:
                    await handle.ended()


class Local(Environment):
    """Runs Media Nodes as processes of the server's user.

    A process is identified by the mark in its environment, which it has from its start. A server
    that was killed finds all its processes again without records. Each process has a session of
    its own and outlives the server.
    """

    name = NAME
    launches_machines = True
    ends_with_server = True
    sees_every_end = True

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._folders = Folders(settings.directory)
        self._starting = anyio.Lock()
        self._watches: dict[MarkedProcess, Watch] = {}
        self._on_end: Callable[[str, str], None] | None = None
        self._outputs = Loop("outputs of local nodes", anyio.current_time, stall_s=math.inf)

    @property
    @override
    def problem(self) -> str | None:
        return self._outputs.problem

    @override
    def on_machine_end(self, report: Callable[[str, str], None]) -> None:
        self._on_end = report

    @override
    @asynccontextmanager
    async def open(self, cluster_id: str) -> AsyncIterator[None]:
        await in_thread(NAME, "find processes", processes.check_machine)
        if self._settings.command == EMULATOR:
            log.warning("local nodes are emulated")
        self._owner = Owner(cluster_id, str(self._settings.directory.resolve()))
        async with anyio.create_task_group() as self._tasks:
            self._watch_running(await in_thread(NAME, "find processes", processes.find_all))
            self._tasks.start_soon(
                supervise, self._outputs, self._bound_outputs, name=self._outputs.name
            )
            yield
            self._tasks.cancel_scope.cancel()

    @override
    async def launch(self, request: MachineRequest) -> Machine:
        async with self._starting:  # so that the number of running nodes is counted correctly
            started = await in_thread(NAME, "launch", self._find_or_start, request.node_id)
            watch = self._watched(started)
        try:
            await self._until_ready(watch)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._clean_up(request.node_id)
            raise
        return _machine(watch.process)

    @override
    async def terminate(self, node: MediaNode) -> None:
        timeouts = {signal.SIGTERM: self._settings.grace, signal.SIGKILL: _LAST_WAIT_S}
        if left := await self._end(node.id, timeouts):
            pids = ", ".join(str(each.pid) for each in left)
            raise EnvironmentFailureError(NAME, "terminate", f"process {pids} survives SIGKILL")
        await in_thread(NAME, "terminate", self._folders.remove, node.id)

    @override
    async def discover(self) -> Sequence[Machine]:
        running = await in_thread(NAME, "find processes", self._running)
        return [_machine(found[0]) for found in running.values()]

    @override
    def may_have_made(self, environment_id: str) -> bool:
        return processes.ENVIRONMENT_ID.fullmatch(environment_id) is not None

    def _running(self) -> Mapping[str, Sequence[MarkedProcess]]:
        """Return this server's processes by node; the oldest is the media server or its parent."""
        running: dict[str, list[MarkedProcess]] = {}
        for process in processes.find_all():
            if process.mark.owner == self._owner:
                running.setdefault(process.mark.node_id, []).append(process)
        return running

    def _find_or_start(self, node_id: str) -> MarkedProcess:
        running = self._running()
        if node_id in running:
            return running[node_id][0]
        if len(running) >= self._settings.max_nodes:
            raise EnvironmentFailureError(
                NAME,
                "launch",
                f"{len(running)} Media Nodes run on this machine, and "
                f"MEDIAFLEET_LOCAL_MAX_NODES={self._settings.max_nodes} allows no more",
            )
        place = place_for(self._owner, node_id)
        folder = self._folders.make(node_id, running=running)
        mark = Mark(self._owner, node_id, place.uri)
        command = command_line(self._settings, place, folder)
        try:
            return processes.spawn(command, self._settings.environ, folder / OUTPUT, mark)
        except OSError as error:
            self._folders.remove(node_id)
            detail = f"{command[0]} cannot be run: {error.strerror}"
            raise EnvironmentFailureError(NAME, "launch", detail) from error

    async def _until_ready(self, watch: Watch) -> None:
        if await until_ready(watch, self._settings.launch_timeout):
            return
        place = MediaServerUri.parse(watch.process.mark.uri)
        tail = await anyio.to_thread.run_sync(self._folders.tail, watch.process.mark.node_id)
        printed = f"its last output: {tail}" if tail else "it printed nothing"
        where = f"{place.host}:{place.port}"
        detail = f"the command {watch.outcome} before it listened on {where}; {printed}"
        raise EnvironmentFailureError(NAME, "launch", detail)

    async def _clean_up(self, node_id: str) -> None:
        """Kill the processes of a failed launch; its output is kept for a while."""
        try:
            left = await self._end(node_id, {signal.SIGKILL: _LAST_WAIT_S})
        except EnvironmentFailureError as error:
            log.warning(
                "launch not undone", extra={"media_node_id": node_id, "reason": error.detail}
            )
        else:
            if left:
                pids = [each.pid for each in left]
                log.warning("launch not undone", extra={"media_node_id": node_id, "pids": pids})

    async def _end(
        self, node_id: str, timeouts: Mapping[signal.Signals, float]
    ) -> Sequence[MarkedProcess]:
        """Signal the processes of a node, one signal per timeout; return those that survive."""

        async def find() -> Sequence[MarkedProcess]:
            marked = (await in_thread(NAME, "terminate", self._running)).get(node_id, ())
            # One that hides its mark is still among the watched ones.
            watched = (each for each in self._watches if each.mark.node_id == node_id)
            return sorted({*marked, *watched})

        for number, seconds in timeouts.items():
            with anyio.move_on_after(seconds):
                try:
                    await end_all(find, number)
                except OSError as error:
                    raise EnvironmentFailureError(NAME, "terminate", str(error)) from error
        return await find()

    def _watched(self, process: MarkedProcess) -> Watch:
        if process not in self._watches:
            self._watches[process] = Watch(process)
            name = f"process of {process.mark.node_id}"
            self._tasks.start_soon(self._watch, self._watches[process], name=name)
        return self._watches[process]

    async def _watch(self, watch: Watch) -> None:
        await accomplish(f"watch of {watch.process.mark.node_id}", watch.run)
        del self._watches[watch.process]
        node_id = watch.process.mark.node_id
        log.info(
            "process of a local node ended",
            extra={"media_node_id": node_id, "how": watch.outcome},
        )
        if self._on_end is not None:
            self._on_end(node_id, f"the process {watch.outcome}")

    def _watch_running(self, found: Sequence[MarkedProcess]) -> None:
        """Watch the nodes of earlier runs, and log those of other clusters.

        Only the oldest process of a node is watched: when a child ends, the node still runs.
        """
        watched = set()
        for process in found:
            owner = process.mark.owner
            if owner == self._owner and process.mark.node_id not in watched:
                watched.add(process.mark.node_id)
                self._watched(process)
            elif owner != self._owner and owner.directory == self._owner.directory:
                log.warning(
                    "a local node of another cluster runs from this data directory; a server with "
                    "that OPENVIDU_PRO_CLUSTER_ID and a PUT take it back",
                    extra={"pid": process.pid, "cluster_id": owner.cluster},
                )

    async def _bound_outputs(self) -> None:
        while True:
            await anyio.sleep(_CUT_EVERY_S)
            for node_id in {process.mark.node_id for process in self._watches}:
                await anyio.to_thread.run_sync(self._folders.cut, node_id)


def _machine(process: MarkedProcess) -> Machine:
    mark = process.mark
    return Machine(process.environment_id, uri=mark.uri, node_id=mark.node_id)
