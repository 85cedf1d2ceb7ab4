"""Brings a cluster that launches its nodes to the size that is configured."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import EnvironmentFailureError, MediafleetError
from mediafleet.domain.lifecycle import DeletionStrategy
from mediafleet.domain.size import resizing

if TYPE_CHECKING:
    from mediafleet.domain.ports import Environment, Store
    from mediafleet.services.admission import Admission
    from mediafleet.services.cluster_state import ClusterState
    from mediafleet.services.removals import Removals

log = logging.getLogger(__name__)

WANTED = "wanted_media_nodes"
"""The key under which the number of the last resizing is kept."""
DISCOVERY_LIMIT_S = 20.0


class Sizing:
    """Finds machines that nobody knows, launches what is missing, drains what is too much."""

    def __init__(
        self,
        state: ClusterState,
        environment: Environment,
        admission: Admission,
        removals: Removals,
    ) -> None:
        self._state = state
        self._environment = environment
        self._admission = admission
        self._removals = removals

    async def take_in(self) -> None:
        """Make members of machines that run for this cluster although no member made them.

        An environment that cannot tell now is asked again by ``PUT /pro/media-nodes``.
        """
        if not self._environment.launches_machines:
            return
        try:
            with anyio.fail_after(DISCOVERY_LIMIT_S):
                await self._admission.take_in(await self._environment.discover())
        except (EnvironmentFailureError, TimeoutError) as error:
            reason = str(error) or "it took too long"
            log.warning("machines not looked for", extra={"reason": reason})

    async def resize(self, store: Store, wanted: int) -> None:
        """Launch or drain nodes until as many are active as are wanted.

        A resizing that is interrupted is done again at the next start.

        Raises:
            StoreUnavailableError: It is not complete.
        """
        if not self._environment.launches_machines:
            return
        known = await store.recall(WANTED)
        plan = resizing(
            self._state.snapshot, wanted, remembered=None if known is None else int(known)
        )
        await self._admission.launch(plan.missing)
        for node_id in plan.surplus:
            log.info("node is more than are wanted", extra={"media_node_id": node_id})
            with suppress(MediafleetError):  # it left by itself meanwhile, or is asked again
                await self._removals.remove(node_id, DeletionStrategy.WHEN_NO_SESSIONS, wait=False)
        if known != str(wanted):
            await store.keep(WANTED, str(wanted))
