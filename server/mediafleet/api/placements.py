"""Handlers of the operations that place sessions, and of the labels to choose nodes by."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mediafleet.api import wire
from mediafleet.domain.labels import labels_of
from mediafleet.domain.placement import ESTIMATED_LOAD, TTL_S, PlacementRequest

if TYPE_CHECKING:
    from mediafleet.api.wire import HandlerResult
    from mediafleet.services.placements import Placements


class PlacementHandlers:
    """One method for each operation, named after it; arguments were checked by the contract."""

    def __init__(self, placements: Placements) -> None:
        self._placements = placements

    async def create_placement(self, body: dict[str, Any] | None = None) -> HandlerResult:
        return wire.placed_session(*self._placements.place(_request(body or {}))), HTTPStatus.OK

    async def list_placements(self) -> HandlerResult:
        return wire.placements(*self._placements.page()), HTTPStatus.OK

    async def release_placement(self, placement_id: str) -> HandlerResult:
        self._placements.release(placement_id)
        return None, HTTPStatus.NO_CONTENT

    async def get_media_node_labels(self, media_node_id: str) -> HandlerResult:
        return wire.labels(self._placements.node(media_node_id)), HTTPStatus.OK

    async def set_media_node_labels(
        self, media_node_id: str, body: dict[str, Any]
    ) -> HandlerResult:
        node = await self._placements.label(media_node_id, labels_of(body["labels"]))
        return wire.labels(node), HTTPStatus.OK


def _request(body: dict[str, Any]) -> PlacementRequest:
    return PlacementRequest(
        session_id=body.get("sessionId"),
        estimated_load=body.get("estimatedLoad", ESTIMATED_LOAD),
        labels=labels_of(body.get("labels", {})),
        node_id=body.get("mediaNode", {}).get("id"),
        ttl=body.get("ttl", TTL_S),
    )
