"""Machines as scripts report them: parsing, listing and dropping."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.addresses import unmapped
from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.ports import Machine
from mediafleet.environments.common import is_node_id, kurento_uri
from mediafleet.environments.script.runner import Caller, variables_for
from mediafleet.environments.script.trust import AUTODISCOVER, DROP, UntrustedError, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.environments.script.runner import ScriptSettings


MAX_MACHINES = 10_000
_ENVIRONMENT_ID = re.compile(r"[A-Za-z0-9][\w.:-]{0,127}", re.ASCII)


log = logging.getLogger(__name__)


class BadAnswerError(ValueError):
    """A script printed something else than it should.

    Attributes:
        rule: What is wrong, as the end of a sentence that begins with "printed".
        environment_id: The machine it named nevertheless.
    """

    def __init__(self, rule: str, environment_id: str | None = None) -> None:
        super().__init__(rule)
        self.rule, self.environment_id = rule, environment_id


@dataclass(frozen=True, slots=True)
class Reported:
    """A machine as a script tells of it.

    Attributes:
        environment_id: Its name, safe as an argument.
        address: Where its media server is.
        node_id: The Media Node it was launched for, if the script tells.
    """

    environment_id: str
    address: IPv4Address | IPv6Address
    node_id: str | None = None

    def to_machine(self, node_id: str | None) -> Machine:
        """The machine, and what its media server's endpoint is."""
        return Machine(self.environment_id, kurento_uri(str(self.address)), node_id)


def is_environment_id(text: str) -> bool:
    """Whether a text may be a machine's name, and so an argument of a script."""
    return _ENVIRONMENT_ID.fullmatch(text) is not None


def read_machine(printed: bytes) -> Reported:
    """Read what a launch printed.

    Raises:
        BadAnswerError: It is not one machine.
    """
    return _machine(_json(printed), "")


def read_name(printed: bytes) -> str | None:
    """The machine that a launch named, whatever else is wrong with what it printed."""
    try:
        return read_machine(printed).environment_id
    except BadAnswerError as error:
        return error.environment_id


def read_machines(printed: bytes) -> Sequence[Reported]:
    """Read what an autodiscovery printed.

    Raises:
        BadAnswerError: It is not a list of machines, each listed once.
    """
    items = _json(printed)
    if not isinstance(items, list):
        raise BadAnswerError("no JSON array")
    if len(items) > MAX_MACHINES:
        raise BadAnswerError(f"more than {MAX_MACHINES} machines")
    machines = [_machine(item, f" (machine {number})") for number, item in enumerate(items)]
    if len({each.environment_id for each in machines}) < len(machines):
        raise BadAnswerError("the same id twice")
    return machines


def _json(printed: bytes) -> object:
    try:
        return json.loads(
            printed.decode("utf-8"), object_pairs_hook=_members, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        raise BadAnswerError("no JSON text" if printed.strip() else "nothing") from None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name twice")
    return members


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _machine(item: object, where: str) -> Reported:
    if not isinstance(item, dict):
        raise BadAnswerError(f'no JSON object with "id" and "ip"{where}')
    environment_id, ip, node_id = item.get("id"), item.get("ip"), item.get("node")
    if not isinstance(environment_id, str) or not is_environment_id(environment_id):
        raise BadAnswerError(
            '"id" that is not a letter or digit followed by at most 127 letters, digits and '
            f"any of _.:-{where}"
        )
    if node_id is not None and not (isinstance(node_id, str) and is_node_id(node_id)):
        raise BadAnswerError(f'"node" that is no id of a Media Node{where}', environment_id)
    return Reported(environment_id, _address(ip, environment_id, where), node_id)


def _address(ip: object, environment_id: str, where: str) -> IPv4Address | IPv6Address:
    try:
        if isinstance(ip, str) and "%" not in ip:
            return unmapped(ip_address(ip))
    except ValueError:
        pass
    raise BadAnswerError(f'"ip" that is no IP address{where}', environment_id)


class Listing:
    """The machines of a cluster, as the script tells them."""

    def __init__(self, caller: Caller, settings: ScriptSettings, cluster_id: str) -> None:
        self._caller = caller
        self._settings = settings
        self._variables = variables_for(cluster_id)
        self._turn = anyio.Lock()
        self._begun = 0
        self._last: Sequence[Reported] | None = None

    async def ask(self) -> Sequence[Reported]:
        """Machines that run now, as of a run of the script that began after this call.

        Raises:
            EnvironmentFailureError: The script did not tell.
        """
        begun_before = self._begun
        async with self._turn:
            if self._begun > begun_before and self._last is not None:
                return self._last
            self._begun += 1
            self._last = None
            self._last = await self._run()
            return self._last

    async def _run(self) -> Sequence[Reported]:
        printed = await self._caller.call(
            AUTODISCOVER, "discover", variables=self._variables, limit=self._settings.timeout
        )
        try:
            return read_machines(printed)
        except BadAnswerError as error:
            raise self._caller.failure("discover", f"{AUTODISCOVER} printed {error.rule}") from None

    def allowed(self, machines: Sequence[Reported]) -> Sequence[Reported]:
        """Those that may be Media Nodes; one with a forbidden address does not hide the others."""
        passed = [each for each in machines if self._settings.is_allowed(each.address)]
        if len(passed) < len(machines):
            log.warning(
                "machines passed over, their addresses are not allowed",
                extra={"machines": len(machines) - len(passed)},
            )
        return passed


class Autodiscovery:
    """Finds machines for an environment that launches none.

    Args:
        environment: Its name, part of every failure.
        settings: Where the script is and what it gets.
    """

    def __init__(self, environment: str, settings: ScriptSettings) -> None:
        self._settings = settings
        self._caller = Caller(environment, settings)

    async def discover(self, cluster_id: str) -> Sequence[Machine]:
        """Machines that the script tells of; none if there is no script.

        Raises:
            EnvironmentFailureError: There is one, but it may not be run or did not tell.
        """
        if not await anyio.to_thread.run_sync(self._has_script):
            return ()
        listing = Listing(self._caller, self._settings, cluster_id)
        return [each.to_machine(None) for each in listing.allowed(await listing.ask())]

    def _has_script(self) -> bool:
        """Whether something is there under the name; it blocks."""
        try:
            with opened(self._settings.folder(), AUTODISCOVER):
                return True
        except UntrustedError as error:
            return not error.missing


class Dropping:
    """Runs the drop script of one cluster."""

    def __init__(
        self, caller: Caller, settings: ScriptSettings, listing: Listing, cluster_id: str
    ) -> None:
        self._caller = caller
        self._settings = settings
        self._listing = listing
        self._cluster_id = cluster_id

    async def drop(self, environment_id: str, node_id: str) -> None:
        """End the machine of a Media Node.

        Raises:
            EnvironmentFailureError: It may still be there.
        """
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
