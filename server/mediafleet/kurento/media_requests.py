"""Requests about media objects: in order, in the background, and what their results may hold."""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections import deque
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import anyio

from mediafleet.domain.call_errors import MediaFailureError, NoAnswerError
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.media import IceCandidate
from mediafleet.kurento.protocol import Fault, NoReply, Result
from mediafleet.kurento.rpc import BUSY, NOT_KURENTO, invocation, no_reply_reason
from mediafleet.kurento.session_cache import is_pipeline_id, safe_id
from mediafleet.masking import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from mediafleet.domain.media import EndpointRequest
    from mediafleet.kurento.link import Link
    from mediafleet.kurento.protocol import Outcome
    from mediafleet.kurento.rpc import RpcConnection
    from mediafleet.kurento.settings import LinkSettings

MAX_SDP = 32 * 1024
MAX_CANDIDATE = 2048

# A stat has some 20 values, and the endpoint of a browser some 30 stats.
MAX_STATS_VALUES = 2000

_MAX_VALUES = 200
_MAX_CHARACTERS = 60_000  # with a separator for each text it is less than may be masked at once
_MAX_MASKED = 16
_MAX_ESCAPES = 50
_MAX_DEPTH = 6
_MAX_ITEMS = 100
_MAX_TEXT = 1000
_MAX_KEY = 128
_LARGEST = 2**63
_MAX_M_LINES = 256
_OBJECT_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,512}", re.ASCII)
_UNSAFE = re.compile(r"[^\x20-\x7e]")
_CANDIDATE = re.compile(r"candidate:[\x20-\x7e]+", re.ASCII)
_MEDIA_ID = re.compile(r"[\x21-\x7e]{0,64}", re.ASCII)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a media server.

    Attributes:
        method: Of the protocol.
        params: Its parameters.
    """

    method: str
    params: Mapping[str, object]

    @property
    def what(self) -> str:
        """What it is about, for a reason."""
        return str(self.params.get("operation") or f"{self.method} {self.params.get('type', '')}")


def operation(object_id: str, name: str, params: Mapping[str, object] | None = None) -> Request:
    """An operation of an object."""
    return Request("invoke", invocation(object_id, name, params))


def connection(source: str, sink: str) -> Request:
    """All media of one element to another; it takes the place of an earlier source."""
    return operation(source, "connect", {"sink": sink})


def subscription(object_id: str, event_type: str) -> Request:
    """The events of one type; a second subscription of a session changes nothing."""
    return Request("subscribe", {"object": object_id, "type": event_type})


def setters(endpoint: str, request: EndpointRequest) -> list[Request]:
    """What a WebRtcEndpoint must know before it gets its offer."""
    limits, ice = request.bandwidths, request.ice
    values: dict[str, object] = {
        "name": request.name,
        "maxVideoRecvBandwidth": limits.max_recv,
        "minVideoRecvBandwidth": limits.min_recv,
        "maxVideoSendBandwidth": limits.max_send,
        "minVideoSendBandwidth": limits.min_send,
    }
    if ice.stun is not None:
        values["stunServerAddress"], values["stunServerPort"] = ice.stun
    if ice.turn_url is not None:
        values["turnUrl"] = ice.turn_url
    return [
        operation(endpoint, f"set{name[0].upper()}{name[1:]}", {name: value})
        for name, value in values.items()
    ]


class Observe(Protocol):
    """Observes the outcomes of requests."""

    def __call__(self, outcome: Outcome, *, is_late: bool) -> None:
        """Learn an outcome when it comes, and whether the caller still waits for it."""


class _Batch:
    """Requests in flight whose results one caller waits for."""

    def __init__(
        self, requests: Sequence[Request], observe: Observe | None, *, tolerates_faults: bool
    ) -> None:
        self._requests = requests
        self._observe = observe
        self._tolerates_faults = tolerates_faults
        self.values: dict[int, object] = {}
        self.end: asyncio.Future[UnreachableMediaServerError | MediaFailureError | None] = (
            asyncio.get_running_loop().create_future()
        )

    def expire(self, timeout_s: float) -> None:
        self._settle(UnreachableMediaServerError(no_reply_reason(timeout_s)))

    def on_outcome(self, index: int, outcome: Outcome) -> None:
        if self._observe is not None:
            self._observe(outcome, is_late=self.end.done())
        if isinstance(outcome, Result):
            self.values[index] = outcome.value.get("value")
        elif isinstance(outcome, Fault) and self._tolerates_faults:
            self.values[index] = None
        else:
            self._settle(_error_of(self._requests[index], outcome))
        if len(self.values) == len(self._requests):
            self._settle(None)

    def _settle(self, error: UnreachableMediaServerError | MediaFailureError | None) -> None:
        if not self.end.done():
            self.end.set_result(error)


class NodeRequests:
    """The requests about the media objects of one node.

    Args:
        link: To the node.
        settings: Bounds.

    Attributes:
        link: To the node.
        creations: Bounds those at once: other requests of the node wait behind them.
        settings: Bounds.
    """

    def __init__(self, link: Link, settings: LinkSettings) -> None:
        self.link = link
        self.creations = anyio.Semaphore(settings.concurrent_creations)
        self.settings = settings
        self._waiting: deque[Request] = deque()
        self._unconfirmed: deque[Request] = deque(maxlen=settings.max_background_requests)
        self._in_flight = 0
        self._session = link.session

    def rpc(self, calls: int) -> RpcConnection:
        """Return the connection, over which that many requests can be sent now.

        Raises:
            UnreachableMediaServerError: The link is not connected, or has too many requests.
        """
        rpc = self.link.rpc()
        if not rpc.can_send(calls):
            raise UnreachableMediaServerError(BUSY)
        return rpc

    async def perform(
        self,
        requests: Sequence[Request],
        *,
        observe: Observe | None = None,
        late_s: float = 0.0,
        tolerates_faults: bool = False,
    ) -> list[object]:
        """Send requests without waiting in between; return the untrusted values of their results.

        Args:
            requests: In order.
            observe: Called with each outcome when it comes.
            late_s: For how long outcomes are observed that come too late.
            tolerates_faults: The value of a request that is refused is ``None``.

        Raises:
            UnreachableMediaServerError: The link is not connected, or was lost, or there was no
                result within ``request_timeout``.
            MediaFailureError: One was refused; the later ones were executed nevertheless.
        """
        rpc = self.rpc(len(requests))
        batch = _Batch(requests, observe, tolerates_faults=tolerates_faults)
        timeout_s = self.settings.request_timeout
        timer = asyncio.get_running_loop().call_later(timeout_s, batch.expire, timeout_s)
        try:
            for index, request in enumerate(requests):
                on_outcome = partial(batch.on_outcome, index)
                _send(rpc, request, on_outcome, max(timeout_s, late_s))
            error = await batch.end
        finally:
            timer.cancel()
            batch.end.cancel()
        if error is not None:
            raise error
        return [batch.values[index] for index in range(len(requests))]

    def add(self, request: Request) -> None:
        """Send a request that nobody waits for, again after a loss of the link."""
        if len(self._waiting) >= self.settings.max_background_requests:
            dropped = self._waiting.popleft()
            log.debug(  # a browser causes one by each of its candidates
                "request to media server dropped",
                extra={"media_node_id": self.link.node_id, "operation": dropped.what},
            )
        self._waiting.append(request)
        self._send_waiting()

    def release(self, objects: Iterable[str]) -> None:
        """Release objects in the background."""
        for object_id in objects:
            self.link.watcher.cache.disown(object_id)
            self.add(Request("release", {"object": object_id}))

    def on_connected(self) -> None:
        """Send what was not confirmed, unless the objects have ended with their session."""
        if self.link.session != self._session:
            self._session = self.link.session
            self._waiting.clear()
            self._unconfirmed.clear()
        self._waiting.extendleft(reversed(self._unconfirmed))
        self._unconfirmed.clear()
        self._send_waiting()

    def _send_waiting(self) -> None:
        if not self.link.is_connected:
            return
        rpc = self.link.rpc()
        most = self.settings.concurrent_background_requests
        timeout_s = self.settings.request_timeout
        while self._waiting and self._in_flight < most and rpc.can_send(1):
            request = self._waiting.popleft()
            self._in_flight += 1
            try:
                _send(rpc, request, partial(self._on_outcome, request), timeout_s)
            except MediaFailureError as error:
                self._in_flight -= 1
                log.warning(
                    "request to media server dropped",
                    extra={"media_node_id": self.link.node_id, "reason": str(error)},
                )

    def _on_outcome(self, request: Request, outcome: Outcome) -> None:
        self._in_flight -= 1
        if isinstance(outcome, NoReply):
            self._unconfirmed.append(request)
        self._send_waiting()


class Creation:
    """Creates objects of one call, and releases them if a later step fails.

    Args:
        node: The node.
        pipeline: Of the call; empty for a new one.

    Attributes:
        node: The node.
    """

    def __init__(self, node: NodeRequests, pipeline: str) -> None:
        self.node = node
        self._pipeline = pipeline
        self._objects: list[str] = []
        self._undo: list[Request] = []

    async def create(self, *wanted: tuple[str, Mapping[str, object]]) -> list[str]:
        """Create elements of given types, with parameters of their constructors; return their ids.

        Raises:
            UnreachableMediaServerError: As :meth:`NodeRequests.perform`.
            MediaFailureError: As :meth:`NodeRequests.perform`.
        """
        requests = [
            Request(
                "create",
                {"type": kind, "constructorParams": {**params, "mediaPipeline": self._pipeline}},
            )
            for kind, params in wanted
        ]
        values = await self._perform(requests, self._keep)
        return [_checked_id(value) for value in values]

    async def create_pipeline(self, name: str, now: datetime) -> str:
        """Create a pipeline; return its id. It is shown as a session with that name at once.

        Raises:
            UnreachableMediaServerError: As :meth:`NodeRequests.perform`.
            MediaFailureError: As :meth:`NodeRequests.perform`.
        """
        watcher = self.node.link.watcher

        def observe(outcome: Outcome, *, is_late: bool) -> None:
            self._keep(outcome, is_late=is_late)
            if isinstance(outcome, Result) and not is_late:
                value = outcome.value.get("value")
                if _is_safe_pipeline_id(value):
                    watcher.adopt(str(value), name, now)
            watcher.end_creation()

        self.node.rpc(1)
        watcher.begin_creation()
        (value,) = await self._perform([Request("create", {"type": "MediaPipeline"})], observe)
        if not _is_safe_pipeline_id(value):
            raise UnreachableMediaServerError(NOT_KURENTO)
        return str(value)

    def undo(self, request: Request) -> None:
        """Send a request if this or a later step fails."""
        self._undo.append(request)

    def abandon(self) -> None:
        """Undo what was changed, and release what was created."""
        for request in self._undo:
            self.node.add(request)
        self.node.release(self._objects)

    async def _perform(self, requests: Sequence[Request], observe: Observe) -> list[object]:
        late_s = self.node.settings.creation_timeout
        return await self.node.perform(requests, observe=observe, late_s=late_s)

    def _keep(self, outcome: Outcome, *, is_late: bool) -> None:
        value = outcome.value.get("value") if isinstance(outcome, Result) else None
        if not _is_object_id(value):
            return
        if is_late:
            self.node.release([str(value)])
        else:
            self._objects.append(str(value))


def read_sdp(value: object) -> str | None:
    """Return a session description of a media server; ``None`` if it is none."""
    if not isinstance(value, str) or len(value) > MAX_SDP or not value.startswith("v=0"):
        return None
    return value if value.replace("\r", "").replace("\n", "").isprintable() else None


def read_candidate(value: object) -> IceCandidate | None:
    """Return a candidate of a media server; ``None`` if it is none."""
    if not isinstance(value, dict):
        return None
    candidate, media_id = value.get("candidate"), value.get("sdpMid", "")
    index = value.get("sdpMLineIndex")
    if (
        not isinstance(candidate, str)
        or len(candidate) > MAX_CANDIDATE
        or _CANDIDATE.fullmatch(candidate) is None
        or not isinstance(media_id, str)
        or _MEDIA_ID.fullmatch(media_id) is None
        or isinstance(index, bool)
        or not isinstance(index, int)
        or not 0 <= index < _MAX_M_LINES
    ):
        return None
    return IceCandidate(candidate, media_id, index)


def bounded(value: object, most_values: int = _MAX_VALUES) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value of a media server with safe texts, cut at depth, number and length.

    Texts are searched for secrets together: one by one that would take 9 µs for each letter that a
    hostile node sends. If many texts hold secrets, or many characters are escaped in them,
    nothing is returned.

    Args:
        value: Untrusted.
        most_values: Texts, numbers, lists and objects that are kept.
    """
    cut = _Cut(most_values)
    shape = cut.take(value, _MAX_DEPTH)
    joined = "|".join(cut.texts)
    if joined.count("\\") + joined.count("%") > _MAX_ESCAPES:
        return None
    if mask(joined) == joined:
        return shape
    return _masked(shape) if len(cut.texts) <= _MAX_MASKED else None


