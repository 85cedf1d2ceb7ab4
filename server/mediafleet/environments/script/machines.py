"""Machines as scripts report them: parsing, listing and dropping."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.endpoints import unmapped
from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import Machine
from mediafleet.environments.common import is_node_id, kurento_uri
from mediafleet.environments.script.runner import ScriptRunner, variables_for
from mediafleet.environments.script.trust import AUTODISCOVER, DROP, UntrustedError, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.environments.script.runner import ScriptSettings


MAX_MACHINES = 10_000
_ENVIRONMENT_ID = re.compile(r"[A-Za-z0-9][\w.:-]{0,127}", re.ASCII)


log = logging.getLogger(__name__)


class BadOutputError(ValueError):
    """A script printed invalid output.

    Attributes:
        rule: What is wrong; completes a sentence that begins with "printed".
        environment_id: Id of the machine, if the output has one.
    """

    def __init__(self, rule: str, environment_id: str | None = None) -> None:
        super().__init__(rule)
        self.rule, self.environment_id = rule, environment_id


@dataclass(frozen=True, slots=True)
class ReportedMachine:
    """A machine as a script reports it.

    Attributes:
        environment_id: Its id, safe as an argument.
        address: Of its media server.
        node_id: The Media Node it was launched for, if the script reports it.
    """

    environment_id: str
    address: IPv4Address | IPv6Address
    node_id: str | None = None

    def to_machine(self, node_id: str | None) -> Machine:
        """Convert to a machine with the endpoint of its media server."""
        return Machine(self.environment_id, kurento_uri(str(self.address)), node_id)


def is_environment_id(text: str) -> bool:
    """Return whether a text can be the id of a machine, and so an argument of a script."""
    return _ENVIRONMENT_ID.fullmatch(text) is not None


def read_machine(printed: bytes) -> ReportedMachine:
    """Parse the output of a launch.

    Raises:
        BadOutputError: It is not a machine.
    """
    return _machine(_json(printed), "")


def read_name(printed: bytes) -> str | None:
    """Return the id of the machine that a launch printed, even if the rest is invalid."""
    try:
        return read_machine(printed).environment_id
    except BadOutputError as error:
        return error.environment_id


def read_machines(printed: bytes) -> Sequence[ReportedMachine]:
    """Parse the output of an autodiscovery.

    Raises:
        BadOutputError: It is not a list of machines, each listed once.
    """
    items = _json(printed)
    if not isinstance(items, list):
        raise BadOutputError("no JSON array")
    if len(items) > MAX_MACHINES:
        raise BadOutputError(f"more than {MAX_MACHINES} machines")
    machines = [_machine(item, f" (machine {number})") for number, item in enumerate(items)]
    if len({each.environment_id for each in machines}) < len(machines):
        raise BadOutputError("the same id twice")
    return machines


def _json(printed: bytes) -> object:
    try:
        return json.loads(
            printed.decode("utf-8"), object_pairs_hook=_members, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        raise BadOutputError("no JSON text" if printed.strip() else "nothing") from None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name twice")
    return members


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _machine(item: object, where: str) -> ReportedMachine:
    if not isinstance(item, dict):
        raise BadOutputError(f'no JSON object with "id" and "ip"{where}')
    environment_id, ip, node_id = item.get("id"), item.get("ip"), item.get("node")
    if not isinstance(environment_id, str) or not is_environment_id(environment_id):
        raise BadOutputError(
            '"id" that is not a letter or digit followed by at most 127 letters, digits and '
            f"any of _.:-{where}"
        )
    if node_id is not None and not (isinstance(node_id, str) and is_node_id(node_id)):
        raise BadOutputError(f'"node" that is no id of a Media Node{where}', environment_id)
    return ReportedMachine(environment_id, _address(ip, environment_id, where), node_id)


def _address(ip: object, environment_id: str, where: str) -> IPv4Address | IPv6Address:
    try:
        if isinstance(ip, str) and "%" not in ip:
            return unmapped(ip_address(ip))
    except ValueError:
        pass
    raise BadOutputError(f'"ip" that is no IP address{where}', environment_id)


class Machines:
    """The machines of a cluster, as the scripts list and end them."""

    def __init__(self, runner: ScriptRunner, settings: ScriptSettings, cluster_id: str) -> None:
        self._runner = runner
        self._settings = settings
        self._cluster_id = cluster_id
        self._turn = anyio.Lock()
        self._begun = 0
        self._last: Sequence[ReportedMachine] | None = None

    async def list(self) -> Sequence[ReportedMachine]:
        """List the machines by a run of the script that begins after this call.

        Concurrent calls share one run.

        Raises:
            EnvironmentFailureError: The script failed.
        """
        begun_before = self._begun
        async with self._turn:
            if self._begun > begun_before and self._last is not None:
                return self._last
            self._begun += 1
            self._last = None
            self._last = await self._run()
            return self._last

    async def _run(self) -> Sequence[ReportedMachine]:
        printed = await self._runner.call(
            AUTODISCOVER,
            "discover",
            variables=variables_for(self._cluster_id),
            limit=self._settings.timeout,
        )
        try:
            return read_machines(printed)
        except BadOutputError as error:
            raise self._runner.failure("discover", f"{AUTODISCOVER} printed {error.rule}") from None

    def allowed(self, machines: Sequence[ReportedMachine]) -> Sequence[ReportedMachine]:
        """Drop machines with addresses that are not allowed."""
        passed = [each for each in machines if self._settings.is_allowed(each.address)]
        if len(passed) < len(machines):
            log.warning(
                "machines are ignored, their addresses are not allowed",
                extra={"machines": len(machines) - len(passed)},
            )
        return passed

    async def drop(self, environment_id: str, node_id: str) -> None:
        """End the machine of a Media Node.

        Raises:
            EnvironmentFailureError: It may still run.
        """
        try:
            await self._runner.call(
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
                "machine counts as gone, autodiscovery does not list it",
                extra={"environment_id": environment_id, "reason": error.detail},
            )

    async def _may_run(self, environment_id: str) -> bool:
        try:
            listed = await self.list()
        except EnvironmentFailureError:
            return True
        return environment_id in {each.environment_id for each in listed}


class Autodiscovery:
    """Finds the machines of the environment `on_premise`, which launches none."""

    def __init__(self, settings: ScriptSettings) -> None:
        self._settings = settings
        self._runner = ScriptRunner("on_premise", settings)

    async def discover(self, cluster_id: str) -> Sequence[Machine]:
        """List the machines; none if there is no script.

        Raises:
            EnvironmentFailureError: The script may not be run, or it failed.
        """
        if not await anyio.to_thread.run_sync(self._has_script):
            return ()
        machines = Machines(self._runner, self._settings, cluster_id)
        return [each.to_machine(None) for each in machines.allowed(await machines.list())]

    def _has_script(self) -> bool:
        """Return whether the script exists; this blocks."""
        try:
            with opened(self._settings.folder(), AUTODISCOVER):
                return True
        except UntrustedError as error:
            return not error.missing
