"""The environment `script`: machines are launched, found and ended by an operator's scripts."""

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
from mediafleet.environments.common import in_thread
from mediafleet.environments.script.journal import Attempt, Journal
from mediafleet.environments.script.machines import (
    BadAnswerError,
    Dropping,
    Listing,
    Reported,
    is_environment_id,
    read_machine,
)
from mediafleet.environments.script.runner import Caller, outlast, variables_for
from mediafleet.environments.script.trust import LAUNCH, UntrustedError, check_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from mediafleet.domain.media_node import MediaNode
    from mediafleet.environments.script.runner import ScriptSettings


log = logging.getLogger(__name__)
T = TypeVar("T")


NAME = "script"


class Launching:
    """The launches of one cluster.

    Args:
        caller: Runs scripts.
        settings: Limits, and where the journal is kept.
        listing: What runs.
        dropping: Ends what a failed launch left.
        cluster_id: For whom.
    """

    def __init__(
        self,
        caller: Caller,
        settings: ScriptSettings,
        listing: Listing,
        dropping: Dropping,
        cluster_id: str,
    ) -> None:
        self._caller = caller
        self._settings = settings
        self._listing = listing
        self._dropping = dropping
        self._cluster_id = cluster_id
        self._journal = Journal(settings.directory, cluster_id)
        self._began = anyio.current_time()
        self._choosing = anyio.Lock()
        self._in_flight: set[str] = set()

    async def launch(self, node_id: str) -> Reported:
        """The machine of a Media Node, made if it was not made before.

        Raises:
            EnvironmentFailureError: It failed; nothing is left behind, as far as the scripts tell.
        """
        attempt = await self._kept("launch", partial(self._journal.read, node_id))
        resumed = None if attempt is None else await self._resume(attempt)
        if resumed is not None:
            return resumed
        listed = await self._listing.ask()
        attempt = Attempt(node_id, tuple(each.environment_id for each in listed))
        found = _of_node(node_id, listed)
        if found is None:
            return await self._begin(attempt)
        await self._record(attempt, found)
        return found

    async def name(self, node_id: str) -> str | None:
        """The name of a Media Node's machine, once its launch is over, as far as scripts tell.

        Raises:
            EnvironmentFailureError: It cannot be told.
        """
        attempt = await self._kept("terminate", partial(self._journal.read, node_id))
        if attempt is not None:
            if attempt.machine is not None:
                return attempt.machine.environment_id
            await self._outlasted(attempt)
            named = await self._kept("terminate", partial(self._journal.read_name, node_id))
            if named is not None:
                return named
        listed = await self._listing.ask()
        found = _of_node(node_id, listed)
        if found is None and attempt is not None:
            await self._warn_of_unknown(attempt, listed)
        return None if found is None else found.environment_id

    async def forget(self, node_id: str) -> None:
        """The launch of a Media Node does not matter any more."""
        await self._kept("terminate", partial(self._journal.remove, node_id))

    async def sort(self, machines: Sequence[Reported]) -> Mapping[Reported, str | None]:
        """Machines with their Media Nodes; those that a launch may be making are left out.

        Raises:
            EnvironmentFailureError: It cannot be told.
        """
        attempts = await self._kept("discover", self._journal.read_all)
        launched = await self._kept("discover", self._journal.read_owners)
        # What nobody asks for again, long after the start, is not being launched.
        is_early = anyio.current_time() < self._began + self._settings.launch_timeout
        under_way = [
            each
            for each in attempts
            if each.machine is None and (is_early or each.node_id in self._in_flight)
        ]
        nodes = {each: each.node_id or launched.get(each.environment_id) for each in machines}
        return {
            machine: node_id
            for machine, node_id in nodes.items()
            if node_id is not None
            or all(machine.environment_id in attempt.before for attempt in under_way)
        }

    async def _begin(self, attempt: Attempt) -> Reported:
        with self._flying(attempt.node_id):
            await self._kept("launch", partial(self._journal.begin, attempt))
            try:
                machine = await self._run(attempt)
            except EnvironmentFailureError:
                with anyio.CancelScope(shield=True):
                    await self._undo(attempt)
                raise
            await self._record(attempt, machine)
        return machine

    async def _run(self, attempt: Attempt) -> Reported:
        printed = await self._caller.call(
            LAUNCH,
            "launch",
            variables=variables_for(self._cluster_id, attempt.node_id),
            limit=self._settings.launch_timeout,
            outputs=self._journal.outputs(attempt.node_id),
            note=self._journal.note(attempt.node_id),
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
        found = await self._outlasted(attempt)
        async with self._choosing:
            found = found or await self._found(attempt)
            if found is not None:
                await self._record(attempt, found)
            return found

    async def _outlasted(self, attempt: Attempt) -> Reported | None:
        """Wait for a script that was begun by an earlier server; the machine it named."""
        read = partial(self._journal.read_process, attempt.node_id)
        if (process := await self._kept("launch", read)) is not None:
            limit, grace = self._settings.launch_timeout, self._settings.grace
            await outlast(process, limit=limit, grace=grace)
        return await self._kept("launch", partial(self._journal.read_result, attempt.node_id))

    async def _found(self, attempt: Attempt) -> Reported | None:
        """The listed machine that an interrupted launch made, or one like it.

        Of several interrupted launches each takes one, it does not matter which.
        """
        unfinished = await self._kept("launch", self._journal.read_unfinished)
        others = [each for each in unfinished if each.node_id not in self._in_flight]
        interrupted = [each for each in others if await self._outlasted(each) is None]
        listed = await self._listing.ask()
        if (told := _of_node(attempt.node_id, listed)) is not None:
            return told
        unknown = await self._unknown(attempt, listed)
        if not unknown:
            return None
        names = ", ".join(each.environment_id for each in unknown)
        if len(unknown) > len(interrupted) or self._in_flight:
            await self.forget(attempt.node_id)
            raise self._caller.failure(
                "launch",
                f"it was interrupted, and it cannot be told whether {names} came of it; end what "
                "is not wanted, then PUT takes the others",
            )
        log.warning(
            "a machine that nobody knows is taken for that of an interrupted launch",
            extra={"media_node_id": attempt.node_id, "environment_id": names},
        )
        return unknown[0]

    async def _unknown(self, attempt: Attempt, listed: Sequence[Reported]) -> Sequence[Reported]:
        """Machines that came since a launch began, and that nothing is known of."""
        claimed = await self._kept("launch", self._journal.read_owners)
        return [
            each
            for each in listed
            if each.node_id is None
            and each.environment_id not in claimed
            and each.environment_id not in attempt.before
        ]

    async def _record(self, attempt: Attempt, machine: Reported) -> None:
        done = replace(attempt, machine=machine)
        await self._kept("launch", partial(self._journal.write, done))

    async def _undo(self, attempt: Attempt) -> None:
        """End what a failed launch left, as far as the script tells what is its."""
        node_id = attempt.node_id
        try:
            named = await self._kept("launch", partial(self._journal.read_name, node_id))
            if named is not None:
                await self._dropping.drop(named, node_id)
            listed = await self._listing.ask()
            if (found := _of_node(node_id, listed)) is not None:
                await self._dropping.drop(found.environment_id, node_id)
            else:
                await self._warn_of_unknown(attempt, listed)
        except EnvironmentFailureError as error:  # its termination reads the journal again
            extra = {"media_node_id": node_id, "reason": error.detail}
            log.warning("launch not undone", extra=extra)
        else:
            await self.forget(node_id)

    async def _warn_of_unknown(self, attempt: Attempt, listed: Sequence[Reported]) -> None:
        """Tell a person of machines that may be left; they may be others' too and are not ended."""
        if unknown := await self._unknown(attempt, listed):
            names = [each.environment_id for each in unknown]
            extra = {"media_node_id": attempt.node_id, "environment_ids": names}
            log.warning("machines that may be left of a launch", extra=extra)

    @contextmanager
    def _flying(self, node_id: str) -> Iterator[None]:
        self._in_flight.add(node_id)
        try:
            yield
        finally:
            self._in_flight.discard(node_id)

    async def _kept(self, operation: str, job: Callable[[], T]) -> T:
        """Read or write the journal."""
        return await in_thread(NAME, operation, job, failure="its journal cannot be used: ")


def _of_node(node_id: str, machines: Sequence[Reported]) -> Reported | None:
    """The machine that was launched for a Media Node, if the script tells of one."""
    return next((each for each in machines if each.node_id == node_id), None)


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

    @override
    @asynccontextmanager
    async def open(self, cluster_id: str) -> AsyncIterator[None]:
        try:
            await anyio.to_thread.run_sync(check_folder, self._settings.folder())
        except UntrustedError as error:
            detail = f"OPENVIDU_PRO_CLUSTER_PATH: {error.rule}"
            raise self._caller.failure("open", detail) from None
        caller, settings = self._caller, self._settings
        self._listing = Listing(caller, settings, cluster_id)
        self._dropping = Dropping(caller, settings, self._listing, cluster_id)
        self._launching = Launching(caller, settings, self._listing, self._dropping, cluster_id)
        yield

    @override
    async def launch(self, request: MachineRequest) -> Machine:
        machine = await self._launching.launch(request.node_id)
        return machine.to_machine(request.node_id)

    @override
    async def terminate(self, node: MediaNode) -> None:
        named = node.environment_id
        if named is None or not is_environment_id(named):  # only a name may be an argument
            named = await self._launching.name(node.id)
        if named is not None:
            await self._dropping.drop(named, node.id)
        await self._launching.forget(node.id)

    @override
    async def discover(self) -> Sequence[Machine]:
        machines = self._listing.allowed(await self._listing.ask())
        sorted_out = await self._launching.sort(machines)
        return [machine.to_machine(node_id) for machine, node_id in sorted_out.items()]