class _Cut:
    """Copies a part of a JSON value that is no larger than allowed."""

    def __init__(self, most_values: int) -> None:
        self._values_left = most_values
        self._characters_left = _MAX_CHARACTERS
        self.texts: list[str] = []

    def take(self, value: object, depth: int) -> Any:  # noqa: ANN401 - any JSON value
        self._values_left -= 1
        if isinstance(value, str):
            return self._text(value, _MAX_TEXT)
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        if isinstance(value, int):
            return value if -_LARGEST <= value < _LARGEST else None
        if depth and isinstance(value, dict):
            return {
                self._text(key, _MAX_KEY): self.take(item, depth - 1)
                for key, item in islice(value.items(), _MAX_ITEMS)
                if self._values_left > 0
            }
        if depth and isinstance(value, list):
            return [
                self.take(item, depth - 1)
                for item in islice(value, _MAX_ITEMS)
                if self._values_left > 0
            ]
        return None

    def _text(self, value: str, limit: int) -> str:
        limit = min(limit, self._characters_left)
        text = value[:limit]
        if not text.isprintable():
            text = _UNSAFE.sub("?", text)
        self._characters_left -= len(text)
        self.texts.append(text)
        return text


def _masked(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(key): _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _send(
    rpc: RpcConnection, request: Request, on_outcome: Callable[[Outcome], None], timeout_s: float
) -> None:
    try:
        rpc.call(request.method, request.params, on_outcome, timeout_s=timeout_s)
    except TypeError as error:
        raise MediaFailureError(f"{request.what} has a text that cannot be sent") from error


def _error_of(
    request: Request, outcome: Fault | NoReply
) -> UnreachableMediaServerError | MediaFailureError:
    if isinstance(outcome, NoReply):
        return UnreachableMediaServerError(outcome.reason)
    kind = NoAnswerError if request.what == "processOffer" else MediaFailureError
    return kind(f"it refuses {request.what} with code {outcome.code}: {outcome.message}")


def _is_object_id(value: object) -> bool:
    return isinstance(value, str) and _OBJECT_ID.fullmatch(value) is not None


def _is_safe_pipeline_id(value: object) -> bool:
    return is_pipeline_id(value) and safe_id(str(value)) == value


def _checked_id(value: object) -> str:
    if not _is_object_id(value):
        raise UnreachableMediaServerError(NOT_KURENTO)
    return str(value)
