"""The media of calls on Kurento media servers: the implementation of the domain's port."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from typing_extensions import override

from mediafleet.domain.call_errors import FilterError, MediaFailureError, NoAnswerError
from mediafleet.domain.calls import CallMedia
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.media import Endpoint, Media, MediaEvent
from mediafleet.kurento.media_requests import (
    MAX_CANDIDATE,
    MAX_STATS_VALUES,
    Creation,
    NodeRequests,
    bounded,
    connection,
    operation,
    read_candidate,
    read_sdp,
    setters,
    subscription,
)
from mediafleet.kurento.media_servers import ResumedPipeline
from mediafleet.kurento.protocol import clean
from mediafleet.kurento.rpc import NOT_CONNECTED
from mediafleet.kurento.session_watcher import OWNER_TAG
from mediafleet.kurento.shared import LinkListener

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence
    from datetime import datetime

    from mediafleet.domain.calls import Camera
    from mediafleet.domain.media import EndpointRequest, IceCandidate, MediaObserver
    from mediafleet.kurento.link import Link
    from mediafleet.kurento.media_requests import Request
    from mediafleet.kurento.media_servers import KurentoMediaServers
    from mediafleet.kurento.protocol import Event

_CANDIDATE_FOUND = "IceCandidateFound"
_FLOW_EVENTS = (
    "Error",
    "MediaFlowInStateChanged",
    "MediaFlowOutStateChanged",
    "MediaTranscodingStateChanged",
)
_WEBRTC_EVENTS = (
    _CANDIDATE_FOUND,
    "IceGatheringDone",
    "NewCandidatePairSelected",
    "IceComponentStateChanged",
    "DataChannelOpened",
    "DataChannelClosed",
    "ConnectionStateChanged",
    "MediaStateChanged",
    *_FLOW_EVENTS,
)
_PLAYER_EVENTS = ("EndOfStream", "UriEndpointStateChanged", *_FLOW_EVENTS)
_MAX_EVENT_TYPE = 64
_STATS_AT_ONCE = 16
# Moderators choose types and methods. Of no other class may they create an object, as a
# RecorderEndpoint writes files; and to connect a filter with what is no element ends the process.
_FILTER_TYPE = re.compile(r"[A-Za-z0-9]{1,64}Filter", re.ASCII)
_METHOD = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_METHODS_OF_ALL = frozenset({"connect", "disconnect"})


class KurentoMedia(Media, LinkListener):
    """Media objects of calls, requested over the links of :class:`KurentoMediaServers`.

    Requests whose order is all that matters are sent without waiting in between, since a media
    server handles the requests of a connection in order.

    Args:
        media_servers: The links.

    Attributes:
        observer: Called about candidates, events and losses; to be set before the links run.
    """

    observer: MediaObserver

    def __init__(self, media_servers: KurentoMediaServers) -> None:
        self._media_servers = media_servers
        self._nodes: dict[str, NodeRequests] = {}
        media_servers.listen(self)

    @override
    def resume(self, media: CallMedia, name: str, created_at: datetime) -> None:
        pipeline = ResumedPipeline(
            media.server_id, media.session_id, media.pipeline, name, created_at
        )
        self._media_servers.resume(media.node_id, pipeline)

    @override
    async def create_pipeline(self, node_id: str, name: str) -> CallMedia:
        node = self._node(node_id)
        async with self._creation(node) as creation:
            pipeline = await creation.create_pipeline(name, self._media_servers.clock.now())
            owner = self._media_servers.owner
            tag = operation(pipeline, "addTag", {"key": OWNER_TAG, "value": owner})
            await node.perform(
                [
                    *([tag] if owner else []),
                    operation(pipeline, "setName", {"name": name}),
                    subscription(pipeline, "Error"),
                ]
            )
            server_id, session_id = node.link.session
            if (
                server_id is None
                or session_id is None
                or not node.link.watcher.cache.is_own(pipeline)
            ):
                raise UnreachableMediaServerError(NOT_CONNECTED)
        return CallMedia(node_id, server_id, session_id, pipeline)

    @override
    async def create_publisher(
        self, media: CallMedia, request: EndpointRequest, *, loops_back: bool
    ) -> Endpoint:
        async with self._creation_in(media) as creation:
            endpoint, pass_through = await creation.create(
                ("WebRtcEndpoint", {}), ("PassThrough", {})
            )
            links = [connection(endpoint, pass_through)]
            if loops_back:
                links.append(connection(pass_through, endpoint))
            answer = await self._negotiate(creation.node, endpoint, request, before=links)
        return Endpoint(endpoint, pass_through, answer)

    @override
    async def create_pass_through(self, media: CallMedia) -> str:
        async with self._creation_in(media) as creation:
            (pass_through,) = await creation.create(("PassThrough", {}))
        return pass_through

    @override
    async def create_subscriber(
        self, media: CallMedia, request: EndpointRequest, source: str
    ) -> Endpoint:
        async with self._creation_in(media) as creation:
            (endpoint,) = await creation.create(("WebRtcEndpoint", {}))
            links = [connection(source, endpoint)]
            answer = await self._negotiate(creation.node, endpoint, request, after=links)
        return Endpoint(endpoint, sdp_answer=answer)

    @override
    async def replace_publisher(
        self,
        media: CallMedia,
        request: EndpointRequest,
        old: Endpoint,
        *,
        loops_back: bool,
        filter_element: str = "",
    ) -> Endpoint:
        sink = filter_element or old.pass_through
        async with self._creation_in(media) as creation:
            (endpoint,) = await creation.create(("WebRtcEndpoint", {}))
            links = [connection(endpoint, sink)]
            if loops_back:
                links.append(connection(old.pass_through, endpoint))
            if old.id:
                creation.undo(connection(old.id, sink))
            answer = await self._negotiate(creation.node, endpoint, request, before=links)
        if old.id:
            creation.node.release([old.id])
        return Endpoint(endpoint, old.pass_through, answer)

    @override
    async def create_player(self, media: CallMedia, name: str, camera: Camera) -> Endpoint:
        params = {
            "uri": camera.rtsp_uri,
            "useEncodedMedia": not camera.adaptative_bitrate,
            "networkCache": camera.network_cache,
        }
        async with self._creation_in(media) as creation:
            player, pass_through = await creation.create(
                ("PlayerEndpoint", params), ("PassThrough", {})
            )
            await creation.node.perform(
                [
                    operation(player, "setName", {"name": name}),
                    *(subscription(player, kind) for kind in _PLAYER_EVENTS),
                    connection(player, pass_through),
                ]
            )
        return Endpoint(player, pass_through)

    @override
    async def play(self, media: CallMedia, endpoint: str, *, is_on: bool) -> None:
        await self._perform(media, operation(endpoint, "play" if is_on else "stop"))

    @override
    def add_candidate(self, media: CallMedia, endpoint: str, candidate: IceCandidate) -> None:
        if not candidate.candidate or len(candidate.candidate) > MAX_CANDIDATE:
            return  # an empty one ends the candidates, which media servers do not take
        value = {
            "__module__": "kurento",
            "__type__": "IceCandidate",
            "candidate": candidate.candidate,
            "sdpMid": candidate.sdp_mid,
            "sdpMLineIndex": candidate.sdp_m_line_index,
        }
        node = self._node_of(media)
        if node is not None:
            node.add(operation(endpoint, "addIceCandidate", {"candidate": value}))

    @override
    async def apply_filter(
        self, media: CallMedia, stream: Endpoint, filter_type: str, options: Mapping[str, Any]
    ) -> str:
        if _FILTER_TYPE.fullmatch(filter_type) is None:
            raise FilterError("The type of a filter is a name of letters and digits with Filter")
        async with self._creation_in(media) as creation:
            (element,) = await creation.create((filter_type, options))
            creation.undo(connection(stream.id, stream.pass_through))
            await creation.node.perform(
                [
                    subscription(element, "Error"),
                    connection(element, stream.pass_through),
                    connection(stream.id, element),
                ]
            )
        return element

    @override
    async def remove_filter(self, media: CallMedia, stream: Endpoint, element: str) -> None:
        await self._perform(media, connection(stream.id, stream.pass_through))
        self.release(media, [element])

    @override
    async def invoke_filter(
        self, media: CallMedia, element: str, method: str, params: Mapping[str, Any]
    ) -> Any:
        if _METHOD.fullmatch(method) is None or method in _METHODS_OF_ALL:
            raise FilterError("The method is none of a filter")
        return bounded(await self._perform(media, operation(element, method, params)))

    @override
    async def listen_to_filter(self, media: CallMedia, element: str, event_type: str) -> None:
        if _METHOD.fullmatch(event_type) is None:
            raise FilterError("The type of an event is a name of letters and digits")
        await self._perform(media, subscription(element, event_type))

    @override
    async def stats(
        self, media: CallMedia, endpoints: Collection[str], kind: str | None = None
    ) -> Mapping[str, Any]:
        params = None if kind is None else {"mediaType": kind}
        node, wanted = self._living_node(media), list(endpoints)
        known: dict[str, Any] = {}
        for begin in range(0, len(wanted), _STATS_AT_ONCE):
            some = wanted[begin : begin + _STATS_AT_ONCE]
            requests = [operation(each, "getStats", params) for each in some]
            values = await node.perform(requests, tolerates_faults=True)
            known |= {
                endpoint: bounded(value, MAX_STATS_VALUES) or {}
                for endpoint, value in zip(some, values, strict=True)
                if isinstance(value, dict)
            }
        return known

    @override
    def release(self, media: CallMedia, objects: Collection[str]) -> None:
        node = self._node_of(media)
        if node is not None:
            node.release(objects)

    @override
    def on_connected(self, link: Link) -> None:
        if link.node_id in self._nodes:
            self._nodes[link.node_id].on_connected()

    @override
    def on_detached(self, node_id: str) -> None:
        self._nodes.pop(node_id, None)

    @override
    def on_event(self, link: Link, event: Event) -> None:
        node_id = link.node_id
        if not link.watcher.cache.is_own(event.source.partition("/")[0]):
            return
        if event.type == _CANDIDATE_FOUND:
            candidate = read_candidate(event.data.get("candidate"))
            if candidate is not None:
                self.observer.on_candidate(node_id, event.source, candidate)
            return
        data = bounded(event.data) or {}
        self.observer.on_media_event(
            node_id, MediaEvent(event.source, clean(event.type, _MAX_EVENT_TYPE), data)
        )

    @override
    def on_pipelines_lost(self, node_id: str, pipelines: Collection[str]) -> None:
        self.observer.on_media_lost(node_id, frozenset(pipelines))

    def _node(self, node_id: str) -> NodeRequests:
        link = self._media_servers.link(node_id)
        node = self._nodes.get(node_id)
        if node is None or node.link is not link:
            node = self._nodes[node_id] = NodeRequests(link, self._media_servers.settings)
        return node

    def _node_of(self, media: CallMedia) -> NodeRequests | None:
        """Return the node of a call; ``None`` if the objects of the call are known to be gone."""
        try:
            node = self._node(media.node_id)
        except UnreachableMediaServerError:
            return None
        return node if node.link.session == (media.server_id, media.session_id) else None

    @asynccontextmanager
    async def _creation(self, node: NodeRequests, pipeline: str = "") -> AsyncIterator[Creation]:
        """Bound a creation in time; if it fails, release what it has created."""
        creation = Creation(node, pipeline)
        timeout_s = node.settings.creation_timeout
        try:
            with anyio.fail_after(timeout_s):
                async with node.creations:
                    yield creation
        except TimeoutError:
            creation.abandon()
            raise UnreachableMediaServerError(
                f"it did not create what was asked within {timeout_s:g} s"
            ) from None
        except BaseException:
            creation.abandon()
            raise

    @asynccontextmanager
    async def _creation_in(self, media: CallMedia) -> AsyncIterator[Creation]:
        node = self._living_node(media)
        async with self._creation(node, media.pipeline) as creation:
            yield creation

    async def _perform(self, media: CallMedia, request: Request) -> object:
        (value,) = await self._living_node(media).perform([request])
        return value

    def _living_node(self, media: CallMedia) -> NodeRequests:
        """Return the node of a call.

        Raises:
            UnreachableMediaServerError: It is not connected.
            MediaFailureError: The pipeline of the call has ended.
        """
        node = self._node(media.node_id)
        node.link.rpc()
        if not _is_alive(node.link, media):
            raise MediaFailureError("the media of this session have ended")
        return node

    async def _negotiate(
        self,
        node: NodeRequests,
        endpoint: str,
        request: EndpointRequest,
        *,
        before: Sequence[Request] = (),
        after: Sequence[Request] = (),
    ) -> str:
        """Configure a WebRtcEndpoint and answer its offer, in the order that the media need."""
        offer = operation(endpoint, "processOffer", {"offer": request.sdp_offer})
        requests = [
            *setters(endpoint, request),
            *(subscription(endpoint, kind) for kind in _WEBRTC_EVENTS),
            *before,
            offer,
            operation(endpoint, "gatherCandidates"),
            *after,
        ]
        values = await node.perform(requests)
        answer = read_sdp(values[requests.index(offer)])
        if answer is None:
            raise NoAnswerError("it did not answer the offer with a session description")
        return answer


def _is_alive(link: Link, media: CallMedia) -> bool:
    is_same = link.session == (media.server_id, media.session_id)
    return is_same and link.watcher.cache.is_own(media.pipeline)
