"""`Mediafleet`, the client for blocking code; made of async_client.py."""

import ssl
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self, TypeAlias, TypeVar

import httpx

from mediafleet_client.api.cluster import get_autoscaling, get_config, get_health, get_metrics, restart
from mediafleet_client.api.events import (
    delete_dead_letter,
    get_cdr_file,
    get_webhook,
    list_cdr_files,
    list_dead_letters,
    list_events,
    replay_dead_letters,
    stream_events,
)
from mediafleet_client.api.media_nodes import (
    add_media_node,
    autodiscover_media_nodes,
    drain_media_node,
    end_media_node_drain,
    get_media_node,
    get_media_node_diagnostics,
    get_media_node_drain,
    get_media_node_labels,
    list_media_nodes,
    modify_media_node,
    remove_media_node,
    set_media_node_labels,
)
from mediafleet_client.api.placements import create_placement, list_placements, release_placement
from mediafleet_client.api.recordings import (
    openvidu_delete_recording,
    openvidu_get_recording,
    openvidu_list_recordings,
    openvidu_start_recording,
    openvidu_stop_recording,
)
from mediafleet_client.api.sessions import (
    openvidu_close_connection,
    openvidu_close_session,
    openvidu_close_stream,
    openvidu_create_connection,
    openvidu_create_session,
    openvidu_create_token,
    openvidu_get_connection,
    openvidu_get_session,
    openvidu_list_connections,
    openvidu_list_sessions,
    openvidu_modify_connection,
    openvidu_send_signal,
)
from mediafleet_client.conversation import (
    CONNECT_S,
    USER,
    EventParser,
    LineBuffer,
    checked_url,
    failure,
    pause_before_repeating,
    result_of,
    transport_options,
)
from mediafleet_client.errors import (
    BadGateway,
    ConnectionFailed,
    GatewayTimeout,
    NotFound,
    RequestTimedOut,
    StatusNotReached,
    Unavailable,
)
from mediafleet_client.models import (
    AtDeadline,
    Autoscaling,
    Config,
    ConnectionPatch,
    ConnectionToCreate,
    DeadLetterPage,
    DeadLettersToReplay,
    DeletionStrategy,
    Drain,
    DrainLimit,
    EventPage,
    Health,
    Labels,
    LabelsToSet,
    MediaNode,
    MediaNodeDiagnostics,
    MediaNodePatch,
    MediaNodeToAdd,
    MediaNodeToUse,
    OpenViduConnection,
    OpenViduSession,
    OpenViduSessionToCreate,
    OpenViduToken,
    PlacedSession,
    PlacementList,
    RecordedSession,
    RecordingToStart,
    Replay,
    RequestableMediaNodeStatus,
    RestartProperties,
    SessionToPlace,
    SignalToSend,
    StoredEvent,
    TokenToCreate,
    WebhookState,
)
from mediafleet_client.types import UNSET, Operation

T = TypeVar("T")
MediaNodeList: TypeAlias = list[MediaNode]
CdrFileNames: TypeAlias = list[str]
SessionList: TypeAlias = list[OpenViduSession]
ConnectionList: TypeAlias = list[OpenViduConnection]
RecordingList: TypeAlias = list[RecordedSession]

_ACCEPTED: Final = 202
_SHORTEST_S: Final = 0.1
_STREAM_SILENCE_S: Final = 45.0
_PASSING: Final = (BadGateway, ConnectionFailed, GatewayTimeout, RequestTimedOut, Unavailable)
_FIRST_PAUSE_S: Final = 0.5
_REPLAY_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 15.0


