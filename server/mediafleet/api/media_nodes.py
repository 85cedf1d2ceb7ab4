"""Handlers of the operations tagged ``media-nodes``."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from mediafleet.api import wire
from mediafleet.domain.lifecycle import DeletionStrategy
from mediafleet.domain.media_node import MediaNodeStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mediafleet.domain.cluster import Member
    from mediafleet.services.admission import Admission
    from mediafleet.services.media_nodes import MediaNodes
    from mediafleet.services.removals import Removals

Reply: TypeAlias = tuple[wire.Json | None, HTTPStatus]


class MediaNodeHandlers:
    """One method for each operation, named after it; arguments were checked by the contract."""

    def __init__(self, media_nodes: MediaNodes, admission: Admission, removals: Removals) -> None:
        self._media_nodes = media_nodes
        self._admission = admission
        self._removals = removals

    async def list_media_nodes(self, *, sessions: bool = False, extra_info: bool = False) -> Reply:
        members = self._media_nodes.list_all()
        bodies = await self._bodies(members, sessions=sessions, extra_info=extra_info)
        return wire.listing(bodies), HTTPStatus.OK

    async def get_media_node(
        self, media_node_id: str, *, sessions: bool = False, extra_info: bool = False
    ) -> Reply:
        member = self._media_nodes.get(media_node_id)
        (body,) = await self._bodies([member], sessions=sessions, extra_info=extra_info)
        return body, HTTPStatus.OK

    async def add_media_node(
        self, body: dict[str, Any] | None = None, *, wait: bool = False
    ) -> Reply:
        member = await self._admission.add((body or {}).get("uri"), wait=wait)
        return wire.media_node(member), HTTPStatus.OK

    async def autodiscover_media_nodes(self) -> Reply:
        members = await self._admission.discover()
        return wire.listing(map(wire.media_node, members)), HTTPStatus.OK

    async def modify_media_node(self, media_node_id: str, body: dict[str, Any]) -> Reply:
        status = MediaNodeStatus(body["status"])
        member = await self._media_nodes.change_status(media_node_id, status)
        if member is None:
            return None, HTTPStatus.NO_CONTENT
        return wire.media_node(member), HTTPStatus.OK

    async def remove_media_node(
        self,
        media_node_id: str,
        *,
        wait: bool = False,
        deletion_strategy: str = DeletionStrategy.IF_NO_SESSIONS,
    ) -> Reply:
        strategy = DeletionStrategy(deletion_strategy)
        certain = await self._removals.remove(media_node_id, strategy, wait=wait)
        return None, HTTPStatus.NO_CONTENT if certain else HTTPStatus.ACCEPTED

    async def _bodies(
        self, members: Iterable[Member], *, sessions: bool, extra_info: bool
    ) -> list[wire.Json]:
        members = list(members)
        infos = await self._media_nodes.describe(members) if extra_info else {}
        bodies = []
        for member in members:
            body = wire.media_node(member)
            if sessions:
                body["sessions"] = wire.sessions(member)
            if info := infos.get(member.node.id):
                body["kurentoInfo"] = wire.kurento_info(info)
            bodies.append(body)
        return bodies
