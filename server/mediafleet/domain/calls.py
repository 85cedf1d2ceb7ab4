"""Calls as pure values: sessions of OpenVidu, their connections and streams.

Source: OpenVidu CE 2.15 to 2.32. A *session* begins with a request to the REST API, is active from
the first connection that joins, and ends when the last one leaves. A *connection* is a participant:
pending while only its token exists, active once a browser has joined with it. Each connection
publishes one *stream* at most and subscribes to streams of others. All times are aware, UTC.

The module :mod:`mediafleet.domain.cluster` has a ``Session`` too: a MediaPipeline on a Media Node,
whichever client created it. A call is one that this server created.
"""

from __future__ import annotations

# msgspec resolves the annotations of these classes when it encodes them.
from collections.abc import Mapping  # noqa: TC003
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mediafleet.domain.formats import identifier

if TYPE_CHECKING:
    from random import Random


class Role(StrEnum):
    """What a connection may do."""

    SUBSCRIBER = "SUBSCRIBER"
    PUBLISHER = "PUBLISHER"
    MODERATOR = "MODERATOR"


class ConnectionType(StrEnum):
    """Where the stream of a connection comes from."""

    WEBRTC = "WEBRTC"
    IPCAM = "IPCAM"


class Reason(StrEnum):
    """Why a session, connection, stream or subscription ended; values of OpenVidu."""

    UNSUBSCRIBE = "unsubscribe"
    UNPUBLISH = "unpublish"
    DISCONNECT = "disconnect"
    FORCE_UNPUBLISH_BY_USER = "forceUnpublishByUser"
    FORCE_UNPUBLISH_BY_SERVER = "forceUnpublishByServer"
    FORCE_DISCONNECT_BY_USER = "forceDisconnectByUser"
    FORCE_DISCONNECT_BY_SERVER = "forceDisconnectByServer"
    LAST_PARTICIPANT_LEFT = "lastParticipantLeft"
    NETWORK_DISCONNECT = "networkDisconnect"
    MEDIA_SERVER_DISCONNECT = "mediaServerDisconnect"
    MEDIA_SERVER_RECONNECT = "mediaServerReconnect"
    NODE_CRASHED = "nodeCrashed"
    OPENVIDU_SERVER_STOPPED = "openviduServerStopped"
    SESSION_CLOSED_BY_SERVER = "sessionClosedByServer"


ANY_CODEC = "NONE"


@dataclass(frozen=True, slots=True)
class RecordingProperties:
    """The defaults of a session's recordings; stored and shown.

    Attributes:
        resolution: Width and height, such as ``1280x720``; ``None``: that of the path family.
        shm_size: In bytes.
    """

    name: str = ""
    has_audio: bool = True
    has_video: bool = True
    output_mode: str = "COMPOSED"
    recording_layout: str = "BEST_FIT"
    resolution: str | None = None
    frame_rate: int = 25
    shm_size: int = 536_870_912
    custom_layout: str = ""
    ignore_failed_streams: bool = False


@dataclass(frozen=True, slots=True)
class SessionProperties:
    """What a client gives when it creates a session.

    Attributes:
        custom_session_id: The id that it chose; empty if it chose none.
        forced_video_codec: The only codec that browsers may send, as in the contract.
        allow_transcoding: Join although a browser does not have that codec.
        media_node: Id of the only Media Node that may host the session.
    """

    media_mode: str = "ROUTED"
    recording_mode: str = "MANUAL"
    recording: RecordingProperties = RecordingProperties()
    custom_session_id: str = ""
    forced_video_codec: str = ANY_CODEC
    allow_transcoding: bool = False
    media_node: str | None = None


@dataclass(frozen=True, slots=True)
class KurentoOptions:
    """Limits of a connection, in kbit/s as the media server sees them; 0 is unlimited.

    Attributes:
        allowed_filters: Types of filters that its owner may apply.
    """

    video_max_recv_bandwidth: int | None = None
    video_min_recv_bandwidth: int | None = None
    video_max_send_bandwidth: int | None = None
    video_min_send_bandwidth: int | None = None
    allowed_filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server for browsers."""

    url: str
    username: str | None = None
    credential: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Camera:
    """An IP camera.

    Attributes:
        adaptative_bitrate: Decode and encode, so that each browser gets what its network carries.
        only_play_with_subscribers: Play only while there is a subscriber.
        network_cache: Milliseconds of the buffer.
    """

    rtsp_uri: str
    adaptative_bitrate: bool = True
    only_play_with_subscribers: bool = True
    network_cache: int = 2000

    @property
    def address(self) -> str:
        """The URI without what may be credentials: user information, query and fragment."""
        parts = urlsplit(self.rtsp_uri)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True, slots=True)
class ConnectionProperties:
    """What a client gives when it creates a connection, or a token.

    Attributes:
        data: Passed to the other browsers as ``serverData``.
        record: Whether its stream is recorded.
        kurento_options: ``None`` if none were given.
        camera: Of connections of the type IPCAM.
    """

    type: ConnectionType = ConnectionType.WEBRTC
    role: Role = Role.PUBLISHER
    data: str = ""
    record: bool = True
    kurento_options: KurentoOptions | None = None
    custom_ice_servers: tuple[IceServer, ...] = ()
    camera: Camera | None = None


@dataclass(frozen=True, slots=True)
class MediaOptions:
    """What a stream consists of, as its publisher says.

    Attributes:
        type_of_video: CAMERA, SCREEN, CUSTOM or IPCAM; empty without video.
        frame_rate: Frames a second; ``None`` if unknown.
        video_dimensions: JSON text such as ``{"width":640,"height":480}``; ``None`` if unknown.
    """

    has_audio: bool = True
    has_video: bool = True
    audio_active: bool = True
    video_active: bool = True
    type_of_video: str = "CAMERA"
    frame_rate: int | None = None
    video_dimensions: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter on a published stream.

    Attributes:
        type: Class of the media server's filter, such as ``GStreamerFilter``.
        options: JSON text of its constructor's parameters.
        element: Its id on the media server.
        last_method: Name and JSON text of the parameters of the method that was last executed.
        listeners: Which connections hear which types of its events.
    """

    type: str
    options: str = "{}"
    element: str = ""
    last_method: tuple[str, str] | None = None
    listeners: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that a connection publishes.

    Attributes:
        id: Ends with the id of its connection; browsers read the owner from it.
        created_at: When the answer was sent.
        media: What it consists of.
        endpoint: Id of its WebRtcEndpoint or PlayerEndpoint.
        pass_through: Id of the element that subscribers are connected to.
        loops_back: Its owner receives it too.
        filter: Applied to it.
    """

    id: str
    created_at: datetime
    media: MediaOptions
    endpoint: str
    pass_through: str
    loops_back: bool = False
    filter: Filter | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A stream that a connection receives.

    Attributes:
        stream_id: The stream.
        sender_id: The connection that publishes it.
        created_at: When the answer was sent.
        endpoint: Id of the receiver's WebRtcEndpoint.
    """

    stream_id: str
    sender_id: str
    created_at: datetime
    endpoint: str


