"""Handlers of the operations below ``/fleet``, which only this server has."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mediafleet.api import wire
from mediafleet.domain.drain import limit_of

if TYPE_CHECKING:
    from mediafleet.api.media_nodes import HandlerResult
    from mediafleet.services.drains import Drains
    from mediafleet.services.media_nodes import MediaNodes


class FleetHandlers:
    """One method for each operation, named after it; arguments were checked by the contract."""

    def __init__(self, media_nodes: MediaNodes, drains: Drains) -> None:
        self._media_nodes = media_nodes
        self._drains = drains

    async def get_media_node_diagnostics(self, media_node_id: str) -> HandlerResult:
        return wire.diagnostics(*self._media_nodes.examine(media_node_id)), HTTPStatus.OK

    async def drain_media_node(
        self,
        media_node_id: str,
        body: dict[str, Any] | None = None,
        *,
        together_with: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> HandlerResult:
        limit = limit_of(body.get("deadline"), body.get("atDeadline")) if body else None
        report, is_new = await self._drains.begin(
            media_node_id,
            limit,
            together_with=together_with.split(",") if together_with else (),
            forced=force,
            dry_run=dry_run,
        )
        has_begun = is_new and not dry_run
        return wire.drain(report), HTTPStatus.CREATED if has_begun else HTTPStatus.OK

    async def get_media_node_drain(self, media_node_id: str) -> HandlerResult:
        return wire.drain(self._drains.look(media_node_id)), HTTPStatus.OK

    async def end_media_node_drain(self, media_node_id: str) -> HandlerResult:
        await self._drains.end(media_node_id)
        return None, HTTPStatus.NO_CONTENT
