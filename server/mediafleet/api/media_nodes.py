"""Handlers of the operations on Media Nodes; those of ``FleetHandlers`` are Mediafleet's own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mediafleet.api import wire
from mediafleet.api.encoded import EncodedMediaNodes
from mediafleet.api.session_json import SessionJson
from mediafleet.domain.call_errors import SessionNotFoundError
from mediafleet.domain.drain import limit_of
from mediafleet.domain.lifecycle import DeletionStrategy
from mediafleet.domain.media_node import MediaNodeStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mediafleet.api.wire import HandlerResult
    from mediafleet.contract import ContractSchemas
    from mediafleet.domain.calls import Call
    from mediafleet.domain.cluster import Member, Session
    from mediafleet.services.additions import Additions
    from mediafleet.services.calls import Calls
    from mediafleet.services.machines import Discovery
    from mediafleet.services.media_nodes import Drains, MediaNodes
    from mediafleet.services.removals import Removals


@dataclass(frozen=True, slots=True)
class Family:
    """What differs between the families of paths that serve the same operations.

    Attributes:
        prefix: Of its operationIds.
        media_node: Makes the Media Node object.
        session: Makes the Session object of another client's session on a Media Node.
        call: Makes that of a session of calls.
        removal_begun: Status of a removal that has begun and is certain.
    """

    prefix: str
    media_node: Callable[[Member], wire.Json]
    session: Callable[[Session, str], wire.Json]
    call: Callable[[SessionJson, Call], wire.Json]
    removal_begun: HTTPStatus


PRO = Family(
    "",
    wire.media_node,
    wire.session_object,
    SessionJson.early_session,
    HTTPStatus.NO_CONTENT,
)
"""Below ``/pro``: OpenVidu Pro 2.15."""
OPENVIDU = Family(
    "openvidu_",
    wire.openvidu_media_node,
    wire.openvidu_session,
    SessionJson.session,
    HTTPStatus.OK,
)
"""Below ``/openvidu/api``: 2.16 to 2.32."""


class MediaNodeHandlers:
    """One method for each operation, named after it; arguments were checked by the contract."""

    def __init__(
        self,
        media_nodes: MediaNodes,
        additions: Additions,
        discovery: Discovery,
        removals: Removals,
        *,
        calls: Calls,
        public_url: Callable[[], str],
        family: Family,
        schemas: ContractSchemas,
    ) -> None:
        self._media_nodes = media_nodes
        self._additions = additions
        self._discovery = discovery
        self._removals = removals
        self._calls = calls
        self._public_url = public_url
        self._family = family
        self._encoded = EncodedMediaNodes(
            family.media_node,
            one=schemas.response(f"{family.prefix}get_media_node", HTTPStatus.OK),
            many=schemas.response(f"{family.prefix}list_media_nodes", HTTPStatus.OK),
            cluster=media_nodes.list_all,
        )

    async def list_media_nodes(
        self, *, sessions: bool = False, recordings: bool = False, extra_info: bool = False
    ) -> HandlerResult:
        members = self._media_nodes.list_all()
        if not (sessions or recordings or extra_info):
            return self._encoded.many(members), HTTPStatus.OK
        bodies = await self._bodies(
            members, sessions=sessions, recordings=recordings, extra_info=extra_info
        )
        return wire.listing(bodies), HTTPStatus.OK

    async def get_media_node(
        self,
        media_node_id: str,
        *,
        sessions: bool = False,
        recordings: bool = False,
        extra_info: bool = False,
    ) -> HandlerResult:
        member = self._media_nodes.get(media_node_id)
        if not (sessions or recordings or extra_info):
            return self._encoded.one(member), HTTPStatus.OK
        (body,) = await self._bodies(
            [member], sessions=sessions, recordings=recordings, extra_info=extra_info
        )
        return body, HTTPStatus.OK

    async def add_media_node(
        self, body: dict[str, Any] | None = None, *, wait: bool = False
    ) -> HandlerResult:
        member = await self._additions.add((body or {}).get("uri"), wait=wait)
        return self._family.media_node(member), HTTPStatus.OK

    async def autodiscover_media_nodes(self) -> HandlerResult:
        members = await self._discovery.discover()
        return wire.listing(map(self._family.media_node, members)), HTTPStatus.OK

    async def modify_media_node(self, media_node_id: str, body: dict[str, Any]) -> HandlerResult:
        status = MediaNodeStatus(body["status"])
        member = await self._media_nodes.change_status(media_node_id, status)
        if member is None:
            return None, HTTPStatus.NO_CONTENT
        return self._family.media_node(member), HTTPStatus.OK

    async def remove_media_node(
        self,
        media_node_id: str,
        *,
        wait: bool = False,
        deletion_strategy: str = DeletionStrategy.IF_NO_SESSIONS,
    ) -> HandlerResult:
        strategy = DeletionStrategy(deletion_strategy)
        certain = await self._removals.remove(media_node_id, strategy, wait=wait)
        if not certain:
            return None, HTTPStatus.ACCEPTED
        return None, HTTPStatus.NO_CONTENT if wait else self._family.removal_begun

    async def _bodies(
        self, members: Iterable[Member], *, sessions: bool, recordings: bool, extra_info: bool
    ) -> list[wire.Json]:
        members = list(members)
        infos = await self._media_nodes.describe(members) if extra_info else {}
        bodies = []
        for member in members:
            body = self._family.media_node(member)
            if sessions:
                body["sessions"] = list(self._sessions(member))
            if recordings:
                # There are no recordings and no broadcasts.
                body |= {"recordingIds": [], "broadcasts": []}
            if info := infos.get(member.node.id):
                body["kurentoInfo"] = wire.kurento_info(info)
            bodies.append(body)
        return bodies

    def _sessions(self, member: Member) -> Iterator[wire.Json]:
        shown = SessionJson(self._public_url())
        for session in member.calls:
            with suppress(SessionNotFoundError):  # it ended while the nodes were asked
                yield self._family.call(shown, self._calls.call(session.id))
        for foreign in member.foreign_sessions:
            yield self._family.session(foreign, member.node.id)


class FleetHandlers:
    """One method for each operation, named after it; arguments were checked by the contract."""

    def __init__(self, media_nodes: MediaNodes, drains: Drains) -> None:
        self._media_nodes = media_nodes
        self._drains = drains

    async def get_media_node_diagnostics(self, media_node_id: str) -> HandlerResult:
        return wire.diagnostics(*self._media_nodes.diagnose(media_node_id)), HTTPStatus.OK

    async def drain_media_node(
        self,
        media_node_id: str,
        body: dict[str, Any] | None = None,
        *,
        together_with: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> HandlerResult:
        wanted = body or {}
        limit = limit_of(wanted.get("deadline"), wanted.get("atDeadline"))
        report, is_new = await self._drains.begin(
            media_node_id,
            limit,
            together_with=together_with.split(",") if together_with else (),
            moves_calls=wanted.get("move", False),
            forced=force,
            dry_run=dry_run,
        )
        has_begun = is_new and not dry_run
        return wire.drain(report), HTTPStatus.CREATED if has_begun else HTTPStatus.OK

    async def get_media_node_drain(self, media_node_id: str) -> HandlerResult:
        return wire.drain(self._drains.get(media_node_id)), HTTPStatus.OK

    async def end_media_node_drain(self, media_node_id: str) -> HandlerResult:
        await self._drains.end(media_node_id)
        return None, HTTPStatus.NO_CONTENT