class Mediafleet:
    """A client of one Mediafleet server.

    Use it as a context manager, or close it at the end. Every method raises a `MediafleetError`
    if the server refuses, fails or does not answer. Parameters `timeout` are seconds for one
    answer, in place of the client's own.

    Args:
        url: Base of the server, such as `http://127.0.0.1:5443`.
        secret: The server's OPENVIDU_SECRET.
        timeout: Seconds to wait for an answer.
        wait_timeout: The same for what is asked for with `wait=True`.
        retries: How often a request is sent once more if the server is not available now and says
            when it will be. What may have changed something already is never sent again.
        verify: For https: whether to check the certificate, a file of authorities to trust, or a
            context of your own.
        trust_env: Whether to heed the proxies and certificates that the environment names. A server
            on this machine is never asked through a proxy.
        on_response: Is handed every answer as it came, also those that lead to an error.

    Raises:
        ValueError: The URL, or the proxy that the environment names, is not fit for use.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        timeout: float = 30.0,
        wait_timeout: float = 3_600.0,
        retries: int = 2,
        verify: bool | str | ssl.SSLContext = True,
        trust_env: bool = True,
        on_response: Callable[[httpx.Response], object] | None = None,
    ) -> None:
        self._url = checked_url(url)
        self.timeout = timeout
        self._wait_timeout = wait_timeout
        self._retries = retries
        self._on_response = on_response
        options = transport_options(self._url, verify=verify, trust_env=trust_env)
        self._http = httpx.Client(
            base_url=self._url,
            auth=httpx.BasicAuth(USER, secret),
            transport=httpx.HTTPTransport(**options),
            trust_env=False,
        )
        self.media_nodes = MediaNodes(self)
        self.drains = Drains(self)
        self.placements = Placements(self)
        self.sessions = Sessions(self)
        self.recordings = Recordings(self)
        self.events = Events(self)
        self.cluster = Cluster(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def call(self, operation: Operation[T], *, timeout: float | None = None) -> T:
        """Perform any operation of `mediafleet_client.api`.

        Raises:
            ApiStatusError: The server refused or failed.
            ConnectionFailed: There is no answer.
            RequestTimedOut: There is no answer in time.
            InvalidResponse: The answer is none of this API.
        """
        if timeout is None:
            timeout = self._wait_timeout if operation.waits else self.timeout
        deadline = time.monotonic() + timeout
        left = self._retries
        while True:
            try:
                response = self._http.request(
                    operation.method,
                    operation.path,
                    params=operation.params,
                    headers=operation.headers,
                    json=operation.body,
                    timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_S)),
                )
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise failure(operation, error, self._url, timeout) from error
            if self._on_response is not None:
                self._on_response(response)
            pause = pause_before_repeating(operation, response)
            if not left or pause is None or time.monotonic() + pause > deadline:
                return result_of(operation, response)
            left -= 1
            time.sleep(pause)

    def stream(self, operation: Operation[str], *, silence: float) -> Generator[str, None, None]:
        """Perform an operation whose answer is text, and yield its lines as they come.

        Args:
            operation: What to ask for.
            silence: Seconds without a line after which the connection counts as broken.

        Raises:
            ApiStatusError: The server refused or failed.
            ConnectionFailed: There is no answer, or it broke off.
            RequestTimedOut: There is no answer in time, or no further line.
            InvalidResponse: The answer is none of this API.
        """
        timeout = httpx.Timeout(silence, connect=CONNECT_S)
        try:
            with self._http.stream(
                operation.method,
                operation.path,
                params=operation.params,
                headers=operation.headers,
                timeout=timeout,
            ) as response:
                if response.status_code not in operation.results:
                    response.read()
                    result_of(operation, response)
                lines = LineBuffer()
                for data in response.iter_bytes():
                    for line in lines.feed(data):
                        yield line
                if lines.rest:
                    yield lines.rest
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failure(operation, error, self._url, silence) from error


class Operations:
    """Operations on one subject, such as Media Nodes; a client has one object of each kind."""

    def __init__(self, client: Mediafleet) -> None:
        self._client = client


class MediaNodes(Operations):
    """The Media Nodes of the cluster."""

    def list(self, *, sessions: bool = False, extra_info: bool = False, timeout: float | None = None) -> MediaNodeList:
        """List all Media Nodes, in no order.

        Args:
            sessions: With the sessions that each hosts.
            extra_info: With what each media server reports about itself.
            timeout: Seconds for the answer.
        """
        operation = list_media_nodes(sessions=sessions, extra_info=extra_info)
        return (self._client.call(operation, timeout=timeout)).content

    def get(
        self,
        media_node_id: str,
        *,
        sessions: bool = False,
        extra_info: bool = False,
        timeout: float | None = None,
    ) -> MediaNode:
        """Get one Media Node.

        Args:
            media_node_id: Which one.
            sessions: With the sessions that it hosts.
            extra_info: With what its media server reports about itself.
            timeout: Seconds for the answer.

        Raises:
            NotFound: There is no such Media Node.
        """
        operation = get_media_node(media_node_id, sessions=sessions, extra_info=extra_info)
        return self._client.call(operation, timeout=timeout)

    def add(self, uri: str | None = None, *, wait: bool = False, timeout: float | None = None) -> MediaNode:
        """Add a Media Node.

        Args:
            uri: Where the running node is; needed on premises, ignored in other environments.
            wait: Answer when it is running, instead of at once.
            timeout: Seconds for the answer.

        Raises:
            NotFound: No media server answers at the uri.
            Conflict: It is a member already, or its launch was cancelled.
            BadGateway: It could not be launched.
            NotSupported: The uri is missing.
        """
        body = MediaNodeToAdd(uri=UNSET if uri is None else uri)
        return self._client.call(add_media_node(body=body, wait=wait), timeout=timeout)

    def discover(self, *, timeout: float | None = None) -> MediaNodeList:
        """Add the Media Nodes that run in the environment and are no members yet; return them."""
        found = self._client.call(autodiscover_media_nodes(), timeout=timeout)
        return found.content

    def remove(
        self,
        media_node_id: str,
        *,
        deletion_strategy: DeletionStrategy = "if-no-sessions",
        wait: bool = False,
        timeout: float | None = None,
    ) -> bool:
        """Remove a Media Node.

        Args:
            media_node_id: Which one.
            deletion_strategy: If it hosts sessions: refuse, remove it when they have ended, or
                close them.
            wait: Answer when it is gone, instead of at once.
            timeout: Seconds for the answer.

        Returns:
            Whether its removal has begun; `False` if it waits for sessions to end.

        Raises:
            NotFound: There is no such Media Node.
            Conflict: It hosts sessions, or was given work again during the wait.
        """
        operation = remove_media_node(media_node_id, wait=wait, deletion_strategy=deletion_strategy)
        return self._client.call(operation, timeout=timeout) != _ACCEPTED

    def modify(
        self,
        media_node_id: str,
        status: RequestableMediaNodeStatus,
        *,
        timeout: float | None = None,
    ) -> MediaNode | None:
        """Move a Media Node to another status.

        Returns:
            The Media Node; `None` if it has the status already.

        Raises:
            BadRequest: Its present status does not allow that.
            NotFound: There is no such Media Node.
        """
        operation = modify_media_node(media_node_id, body=MediaNodePatch(status=status))
        return self._client.call(operation, timeout=timeout)

    def diagnostics(self, media_node_id: str, *, timeout: float | None = None) -> MediaNodeDiagnostics:
        """Get the diagnostics of a Media Node: its pings, and the last decisions of the server.

        Raises:
            NotFound: There is no such Media Node.
        """
        return self._client.call(get_media_node_diagnostics(media_node_id), timeout=timeout)

    def labels(self, media_node_id: str, *, timeout: float | None = None) -> dict[str, str]:
        """Get the labels of a Media Node.

        Raises:
            NotFound: There is no such Media Node.
        """
        found = self._client.call(get_media_node_labels(media_node_id), timeout=timeout)
        return found.labels.additional_properties

    def set_labels(
        self, media_node_id: str, labels: Mapping[str, str], *, timeout: float | None = None
    ) -> dict[str, str]:
        """Give a Media Node labels in place of all that it has; return them.

        Raises:
            NotFound: There is no such Media Node.
            BadRequest: A name or value has not the form of a label, or there are more than 16.
        """
        body = LabelsToSet(Labels.from_dict(labels))
        operation = set_media_node_labels(media_node_id, body=body)
        return (self._client.call(operation, timeout=timeout)).labels.additional_properties

    def wait_until(
        self,
        media_node_id: str,
        statuses: str | Iterable[str],
        *,
        timeout: float = 60.0,
        poll_interval: float = 0.5,
    ) -> MediaNode:
        """Ask for a Media Node until it has one of these statuses.

        Args:
            media_node_id: Which one.
            statuses: One or several.
            timeout: Seconds to wait in all.
            poll_interval: Seconds between two questions.

        Raises:
            StatusNotReached: The time is up.
            NotFound: There is no such Media Node, or none any more.
        """
        wanted = {statuses} if isinstance(statuses, str) else set(statuses)
        status, deadline = None, time.monotonic() + timeout
        while True:
            left = max(deadline - time.monotonic(), _SHORTEST_S)
            try:
                node = self.get(media_node_id, timeout=left)
            except RequestTimedOut as error:
                raise StatusNotReached(media_node_id, status, timeout) from error
            status = node.status
            if status in wanted:
                return node
            if time.monotonic() + poll_interval > deadline:
                raise StatusNotReached(media_node_id, status, timeout)
            time.sleep(poll_interval)

    def wait_until_gone(self, media_node_id: str, *, timeout: float = 60.0, poll_interval: float = 0.5) -> None:
        """Ask for a Media Node until there is none.

        Args:
            media_node_id: Which one.
            timeout: Seconds to wait in all.
            poll_interval: Seconds between two questions.

        Raises:
            StatusNotReached: The time is up.
        """
        with suppress(NotFound):
            self.wait_until(media_node_id, (), timeout=timeout, poll_interval=poll_interval)


class Drains(Operations):
    """Media Nodes that are taken out of service."""

    def begin(
        self,
        media_node_id: str,
        *,
        deadline: int | None = None,
        at_deadline: AtDeadline = "abort",
        move: bool = False,
        together_with: Iterable[str] = (),
        force: bool = False,
        dry_run: bool = False,
        timeout: float | None = None,
    ) -> Drain:
        """Drain a Media Node: it gets no new sessions and goes when the last one has ended.

        Args:
            media_node_id: Which one.
            deadline: Seconds that it may take; `None` for no limit.
            at_deadline: What becomes of a node that hosts sessions then.
            move: Move the sessions of calls to other nodes, where their browsers connect again.
            together_with: Ids of nodes that will be drained too; they count as gone already.
            force: Even if the other nodes could not carry its load.
            dry_run: Only show what would happen.
            timeout: Seconds for the answer.

        Raises:
            NotFound: There is no such Media Node.
            Conflict: The other nodes could not carry its load, or it is not running.
        """
        limit = DrainLimit(move=True) if move else DrainLimit()
        if deadline is not None:
            limit.deadline, limit.at_deadline = deadline, at_deadline
        operation = drain_media_node(
            media_node_id,
            body=limit if move or deadline is not None else UNSET,
            together_with=",".join(together_with) or UNSET,
            force=force,
            dry_run=dry_run,
        )
        return self._client.call(operation, timeout=timeout)

    def get(self, media_node_id: str, *, timeout: float | None = None) -> Drain:
        """Get how far the drain of a Media Node has come.

        Raises:
            NotFound: It is not being drained.
        """
        return self._client.call(get_media_node_drain(media_node_id), timeout=timeout)

    def end(self, media_node_id: str, *, timeout: float | None = None) -> None:
        """End a drain: the Media Node is running again.

        Raises:
            NotFound: It is not being drained.
            Conflict: It is too late.
        """
        self._client.call(end_media_node_drain(media_node_id), timeout=timeout)


class Placements(Operations):
    """On which Media Node a new session begins."""

    def create(
        self,
        session_id: str | None = None,
        *,
        estimated_load: float | None = None,
        labels: Mapping[str, str] | None = None,
        media_node: str | None = None,
        ttl: int | None = None,
        timeout: float | None = None,
    ) -> PlacedSession:
        """Reserve a place for a new session on the Media Node with the least load.

        Args:
            session_id: Its id, so that the server notices when it appears on the node.
            estimated_load: Percent that it adds to the load of its node; 1 if not given.
            labels: Those that its node must have.
            media_node: Id of the only Media Node to consider.
            ttl: Seconds to wait for the session; 30 if not given.
            timeout: Seconds for the answer.

        Raises:
            Unavailable: No Media Node can get the session now; the message says why.
            NotFound: The only Media Node to consider is not in the cluster.
        """
        body = SessionToPlace(
            session_id=UNSET if session_id is None else session_id,
            estimated_load=UNSET if estimated_load is None else estimated_load,
            labels=UNSET if labels is None else Labels.from_dict(labels),
            media_node=UNSET if media_node is None else MediaNodeToUse(media_node),
            ttl=UNSET if ttl is None else ttl,
        )
        return self._client.call(create_placement(body=body), timeout=timeout)

    def list(self, *, timeout: float | None = None) -> PlacementList:
        """List the reservations that count now, at most 1,000 of them, and the number of all."""
        return self._client.call(list_placements(), timeout=timeout)

    def release(self, placement_id: str, *, timeout: float | None = None) -> None:
        """End a reservation, for a session that will not begin.

        Raises:
            NotFound: It has ended, or never was.
        """
        self._client.call(release_placement(placement_id), timeout=timeout)


class Sessions(Operations):
    """Sessions of participants, as OpenVidu 2.16 and later have them."""

    def create(
        self,
        custom_session_id: str | None = None,
        *,
        media_mode: str | None = None,
        recording_mode: str | None = None,
        default_output_mode: str | None = None,
        default_recording_layout: str | None = None,
        default_custom_layout: str | None = None,
        default_recording_properties: Mapping[str, Any] | None = None,
        media_node: str | None = None,
        forced_video_codec: str | None = None,
        allow_transcoding: bool | None = None,
        timeout: float | None = None,
    ) -> OpenViduSession:
        """Create a session, which nobody has joined yet.

        Args:
            custom_session_id: Its id; the server makes one if there is none.
            media_mode: `ROUTED` or `RELAYED`.
            recording_mode: `MANUAL` or `ALWAYS`.
            default_output_mode: What its recordings consist of.
            default_recording_layout: How composed recordings place the streams.
            default_custom_layout: The folder of the layout `CUSTOM`.
            default_recording_properties: How it is recorded unless a recording says otherwise, under the names of the
                API.
            media_node: Id of the Media Node that must host it.
            forced_video_codec: The codec that all participants must use.
            allow_transcoding: Whether media may be transcoded for those who lack the codec.
            timeout: Seconds for the answer.

        Raises:
            BadRequest: Something in it is not allowed.
            Conflict: There is a session with this id.
        """
        members = _given(
            customSessionId=custom_session_id,
            mediaMode=media_mode,
            recordingMode=recording_mode,
            defaultOutputMode=default_output_mode,
            defaultRecordingLayout=default_recording_layout,
            defaultCustomLayout=default_custom_layout,
            defaultRecordingProperties=default_recording_properties,
            mediaNode=None if media_node is None else {"id": media_node},
            forcedVideoCodec=forced_video_codec,
            allowTranscoding=allow_transcoding,
        )
        body = OpenViduSessionToCreate.from_dict(members)
        return self._client.call(openvidu_create_session(body=body), timeout=timeout)

    def list(
        self, *, web_rtc_stats: bool = False, pending_connections: bool = False, timeout: float | None = None
    ) -> SessionList:
        """List all sessions that were created here, in no order.

        Args:
            web_rtc_stats: With what is known about the media connection of each stream.
            pending_connections: With connections that nobody uses yet.
            timeout: Seconds for the answer.
        """
        operation = openvidu_list_sessions(web_rtc_stats=web_rtc_stats, pending_connections=pending_connections)
        return (self._client.call(operation, timeout=timeout)).content

    def get(
        self,
        session_id: str,
        *,
        web_rtc_stats: bool = False,
        pending_connections: bool = False,
        timeout: float | None = None,
    ) -> OpenViduSession:
        """Get one session with its participants.

        Args:
            session_id: Which one.
            web_rtc_stats: With what is known about the media connection of each stream.
            pending_connections: With connections that nobody uses yet.
            timeout: Seconds for the answer.

        Raises:
            NotFound: There is no such session.
        """
        operation = openvidu_get_session(
            session_id, web_rtc_stats=web_rtc_stats, pending_connections=pending_connections
        )
        return self._client.call(operation, timeout=timeout)

    def close(self, session_id: str, *, timeout: float | None = None) -> None:
        """End a session; its participants are disconnected.

        Raises:
            NotFound: There is no such session.
        """
        self._client.call(openvidu_close_session(session_id), timeout=timeout)

    def create_token(
        self,
        session: str,
        *,
        role: str | None = None,
        data: str | None = None,
        kurento_options: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> OpenViduToken:
        """Create a token, with which one participant can join once.

        Args:
            session: Id of the session.
            role: `SUBSCRIBER`, `PUBLISHER` or `MODERATOR`.
            data: What the other participants get to know of this one.
            kurento_options: Bandwidths and filters, under the names of the API.
            timeout: Seconds for the answer.

        Raises:
            BadRequest: Something in it is not allowed.
            NotFound: There is no such session.
        """
        members = _given(session=session, role=role, data=data, kurentoOptions=kurento_options)
        body = TokenToCreate.from_dict(members)
        return self._client.call(openvidu_create_token(body=body), timeout=timeout)

    def create_connection(
        self,
        session_id: str,
        *,
        type_: str | None = None,
        data: str | None = None,
        record: bool | None = None,
        role: str | None = None,
        kurento_options: Mapping[str, Any] | None = None,
        custom_ice_servers: Iterable[Mapping[str, Any]] | None = None,
        rtsp_uri: str | None = None,
        adaptative_bitrate: bool | None = None,
        only_play_with_subscribers: bool | None = None,
        network_cache: int | None = None,
        timeout: float | None = None,
    ) -> OpenViduConnection:
        """Create a connection: a place for a participant, or a camera.

        Args:
            session_id: Id of the session.
            type_: `WEBRTC` for a participant, `IPCAM` for a camera.
            data: What the participants get to know of this one.
            record: Whether its streams are part of individual recordings.
            role: `SUBSCRIBER`, `PUBLISHER` or `MODERATOR`.
            kurento_options: Bandwidths and filters, under the names of the API.
            custom_ice_servers: STUN and TURN servers for this participant, under the names of the API.
            rtsp_uri: Where the stream of the camera is.
            adaptative_bitrate: Whether its bitrate follows what the receivers can take.
            only_play_with_subscribers: Whether it is fetched only while somebody receives it.
            network_cache: Milliseconds of it that are buffered.
            timeout: Seconds for the answer.

        Raises:
            BadRequest: Something in it is not allowed.
            NotFound: There is no such session.
        """
        members = _given(
            type=type_,
            data=data,
            record=record,
            role=role,
            kurentoOptions=kurento_options,
            customIceServers=None if custom_ice_servers is None else [*custom_ice_servers],
            rtspUri=rtsp_uri,
            adaptativeBitrate=adaptative_bitrate,
            onlyPlayWithSubscribers=only_play_with_subscribers,
            networkCache=network_cache,
        )
        body = ConnectionToCreate.from_dict(members)
        return self._client.call(openvidu_create_connection(session_id, body=body), timeout=timeout)

    def connections(
        self,
        session_id: str,
        *,
        web_rtc_stats: bool = False,
        pending_connections: bool = True,
        timeout: float | None = None,
    ) -> ConnectionList:
        """List the connections of a session.

        Args:
            session_id: Id of the session.
            web_rtc_stats: With what is known about the media connection of each stream.
            pending_connections: With those that nobody uses yet.
            timeout: Seconds for the answer.

        Raises:
            NotFound: There is no such session.
        """
        operation = openvidu_list_connections(
            session_id, web_rtc_stats=web_rtc_stats, pending_connections=pending_connections
        )
        return (self._client.call(operation, timeout=timeout)).content

    def connection(
        self, session_id: str, connection_id: str, *, web_rtc_stats: bool = False, timeout: float | None = None
    ) -> OpenViduConnection:
        """Get one connection.

        Args:
            session_id: Id of the session.
            connection_id: Which one.
            web_rtc_stats: With what is known about the media connection of each stream.
            timeout: Seconds for the answer.

        Raises:
            BadRequest: There is no such session.
            NotFound: There is no such connection.
        """
        operation = openvidu_get_connection(session_id, connection_id, web_rtc_stats=web_rtc_stats)
        return self._client.call(operation, timeout=timeout)

    def modify_connection(
        self,
        session_id: str,
        connection_id: str,
        *,
        role: str | None = None,
        record: bool | None = None,
        timeout: float | None = None,
    ) -> OpenViduConnection:
        """Change what a participant may do.

        Args:
            session_id: Id of the session.
            connection_id: Which one.
            role: `SUBSCRIBER`, `PUBLISHER` or `MODERATOR`.
            record: Whether its streams are part of individual recordings.
            timeout: Seconds for the answer.

        Raises:
            NotFound: There is no such session or connection.
        """
        body = ConnectionPatch.from_dict(_given(role=role, record=record))
        operation = openvidu_modify_connection(session_id, connection_id, body=body)
        return self._client.call(operation, timeout=timeout)

    def close_connection(self, session_id: str, connection_id: str, *, timeout: float | None = None) -> None:
        """Disconnect a participant or a camera.

        Raises:
            BadRequest: There is no such session.
            NotFound: There is no such connection.
        """
        self._client.call(openvidu_close_connection(session_id, connection_id), timeout=timeout)

    def close_stream(self, session_id: str, stream_id: str, *, timeout: float | None = None) -> None:
        """End a stream that a participant publishes.

        Raises:
            BadRequest: There is no such session.
            NotFound: There is no such stream.
            MethodNotAllowed: It is that of a camera.
        """
        self._client.call(openvidu_close_stream(session_id, stream_id), timeout=timeout)

    def signal(
        self,
        session: str,
        *,
        to: Iterable[str] | None = None,
        type_: str | None = None,
        data: str | None = None,
        timeout: float | None = None,
    ) -> None:
        """Send a message of the application to participants.

        Args:
            session: Id of the session.
            to: Ids of connections; `None` for everybody.
            type_: The kind of message.
            data: The message.
            timeout: Seconds for the answer.

        Raises:
            NotFound: There is no such session.
            NotAcceptable: Nobody has joined, or one of the receivers is unknown.
        """
        members = _given(session=session, to=None if to is None else [*to], type=type_, data=data)
        self._client.call(openvidu_send_signal(body=SignalToSend.from_dict(members)), timeout=timeout)


class Recordings(Operations):
    """Recordings of sessions, as OpenVidu 2.16 and later have them. This version of the server makes none."""

    def start(
        self,
        session: str,
        *,
        name: str | None = None,
        has_audio: bool | None = None,
        has_video: bool | None = None,
        output_mode: str | None = None,
        recording_layout: str | None = None,
        custom_layout: str | None = None,
        resolution: str | None = None,
        frame_rate: int | None = None,
        shm_size: int | None = None,
        ignore_failed_streams: bool | None = None,
        timeout: float | None = None,
    ) -> None:
        """Start to record a session; see `DefaultRecordingProperties` for the parameters.

        Raises:
            NotFound: There is no such session.
            NotSupported: Recording is off, or the server cannot record in that way.
        """
        members = _given(
            session=session,
            name=name,
            hasAudio=has_audio,
            hasVideo=has_video,
            outputMode=output_mode,
            recordingLayout=recording_layout,
            customLayout=custom_layout,
            resolution=resolution,
            frameRate=frame_rate,
            shmSize=shm_size,
            ignoreFailedStreams=ignore_failed_streams,
        )
        body = RecordingToStart.from_dict(members)
        self._client.call(openvidu_start_recording(body=body), timeout=timeout)

    def stop(self, recording_id: str, *, timeout: float | None = None) -> None:
        """Stop a recording.

        Raises:
            NotFound: There is no such recording.
            NotSupported: Recording is off.
        """
        self._client.call(openvidu_stop_recording(recording_id), timeout=timeout)

    def get(self, recording_id: str, *, timeout: float | None = None) -> None:
        """Get a recording.

        Raises:
            NotFound: There is no such recording.
            NotSupported: Recording is off.
        """
        self._client.call(openvidu_get_recording(recording_id), timeout=timeout)

    def list(self, *, timeout: float | None = None) -> RecordingList:
        """List all recordings.

        Raises:
            NotSupported: Recording is off.
        """
        return (self._client.call(openvidu_list_recordings(), timeout=timeout)).items

    def delete(self, recording_id: str, *, timeout: float | None = None) -> None:
        """Delete a recording and its files.

        Raises:
            NotFound: There is no such recording.
            NotSupported: Recording is off.
        """
        self._client.call(openvidu_delete_recording(recording_id), timeout=timeout)


def _given(**members: Any) -> dict[str, Any]:
    """The members of a body that were given."""
    return {name: value for name, value in members.items() if value is not None}


class Events(Operations):
    """What happened to the cluster."""

    def list(self, *, after: int | None = None, limit: int = 100, timeout: float | None = None) -> EventPage:
        """Get a page of events, the oldest first.

        Args:
            after: Number of the last event that is known already, the `next` of the page before; `None` for the first
                page.
            limit: The greatest number of events, at most 1000.
            timeout: Seconds for the answer.

        Raises:
            Gone: Events after that one are deleted already.
        """
        operation = list_events(after=UNSET if after is None else after, limit=limit)
        return self._client.call(operation, timeout=timeout)

    def stream(
        self, *, after: int | None = None, limit: int | None = None, duration: float | None = None
    ) -> Iterator[StoredEvent]:
        """Follow the events without a gap, for ever unless there is a limit.

        A connection that is lost is made again, after a pause that grows from 0.5 s to 15 s, and goes on behind the
        last event. Only the first one must succeed.

        Args:
            after: Number of the last event that is known already; `None` for those that happen from now on.
            limit: The number of events after which the stream ends.
            duration: The number of seconds after which it ends.

        Raises:
            Gone: Events after that one are deleted already.
        """
        known = (self.list(limit=1)).newest if after is None else after
        end = None if duration is None else time.monotonic() + duration
        pause, connected = _FIRST_PAUSE_S, False
        while limit is None or limit > 0:
            left = None if end is None else max(0, round(end - time.monotonic()))
            operation = stream_events(
                last_event_id=known,
                limit=UNSET if limit is None else limit,
                duration=UNSET if left is None else left,
            )
            parser = EventParser()
            try:
                with closing(self._client.stream(operation, silence=_STREAM_SILENCE_S)) as lines:
                    for line in lines:
                        connected = True
                        event = parser.feed(line)
                        if event is not None:
                            known, pause = event.sequence, _FIRST_PAUSE_S
                            limit = None if limit is None else limit - 1
                            yield event
            except _PASSING as error:
                if not connected:
                    raise
                pause = max(pause, getattr(error, "retry_after", None) or 0)
            if limit == 0 or (end is not None and time.monotonic() + pause > end):
                return
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def cdr_files(self, *, timeout: float | None = None) -> CdrFileNames:
        """List the names of the files of call detail records, the oldest first."""
        return self._client.call(list_cdr_files(), timeout=timeout)

    def cdr_file(self, file: str, *, timeout: float | None = None) -> Iterator[str]:
        """Get a file of call detail records, line by line; each is a JSON object.

        Args:
            file: Its name, as listed.
            timeout: Seconds for each part of the answer.

        Raises:
            NotFound: There is no such file.
        """
        seconds = self._client.timeout if timeout is None else timeout
        with closing(self._client.stream(get_cdr_file(file), silence=seconds)) as lines:
            for line in lines:
                yield line

    def webhook(self, *, timeout: float | None = None) -> WebhookState:
        """Get how the webhook does."""
        return self._client.call(get_webhook(), timeout=timeout)

    def dead_letters(self, *, after: int = 0, limit: int = 100, timeout: float | None = None) -> DeadLetterPage:
        """Get a page of the events that the webhook's receiver refused for good, the oldest first.

        Args:
            after: Number of the last one that is known already, the `next` of the page before; 0 for the first page.
            limit: The greatest number of them, at most 1000.
            timeout: Seconds for the answer.
        """
        return self._client.call(list_dead_letters(after=after, limit=limit), timeout=timeout)

    def replay(self, sequences: Iterable[int] = (), *, all_: bool = False, timeout: float | None = _REPLAY_S) -> Replay:
        """Send events that the webhook's receiver refused once more.

        Args:
            sequences: Their numbers, 100 at most.
            all_: Send the oldest 100.
            timeout: Seconds for the answer; a replay takes 45 seconds at most.

        Raises:
            NotFound: One of them was not refused, or is delivered or deleted.
            Conflict: Another replay is under way.
        """
        body = DeadLettersToReplay(all_=True) if all_ else DeadLettersToReplay(sequences=[*sequences])
        return self._client.call(replay_dead_letters(body=body), timeout=timeout)

    def delete_dead_letter(self, sequence: int, *, timeout: float | None = None) -> None:
        """Delete an event that the webhook's receiver refused.

        Raises:
            NotFound: There is none of this number.
        """
        self._client.call(delete_dead_letter(sequence), timeout=timeout)


class Cluster(Operations):
    """The cluster as a whole."""

    def config(self, *, timeout: float | None = None) -> Config:
        """Get the configuration that is in force."""
        return self._client.call(get_config(), timeout=timeout)

    def restart(
        self,
        properties: RestartProperties | Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> None:
        """Restart the server with other properties; it goes on listening, and sessions go on.

        Args:
            properties: Those to change, under the names of the API, such as `OPENVIDU_CDR`.
            timeout: Seconds for the answer.

        Raises:
            BadRequest: A property or a value is not allowed; nothing was changed.
        """
        body = properties.to_dict() if isinstance(properties, RestartProperties) else properties or {}
        # Not by way of the model, which would drop a name that it does not know; the server says what is wrong with it.
        self._client.call(replace(restart(body=RestartProperties()), body=body), timeout=timeout)

    def health(self, *, timeout: float | None = None) -> Health:
        """Get since when the server runs, and which Media Nodes are disconnected."""
        return self._client.call(get_health(), timeout=timeout)

    def autoscaling(
        self,
        *,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        min_load: int | None = None,
        max_load: int | None = None,
        timeout: float | None = None,
    ) -> Autoscaling:
        """Get what autoscaling knows, did, and would do now.

        Args:
            min_nodes: For a dry run: fewest active nodes, `None` for the configured number.
            max_nodes: Likewise, most active nodes.
            min_load: Likewise, average load in percent below which the cluster would shrink.
            max_load: Likewise, average load in percent above which it would grow.
            timeout: Seconds for the answer.

        Raises:
            BadRequest: The limits contradict each other.
        """
        operation = get_autoscaling(
            min_nodes=UNSET if min_nodes is None else min_nodes,
            max_nodes=UNSET if max_nodes is None else max_nodes,
            min_load=UNSET if min_load is None else min_load,
            max_load=UNSET if max_load is None else max_load,
        )
        return self._client.call(operation, timeout=timeout)

    def metrics(self, *, timeout: float | None = None) -> str:
        """Get what the server has counted since it started, in the text format of Prometheus."""
        return self._client.call(get_metrics(), timeout=timeout)
