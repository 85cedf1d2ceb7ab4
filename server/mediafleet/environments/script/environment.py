"""The environment `script`: machines are launched, found and ended by an operator's scripts."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

import anyio
from typing_extensions import override

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.ports import Environment
from mediafleet.environments.common import in_thread
from mediafleet.environments.script.journal import Attempt, Journal
from mediafleet.environments.script.machines import (
    BadOutputError,
    Machines,
    ReportedMachine,
    is_environment_id,
    read_machine,
)
from mediafleet.environments.script.runner import ScriptRunner, variables_for, wait_for
from mediafleet.environments.script.trust import LAUNCH, UntrustedError, check_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from mediafleet.domain.machines import Machine, MachineRequest
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.environments.script.runner import ScriptSettings


log = logging.getLogger(__name__)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


NAME = "script"


class Launching:
    """The launches of one cluster.

    Args:
        runner: Runs scripts.
        settings: Limits, and where the journal is kept.
        machines: What runs.
        cluster_id: For whom.
    """

    def __init__(
        self,
        runner: ScriptRunner,
        settings: ScriptSettings,
        machines: Machines,
        cluster_id: str,
    ) -> None:
        self._runner = runner
        self._settings = settings
        self._machines = machines
        self._cluster_id = cluster_id
        self._journal = Journal(settings.directory, cluster_id)
        self._began = anyio.current_time()
        self._choosing = anyio.Lock()
        self._running: set[str] = set()

    async def launch(self, node_id: str) -> ReportedMachine:
        """Return the machine of a Media Node; launch it unless an earlier launch did.

        Raises:
            EnvironmentFailureError: It failed; every machine that the scripts report is ended.
        """
        attempt = await self._journaled("launch", self._journal.read, node_id)
        resumed = None if attempt is None else await self._resume(attempt)
        if resumed is not None:
            return resumed
        listed = await self._machines.list()
        attempt = Attempt(node_id, tuple(each.environment_id for each in listed))
        found = _of_node(node_id, listed)
        if found is None:
            return await self._begin(attempt)
        await self._record(attempt, found)
        return found

    async def name(self, node_id: str) -> str | None:
        """Return the id of a Media Node's machine, after the end of its launch.

        Raises:
            EnvironmentFailureError: A script or the journal failed.
        """
        attempt = await self._journaled("terminate", self._journal.read, node_id)
        if attempt is not None:
            if attempt.machine is not None:
                return attempt.machine.environment_id
            await self._wait_for_script(attempt)
            named = await self._journaled("terminate", self._journal.read_name, node_id)
            if named is not None:
                return named
        listed = await self._machines.list()
        found = _of_node(node_id, listed)
        if found is None and attempt is not None:
            await self._warn_of_unknown(attempt, listed)
        return None if found is None else found.environment_id

    async def forget(self, node_id: str) -> None:
        """Remove the record of a Media Node's launch."""
        await self._journaled("terminate", self._journal.remove, node_id)

    async def sort(
        self, machines: Sequence[ReportedMachine]
    ) -> Mapping[ReportedMachine, str | None]:
        """Map machines to their Media Nodes, without machines that a launch may be creating.

        Raises:
            EnvironmentFailureError: The journal failed.
        """
        attempts = await self._journaled("discover", self._journal.read_all)
        launched = await self._journaled("discover", self._journal.read_owners)
        # A launch that was not resumed this long after the start is not under way.
        is_early = anyio.current_time() < self._began + self._settings.launch_timeout
        under_way = [
            each
            for each in attempts
            if each.machine is None and (is_early or each.node_id in self._running)
        ]
        nodes = {each: each.node_id or launched.get(each.environment_id) for each in machines}
        return {
            machine: node_id
            for machine, node_id in nodes.items()
            if node_id is not None
            or all(machine.environment_id in attempt.before for attempt in under_way)
        }

    async def _begin(self, attempt: Attempt) -> ReportedMachine:
        self._running.add(attempt.node_id)
        try:
            await self._journaled("launch", self._journal.begin, attempt)
            try:
                machine = await self._run(attempt)
            except EnvironmentFailureError:
                with anyio.CancelScope(shield=True):
                    await self._clean_up(attempt)
                raise
            await self._record(attempt, machine)
        finally:
            self._running.discard(attempt.node_id)
        return machine

    async def _run(self, attempt: Attempt) -> ReportedMachine:
        printed = await self._runner.call(
            LAUNCH,
            "launch",
            variables=variables_for(self._cluster_id, attempt.node_id),
            limit=self._settings.launch_timeout,
            outputs=self._journal.outputs(attempt.node_id),
            pid_file=self._journal.pid_file(attempt.node_id),
        )
        try:
            machine = read_machine(printed)
        except BadOutputError as error:
            raise self._runner.failure("launch", f"{LAUNCH} printed {error.rule}") from None
        if not self._settings.is_allowed(machine.address):
            detail = f"{LAUNCH} printed an ip outside of MEDIAFLEET_ALLOWED_NODE_NETWORKS"
            raise self._runner.failure("launch", detail)
        return machine

    async def _resume(self, attempt: Attempt) -> ReportedMachine | None:
        """Return the machine of an interrupted launch; ``None`` if it has launched none.

        Raises:
            EnvironmentFailureError: That is not known, and a retry might launch a second one.
        """
        if attempt.machine is not None:
            return attempt.machine
        found = await self._wait_for_script(attempt)
        async with self._choosing:
            found = found or await self._found(attempt)
            if found is not None:
                await self._record(attempt, found)
            return found

    async def _wait_for_script(self, attempt: Attempt) -> ReportedMachine | None:
        """Wait for a script that an earlier server started; return the machine it printed."""
        process = await self._journaled("launch", self._journal.read_process, attempt.node_id)
        if process is not None:
            limit, grace = self._settings.launch_timeout, self._settings.grace
            await wait_for(process, limit=limit, grace=grace)
        return await self._journaled("launch", self._journal.read_result, attempt.node_id)

    async def _found(self, attempt: Attempt) -> ReportedMachine | None:
        """Return the listed machine that an interrupted launch created.

        Without a node id in the list, each of several interrupted launches takes any new machine.
        """
        unfinished = await self._journaled("launch", self._journal.read_unfinished)
        others = [each for each in unfinished if each.node_id not in self._running]
        interrupted = [each for each in others if await self._wait_for_script(each) is None]
        listed = await self._machines.list()
        if (found := _of_node(attempt.node_id, listed)) is not None:
            return found
        unknown = await self._unknown(attempt, listed)
        if not unknown:
            return None
        names = ", ".join(each.environment_id for each in unknown)
        if len(unknown) > len(interrupted) or self._running:
            await self.forget(attempt.node_id)
            raise self._runner.failure(
                "launch",
                f"it was interrupted, and it is not known which of {names} it launched; end the "
                "machines that are not wanted, then PUT adds the others",
            )
        log.warning(
            "unknown machine is assigned to an interrupted launch",
            extra={"media_node_id": attempt.node_id, "environment_id": names},
        )
        return unknown[0]

    async def _unknown(
        self, attempt: Attempt, listed: Sequence[ReportedMachine]
    ) -> Sequence[ReportedMachine]:
        """Return unknown machines that were not there when a launch began."""
        claimed = await self._journaled("launch", self._journal.read_owners)
        return [
            each
            for each in listed
            if each.node_id is None
            and each.environment_id not in claimed
            and each.environment_id not in attempt.before
        ]

    async def _record(self, attempt: Attempt, machine: ReportedMachine) -> None:
        done = replace(attempt, machine=machine)
        await self._journaled("launch", self._journal.write, done)

    async def _clean_up(self, attempt: Attempt) -> None:
        """End the machine of a failed launch, if the scripts report it."""
        node_id = attempt.node_id
        try:
            named = await self._journaled("launch", self._journal.read_name, node_id)
            if named is not None:
                await self._machines.drop(named, node_id)
            listed = await self._machines.list()
            if (found := _of_node(node_id, listed)) is not None:
                await self._machines.drop(found.environment_id, node_id)
            else:
                await self._warn_of_unknown(attempt, listed)
        except EnvironmentFailureError as error:  # the termination of the node retries it
            extra = {"media_node_id": node_id, "reason": error.detail}
            log.warning("launch not undone", extra=extra)
        else:
            await self.forget(node_id)

    async def _warn_of_unknown(self, attempt: Attempt, listed: Sequence[ReportedMachine]) -> None:
        """Log machines that may be left; they are not ended, as they may belong to others."""
        if unknown := await self._unknown(attempt, listed):
            names = [each.environment_id for each in unknown]
            extra = {"media_node_id": attempt.node_id, "environment_ids": names}
            log.warning("machines that may be left of a launch", extra=extra)

    async def _journaled(
        self, operation: str, job: Callable[[Unpack[Ts]], T], *arguments: *Ts
    ) -> T:
        """Read or write the journal."""
        failure = "its journal cannot be used: "
        return await in_thread(NAME, operation, job, *arguments, failure=failure)


