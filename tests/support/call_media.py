"""Media of calls without a media server, for tests of what the services do with them."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from anyio.lowlevel import checkpoint

from mediafleet.domain.calls import CallMedia
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.media import Endpoint, Media

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from mediafleet.domain.calls import Camera
    from mediafleet.domain.media import EndpointRequest, IceCandidate, MediaObserver


class CountedMedia(Media):
    """Gives each object an id, and keeps what exists.

    Attributes:
        objects: Ids of what exists, with the node that has it.
        unreachable: Nodes whose media servers do not answer.
        server_ids: Ids of the processes of media servers by node, where they are not the nodes'.
        asked: Nodes, endpoints and kinds of media of which statistics were asked for.
        resumed: Media of the calls that were resumed.
    """

    observer: MediaObserver

    def __init__(self) -> None:
        self.objects: dict[str, str] = {}
        self._pipelines: dict[str, str] = {}
        self.unreachable: set[str] = set()
        self.server_ids: dict[str, str] = {}
        self.asked: list[tuple[str, tuple[str, ...], str | None]] = []
        self.resumed: list[CallMedia] = []
        self._numbers = count(1)

    def resume(self, media: CallMedia, name: str, created_at: datetime) -> None:
        self.resumed.append(media)

    async def create_pipeline(self, node_id: str, name: str) -> CallMedia:
        pipeline = await self._create(node_id, f"{name}_pipeline")
        return CallMedia(node_id, self.server_ids.get(node_id, node_id), "session", pipeline)

    async def create_publisher(
        self, media: CallMedia, request: EndpointRequest, *, loops_back: bool
    ) -> Endpoint:
        endpoint = await self._create(media.node_id, request.name, media.pipeline)
        return Endpoint(
            endpoint, await self._create(media.node_id, "pass", media.pipeline), "answer"
        )

    async def replace_publisher(
        self,
        media: CallMedia,
        request: EndpointRequest,
        old: Endpoint,
        *,
        loops_back: bool,
        filter_element: str = "",
    ) -> Endpoint:
        endpoint = await self._create(media.node_id, request.name, media.pipeline)
        self.objects.pop(old.id, None)
        return Endpoint(endpoint, old.pass_through, "answer")

    async def create_pass_through(self, media: CallMedia) -> str:
        return await self._create(media.node_id, "pass", media.pipeline)

    async def create_subscriber(
        self, media: CallMedia, request: EndpointRequest, source: str
    ) -> Endpoint:
        assert self.objects[source] == media.node_id
        return Endpoint(
            await self._create(media.node_id, request.name, media.pipeline), "", "answer"
        )

    async def create_player(self, media: CallMedia, name: str, camera: Camera) -> Endpoint:
        endpoint = await self._create(media.node_id, name, media.pipeline)
        return Endpoint(endpoint, await self.create_pass_through(media))

    async def play(self, media: CallMedia, endpoint: str, *, is_on: bool) -> None:
        await checkpoint()

    def add_candidate(self, media: CallMedia, endpoint: str, candidate: IceCandidate) -> None:
        pass

    async def apply_filter(
        self, media: CallMedia, stream: Endpoint, filter_type: str, options: Mapping[str, Any]
    ) -> str:
        return await self._create(media.node_id, filter_type, media.pipeline)

    async def remove_filter(self, media: CallMedia, stream: Endpoint, element: str) -> None:
        self.objects.pop(element, None)

    async def invoke_filter(
        self, media: CallMedia, element: str, method: str, params: Mapping[str, Any]
    ) -> Any:
        await checkpoint()

    async def listen_to_filter(self, media: CallMedia, element: str, event_type: str) -> None:
        await checkpoint()

    async def stats(
        self, media: CallMedia, endpoints: Collection[str], kind: str | None = None
    ) -> Mapping[str, Any]:
        await checkpoint()
        self.asked.append((media.node_id, tuple(endpoints), kind))
        if media.node_id in self.unreachable:
            raise UnreachableMediaServerError(f"{media.node_id} does not answer")
        figures = {
            "type": "inboundrtp",
            "id": "track",
            "jitter": 0.5,
            "packetsLost": 3,
            "ssrc": "77",
            "isRemote": False,
        }
        latency = {"id": "latency", "__type__": "EndpointStats"}
        return {each: {"track": figures, "latency": latency, "odd": kind} for each in endpoints}

    def release(self, media: CallMedia, objects: Collection[str]) -> None:
        for each in objects:
            for part in [key for key, whole in self._pipelines.items() if whole == each]:
                self.objects.pop(part, None)
            self.objects.pop(each, None)

    async def _create(self, node_id: str, kind: str, pipeline: str = "") -> str:
        await checkpoint()
        if node_id in self.unreachable:
            raise UnreachableMediaServerError(f"{node_id} does not answer")
        object_id = f"{kind}_{next(self._numbers)}"
        self.objects[object_id] = node_id
        self._pipelines[object_id] = pipeline
        return object_id
