"""Handlers of the operations tagged ``cluster``."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mediafleet.api import wire

if TYPE_CHECKING:
    from mediafleet.api.media_nodes import Reply
    from mediafleet.services.cluster import ClusterConfiguration


class ClusterHandlers:
    """One method for each operation, named after it; arguments were checked by the contract."""

    def __init__(self, configuration: ClusterConfiguration) -> None:
        self._configuration = configuration

    async def get_config(self) -> Reply:
        return dict(self._configuration.describe()), HTTPStatus.OK

    async def get_health(self) -> Reply:
        return wire.health(self._configuration.health()), HTTPStatus.OK

    async def restart(self, body: dict[str, Any]) -> Reply:
        await self._configuration.restart(body)
        return None, HTTPStatus.OK
