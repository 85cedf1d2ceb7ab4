"""Asks the autodiscovery script which machines run; questions at the same time share one run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from mediafleet.environments.script.answers import BadAnswerError, Reported, read_machines
from mediafleet.environments.script.calling import Caller, variables_for
from mediafleet.environments.script.trust import AUTODISCOVER, UntrustedError, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.domain.ports import Machine
    from mediafleet.environments.script.settings import ScriptSettings

log = logging.getLogger(__name__)


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
