"""Handlers of the operations below ``/fleet``, which only this server has."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from mediafleet.api import wire

if TYPE_CHECKING:
    from mediafleet.api.media_nodes import Reply
    from mediafleet.services.media_nodes import MediaNodes


class FleetHandlers:
    """One method for each operation, named after it; arguments were checked by the contract."""

    def __init__(self, media_nodes: MediaNodes) -> None:
        self._media_nodes = media_nodes

    async def get_media_node_evidence(self, media_node_id: str) -> Reply:
        examined = self._media_nodes.examine(media_node_id)
        return wire.evidence(media_node_id, *examined), HTTPStatus.OK