def _of_node(node_id: str, machines: Sequence[ReportedMachine]) -> ReportedMachine | None:
    """Return the machine that the script reports for a Media Node."""
    return next((each for each in machines if each.node_id == node_id), None)


class Script(Environment):
    """Launches, lists and ends machines with the operator's scripts.

    A launch is recorded before it begins and its output goes to a file, so that an interrupted one
    is resumed, whether or not the script reports node ids.
    """

    name = NAME
    launches_machines = True
    ends_with_server = False

    def __init__(self, settings: ScriptSettings) -> None:
        self._settings = settings
        self._runner = ScriptRunner(NAME, settings)

    @override
    @asynccontextmanager
    async def open(self, cluster_id: str) -> AsyncIterator[None]:
        try:
            await anyio.to_thread.run_sync(check_folder, self._settings.folder())
        except UntrustedError as error:
            detail = f"OPENVIDU_PRO_CLUSTER_PATH: {error.rule}"
            raise self._runner.failure("open", detail) from None
        runner, settings = self._runner, self._settings
        self._machines = Machines(runner, settings, cluster_id)
        self._launching = Launching(runner, settings, self._machines, cluster_id)
        yield

    @override
    async def launch(self, request: MachineRequest) -> Machine:
        machine = await self._launching.launch(request.node_id)
        return machine.to_machine(request.node_id)

    @override
    async def terminate(self, node: MediaNode) -> None:
        named = node.environment_id
        if named is None or not is_environment_id(named):  # only an id may be an argument
            named = await self._launching.name(node.id)
        if named is not None:
            await self._machines.drop(named, node.id)
        await self._launching.forget(node.id)

    @override
    async def discover(self) -> Sequence[Machine]:
        machines = self._machines.allowed(await self._machines.list())
        sorted_out = await self._launching.sort(machines)
        return [machine.to_machine(node_id) for machine, node_id in sorted_out.items()]
