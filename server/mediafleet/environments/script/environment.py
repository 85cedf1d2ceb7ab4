"""Launches, finds and ends Media Nodes through scripts, with what such scripts can guarantee."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from typing_extensions import override

from mediafleet.domain.ports import Environment, Machine, MachineRequest
from mediafleet.environments.script.answers import is_environment_id
from mediafleet.environments.script.calling import Caller
from mediafleet.environments.script.dropping import Dropping
from mediafleet.environments.script.launching import Launching
from mediafleet.environments.script.listing import Listing
from mediafleet.environments.script.trust import UntrustedError, check_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mediafleet.domain.media_node import MediaNode
    from mediafleet.environments.script.settings import ScriptSettings

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