@dataclass(frozen=True, slots=True)
class CallConnection:
    """A participant of a session.

    Attributes:
        id: ``con_…``, or ``ipc_…`` for a camera.
        created_at: When its token was made.
        token: ``tok_…``; empty for a camera. One browser can join with it, once.
        properties: As given when it was created.
        active_at: When it joined; ``None`` while it is pending.
        rpc_session: Id of the JSON-RPC session, by which its browser comes back.
        platform: Browser and system, as the browser says.
        client_data: As the browser says; passed to the others.
        ip: Address of the browser.
        stream: What it publishes.
        subscriptions: What it receives, by id of the stream.
    """

    id: str
    created_at: datetime
    token: str
    properties: ConnectionProperties = ConnectionProperties()
    active_at: datetime | None = None
    rpc_session: str | None = None
    platform: str = ""
    client_data: str = ""
    ip: str = ""
    stream: Stream | None = None
    subscriptions: Mapping[str, Subscription] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Whether it has joined."""
        return self.active_at is not None

    @property
    def is_camera(self) -> bool:
        """Whether it is an IP camera, which no browser stands behind."""
        return self.properties.type is ConnectionType.IPCAM

    @property
    def metadata(self) -> str:
        """What the other browsers learn of it: data of the client and of the server."""
        parts = (self.client_data, self.properties.data)
        return "%/%".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class CallMedia:
    """Where the media of an active session are.

    Attributes:
        node_id: The Media Node.
        server_id: The process of the media server; with another one the media are gone.
        session_id: The session of the media server's protocol that owns the objects.
        pipeline: Id of the MediaPipeline; empty between placement and creation.
    """

    node_id: str
    server_id: str = ""
    session_id: str = ""
    pipeline: str = ""


@dataclass(frozen=True, slots=True)
class CallSession:
    """What is stored of a session besides its connections.

    Attributes:
        created_at: When the REST API created it; an active session started then.
        media: ``None`` while it is not active.
    """

    id: str
    created_at: datetime
    properties: SessionProperties = SessionProperties()
    media: CallMedia | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A session with its connections, as one value.

    Attributes:
        session: The session itself.
        connections: By id, in the order of their creation.
    """

    session: CallSession
    connections: Mapping[str, CallConnection] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def id(self) -> str:
        """Id of the session."""
        return self.session.id

    @property
    def is_active(self) -> bool:
        """Whether somebody has joined and not left."""
        return any(each.is_active for each in self.connections.values())

    @property
    def node_id(self) -> str | None:
        """The Media Node that hosts it, or on which the first join has placed it."""
        return None if self.session.media is None else self.session.media.node_id

    @property
    def active(self) -> tuple[CallConnection, ...]:
        """The connections that have joined, in the order of their creation."""
        return tuple(each for each in self.connections.values() if each.is_active)

    def publisher_of(self, stream_id: str) -> CallConnection | None:
        """The connection that publishes a stream, if one does."""
        for each in self.connections.values():
            if each.stream is not None and each.stream.id == stream_id:
                return each
        return None


def session_id(random: Random) -> str:
    """A new id such as ``ses_A1b2C3d4E5``."""
    return identifier(random, "ses_", 9)


def connection_id(random: Random) -> str:
    """A new id such as ``con_A1b2C3d4E5``."""
    return identifier(random, "con_", 9)


def token(random: Random) -> str:
    """A new token such as ``tok_A1b2C3d4E5f6G7h8``; *random* must be the system's source."""
    return identifier(random, "tok_", 15)


def stream_id(random: Random, media: MediaOptions, connection: str) -> str:
    """A new id such as ``str_CAM_A1b2_con_A1b2C3d4E5``."""
    kind = media.type_of_video[:3] if media.has_video else "MIC"
    prefix = identifier(random, f"str_{kind or 'CAM'}_", 3)
    return f"{prefix}_{connection}"


def camera_id(random: Random, camera: Camera) -> str:
    """A new id of a camera's connection such as ``ipc_IPCAM_rtsp_A1b2_example_com_8554_live``."""
    scheme, _, rest = camera.address.partition("://")
    path = rest.translate(str.maketrans("/.:", "___", "-"))
    safe = "".join(each for each in path if each.isascii() and (each.isalnum() or each == "_"))
    prefix = identifier(random, f"ipc_IPCAM_{scheme}_", 3)
    return f"{prefix}_{safe[:100]}"
