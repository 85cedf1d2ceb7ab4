"""Launches, finds and ends Media Nodes through scripts, with what such scripts can guarantee."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
from typing_extensions import override

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.ports import Environment, Machine, MachineRequest
from mediafleet.environments.script.answers import (
    BadAnswerError,
    Reported,
    is_environment_id,
    read_machine,
)
from mediafleet.environments.script.calling import Caller, variables_for
from mediafleet.environments.script.journal import Attempt, Journal
from mediafleet.environments.script.listing import Listing
from mediafleet.environments.script.running import ProcessIdentity, outlast
from mediafleet.environments.script.trust import (
    DROP,
    LAUNCH,
    UntrustedError,
    check_folder,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from mediafleet.domain.media_node import MediaNode
    from mediafleet.environments.script.settings import ScriptSettings

log = logging.getLogger(__name__)
T = TypeVar("T")

NAME = "script"


class Script(Environment):
    """Runs the operator's scripts.

    A launch is written down before it begins and its output goes to a file, so that one that was
    interrupted is found again, if the script tells of Media Nodes or not.
    """

    name = NAME
    launches_machines = True
    ends_with_server = False

    def __init__(self, settings: ScriptSettings) -> None:
        self._settings = settings
        self._caller = Caller(NAME, settings)
        self._choosing = anyio.Lock()
        self._in_flight: set[str] = set()

    @override
    @asynccontextmanager
    async def open(self, cluster_id: str) -> AsyncIterator[None]:
        try:
            await anyio.to_thread.run_sync(check_folder, self._settings.folder())
        except UntrustedError as error:
            detail = f"OPENVIDU_PRO_CLUSTER_PATH: {error.rule}"
            raise self._caller.failure("open", detail) from None
        self._cluster_id = cluster_id
        self._journal = Journal(self._settings.directory, cluster_id)
        self._listing = Listing(self._caller, self._settings, cluster_id)
        yield

    @override
    async def launch(self, request: MachineRequest) -> Machine:
        node_id = request.node_id
        attempt = await _kept("launch", partial(self._journal.read, node_id))
        resumed = None if attempt is None else await self._resume(attempt)
        if resumed is not None:
            return resumed.to_machine(node_id)
        listed = await self._listing.ask()
        attempt = Attempt(node_id, tuple(each.environment_id for each in listed))
        found = _of_node(node_id, listed)
        if found is None:
            found = await self._begin(attempt)
        else:
            await self._record(attempt, found)
        return found.to_machine(node_id)

    @override
    async def terminate(self, node: MediaNode) -> None:
        ids = await self._machines_of(node)
        for environment_id in ids:
            await self._drop(environment_id, node.id)
        await _kept("terminate", partial(self._journal.remove, node.id))

    @override
    async def discover(self) -> Sequence[Machine]:
        machines = self._listing.allowed(await self._listing.ask())
        attempts = await _kept("discover", self._journal.read_all)
        launched = {each.machine.environment_id: each.node_id for each in attempts if each.machine}
        nodes = [(each, each.node_id or launched.get(each.environment_id)) for each in machines]
        return [
            machine.to_machine(node_id)
            for machine, node_id in nodes
            if node_id is not None or not _may_be_of(attempts, machine)
        ]

    async def _begin(self, attempt: Attempt) -> Reported:
        """Run the launch script, whose beginning is written down first."""
        with self._flying(attempt.node_id):
            await _kept("launch", partial(self._journal.write, attempt))
            try:
                machine = await self._run_launch(attempt)
            except EnvironmentFailureError:
                with anyio.CancelScope(shield=True):
                    await self._undo(attempt)
                raise
            await self._record(attempt, machine)
        return machine

    async def _run_launch(self, attempt: Attempt) -> Reported:
        async def note(process: ProcessIdentity) -> None:
            await _kept("launch", partial(self._journal.write, replace(attempt, process=process)))

        printed = await self._caller.call(
            LAUNCH,
            "launch",
            variables=variables_for(self._cluster_id, attempt.node_id),
            limit=self._settings.launch_timeout,
            outputs=self._journal.outputs(attempt.node_id),
            begun=note,
        )
        try:
            machine = read_machine(printed)
        except BadAnswerError as error:
            raise self._caller.failure("launch", f"{LAUNCH} printed {error.rule}") from None
        if not self._settings.is_allowed(machine.address):
            detail = f"{LAUNCH} printed an ip outside of MEDIAFLEET_ALLOWED_NODE_NETWORKS"
            raise self._caller.failure("launch", detail)
        return machine

    async def _resume(self, attempt: Attempt) -> Reported | None:
        """What came of a launch that was begun before; ``None``: nothing, as far as anyone knows.

        Raises:
            EnvironmentFailureError: It cannot be told, and a second launch would be blind.
        """
        if attempt.machine is not None:
            return attempt.machine
        if (result := await self._outlasted(attempt)) is not None:
            await self._record(attempt, result)
            return result
        async with self._choosing:
            listed = await self._listing.ask()
            if (found := _of_node(attempt.node_id, listed)) is not None:
                await self._record(attempt, found)
                return found
            unknown = await self._unknown(attempt, listed)
            if not unknown:
                return None
            names = ", ".join(each.environment_id for each in unknown)
            if len(unknown) > 1 or self._in_flight:
                await _kept("launch", partial(self._journal.remove, attempt.node_id))
                raise self._caller.failure(
                    "launch",
                    f"it was interrupted, and it cannot be told whether {names} came of it; end "
                    "what is not wanted, then PUT takes the others",
                )
            log.warning(
                "a machine that nobody knows is taken for that of an interrupted launch",
                extra={"media_node_id": attempt.node_id, "environment_id": names},
            )
            await self._record(attempt, unknown[0])
            return unknown[0]

    async def _outlasted(self, attempt: Attempt) -> Reported | None:
        """Wait for a script that was begun by an earlier server; the machine it named."""
        if attempt.process is not None:
            limit, grace = self._settings.launch_timeout, self._settings.grace
            await outlast(attempt.process, limit=limit, grace=grace)
        return await _kept("launch", partial(self._journal.read_result, attempt.node_id))

    async def _unknown(self, attempt: Attempt, listed: Sequence[Reported]) -> Sequence[Reported]:
        """Machines that came since a launch began, and that nothing is known of."""
        attempts = await _kept("launch", self._journal.read_all)
        claimed = {each.machine.environment_id for each in attempts if each.machine}
        return [
            each
            for each in listed
            if each.node_id is None
            and each.environment_id not in claimed
            and each.environment_id not in attempt.before
        ]

    async def _record(self, attempt: Attempt, machine: Reported) -> None:
        if attempt.machine != machine:
            done = replace(attempt, machine=machine)
            await _kept("launch", partial(self._journal.write, done))

    async def _undo(self, attempt: Attempt) -> None:
        """End what a failed launch left, as far as the script tells what is its."""
        try:
            named = await _kept("launch", partial(self._journal.read_name, attempt.node_id))
            if named is not None:
                await self._drop(named, attempt.node_id)
            listed = await self._listing.ask()
            if (found := _of_node(attempt.node_id, listed)) is not None:
                await self._drop(found.environment_id, attempt.node_id)
            elif unknown := await self._unknown(attempt, listed):
                names = [each.environment_id for each in unknown]
                extra = {"media_node_id": attempt.node_id, "environment_ids": names[:10]}
                log.warning("machines that may be left of a failed launch", extra=extra)
        except EnvironmentFailureError as error:
            log.warning(
                "launch not undone",
                extra={"media_node_id": attempt.node_id, "reason": error.detail},
            )
        finally:
            await anyio.to_thread.run_sync(self._journal.remove, attempt.node_id)

    async def _machines_of(self, node: MediaNode) -> Sequence[str]:
        """Names of the machines that are a Media Node's."""
        attempt = await _kept("terminate", partial(self._journal.read, node.id))
        ids: list[str] = []
        if node.environment_id is not None and is_environment_id(node.environment_id):
            ids.append(node.environment_id)
        if attempt is not None:
            result = attempt.machine or await self._outlasted(attempt)
            if result is not None:
                ids.append(result.environment_id)
        if not ids:
            found = _of_node(node.id, await self._listing.ask())
            ids.extend([] if found is None else [found.environment_id])
        return list(dict.fromkeys(ids))

    async def _drop(self, environment_id: str, node_id: str) -> None:
        try:
            await self._caller.call(
                DROP,
                "terminate",
                environment_id,
                variables=variables_for(self._cluster_id, node_id),
                limit=self._settings.timeout,
            )
        except EnvironmentFailureError as error:
            # Scripts tend to fail for a machine that is gone, which is no failure here.
            if await self._may_run(environment_id):
                raise
            log.warning(
                "a machine is taken for gone, the scripts do not list it",
                extra={"environment_id": environment_id, "reason": error.detail},
            )

    async def _may_run(self, environment_id: str) -> bool:
        try:
            listed = await self._listing.ask()
        except EnvironmentFailureError:
            return True
        return environment_id in {each.environment_id for each in listed}

    @contextmanager
    def _flying(self, node_id: str) -> Iterator[None]:
        self._in_flight.add(node_id)
        try:
            yield
        finally:
            self._in_flight.discard(node_id)


def _may_be_of(attempts: Sequence[Attempt], machine: Reported) -> bool:
    """Whether a launch that is not over may have made a machine, which is then no new find."""
    return any(
        attempt.machine is None and machine.environment_id not in attempt.before
        for attempt in attempts
    )


def _of_node(node_id: str, machines: Sequence[Reported]) -> Reported | None:
    return next((each for each in machines if each.node_id == node_id), None)


async def _kept(operation: str, job: Callable[[], T]) -> T:
    """Read or write the journal; that is not interrupted half-way."""
    try:
        return await anyio.to_thread.run_sync(job)
    except OSError as error:
        detail = f"its journal cannot be used: {error.strerror or error}"
        raise EnvironmentFailureError(NAME, operation, detail) from error
