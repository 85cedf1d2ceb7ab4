"""The port to the media of calls: pipelines and endpoints on the members' media servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from mediafleet.domain.calls import CallMedia, Camera


@dataclass(frozen=True, slots=True)
class IceCandidate:
    """A candidate for a connection between browser and media server, as browsers write it."""

    candidate: str
    sdp_mid: str
    sdp_m_line_index: int


@dataclass(frozen=True, slots=True)
class Bandwidths:
    """Limits of video in kbit/s, as the media server sees them; 0 is unlimited."""

    max_recv: int = 1000
    min_recv: int = 300
    max_send: int = 1000
    min_send: int = 300


@dataclass(frozen=True, slots=True)
class IceSettings:
    """How media servers find their own public addresses.

    Attributes:
        stun: Address and port of a STUN server.
        turn_url: ``user:password@address:port`` of a TURN server.
    """

    stun: tuple[str, int] | None = None
    turn_url: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """A WebRtcEndpoint to create.

    Attributes:
        name: Its name on the media server.
        sdp_offer: Of the browser.
    """

    name: str
    sdp_offer: str
    bandwidths: Bandwidths = Bandwidths()
    ice: IceSettings = IceSettings()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A created endpoint.

    Attributes:
        id: Of the WebRtcEndpoint or PlayerEndpoint.
        pass_through: Id of the PassThrough behind a publisher; empty for a subscriber.
        sdp_answer: For the browser; empty for a camera.
    """

    id: str
    pass_through: str = ""
    sdp_answer: str = ""


@dataclass(frozen=True, slots=True)
class MediaEvent:
    """An event of an endpoint; untrusted texts are bounded and cleaned.

    Attributes:
        endpoint: Its id.
        type: Such as ``MediaFlowInStateChanged`` or ``Error``.
        data: As the media server sent it.
    """

    endpoint: str
    type: str
    data: Mapping[str, Any]


class MediaObserver(Protocol):
    """Called on the event loop; it must not block."""

    def on_candidate(self, node_id: str, endpoint: str, candidate: IceCandidate) -> None:
        """Receive a candidate of the media server for the browser."""

    def on_media_event(self, node_id: str, event: MediaEvent) -> None:
        """Receive an event of an endpoint, filter or player."""

    def on_media_lost(self, node_id: str, pipelines: Collection[str]) -> None:
        """Learn that pipelines have ended with all their objects, and nobody released them.

        The node is connected again: its media server was started again, or its session with this
        server has ended; or somebody else released them. Unknown ones may be among them.
        """


class Media(Protocol):
    """Creates, connects and releases the media objects of calls.

    Each call is limited in time. If a step fails, the objects of the steps before it are released,
    and :class:`UnreachableMediaServerError` or :class:`MediaFailureError` is raised. The objects
    belong to the session of the node's link; they outlive the link, and this server, for the time
    that the media server keeps that session.
    """

    observer: MediaObserver

    def resume(self, media: CallMedia, name: str, created_at: datetime) -> None:
        """Before the node is attached: its link resumes the session that owns those objects.

        Args:
            media: Of the call.
            name: The name that its pipeline was created with.
            created_at: When it was created, as the node's session shows it.
        """

    async def create_pipeline(self, node_id: str, name: str) -> CallMedia:
        """Create a MediaPipeline with a name, and watch its errors."""

    async def create_publisher(
        self, media: CallMedia, request: EndpointRequest, *, loops_back: bool
    ) -> Endpoint:
        """Create a WebRtcEndpoint and its PassThrough, connect them, and answer the offer."""

    async def replace_publisher(
        self,
        media: CallMedia,
        request: EndpointRequest,
        old: Endpoint,
        *,
        loops_back: bool,
        filter_element: str = "",
    ) -> Endpoint:
        """Create another WebRtcEndpoint before the same PassThrough, and release the old one.

        If that fails, the old one is connected as before.

        Args:
            media: Of the call.
            request: The endpoint.
            old: The publisher.
            loops_back: Its owner receives it too.
            filter_element: Id of the filter between endpoint and PassThrough, if there is one.
        """

    async def create_pass_through(self, media: CallMedia) -> str:
        """Create a PassThrough for a stream whose publisher connects later; return its id.

        Its publisher then comes with :meth:`replace_publisher`, and an old endpoint without id.
        """

    async def create_subscriber(
        self, media: CallMedia, request: EndpointRequest, source: str
    ) -> Endpoint:
        """Create a WebRtcEndpoint, answer the offer, then connect a PassThrough to it.

        Args:
            media: Of the call.
            request: The endpoint.
            source: Id of the PassThrough.
        """

    async def create_player(self, media: CallMedia, name: str, camera: Camera) -> Endpoint:
        """Create a PlayerEndpoint and its PassThrough, connect them; it does not play yet."""

    async def play(self, media: CallMedia, endpoint: str, *, is_on: bool) -> None:
        """Begin or stop to play a PlayerEndpoint."""

    def add_candidate(self, media: CallMedia, endpoint: str, candidate: IceCandidate) -> None:
        """Give an endpoint a candidate of its browser; nobody waits for the answer."""

    async def apply_filter(
        self, media: CallMedia, stream: Endpoint, filter_type: str, options: Mapping[str, Any]
    ) -> str:
        """Create a filter between endpoint and PassThrough; return its id."""

    async def remove_filter(self, media: CallMedia, stream: Endpoint, element: str) -> None:
        """Connect endpoint and PassThrough again, and release the filter."""

    async def invoke_filter(
        self, media: CallMedia, element: str, method: str, params: Mapping[str, Any]
    ) -> Any:  # noqa: ANN401 - what the filter returns
        """Execute a method of a filter; return what it returns."""

    async def listen_to_filter(self, media: CallMedia, element: str, event_type: str) -> None:
        """Subscribe to a type of a filter's events; a second time changes nothing."""

    async def stats(
        self, media: CallMedia, endpoints: Collection[str], kind: str | None = None
    ) -> Mapping[str, Any]:
        """What the media server knows of endpoints now (``getStats``), by their ids.

        Args:
            media: Of the call.
            endpoints: Ids of WebRtcEndpoints.
            kind: AUDIO or VIDEO; ``None``: both.
        """

    def release(self, media: CallMedia, objects: Collection[str]) -> None:
        """Release objects in the background; those that are gone are no error.

        Releasing the pipeline releases everything in it.
        """
