"""Ends machines; what the scripts do not list any more is taken for ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.environments.script.calling import variables_for
from mediafleet.environments.script.trust import DROP

if TYPE_CHECKING:
    from mediafleet.environments.script.calling import Caller
    from mediafleet.environments.script.listing import Listing
    from mediafleet.environments.script.settings import ScriptSettings

log = logging.getLogger(__name__)


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
