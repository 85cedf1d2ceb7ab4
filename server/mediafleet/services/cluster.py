"""What users ask of the cluster as a whole: its configuration, and a restart with a new one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.domain.ports import JsonValue, Settings
    from mediafleet.services.cluster_state import ClusterState

log = logging.getLogger(__name__)


class ClusterConfiguration:
    """Reads and changes the active configuration."""

    def __init__(self, state: ClusterState, settings: Settings) -> None:
        self._state = state
        self._settings = settings

    def describe(self) -> Mapping[str, JsonValue]:
        """The active configuration without its secrets; the uris are those of connected nodes."""
        return self._settings.describe(self._state.snapshot.connected_uris)

    def restart(self, changes: Mapping[str, JsonValue]) -> None:
        """Apply new values without closing a session, a link or the listener.

        Raises:
            InvalidConfigurationError: Names every problem; nothing was changed.
        """
        self._settings.change(changes)
        log.info("configuration changed", extra={"properties": sorted(changes)})
