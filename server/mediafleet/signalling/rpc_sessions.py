"""JSON-RPC sessions: they outlive their sockets, and their requests are handled in order."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio

from mediafleet.domain.call_errors import CallError
from mediafleet.domain.errors import MediafleetError, UnreachableMediaServerError
from mediafleet.signalling import frames
from mediafleet.signalling.frames import Code, Request, RpcError
from mediafleet.supervise import accomplish, failure_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping

    from anyio.abc import TaskGroup

    from mediafleet.contract import SchemaValidator
    from mediafleet.domain.media import IceCandidate
    from mediafleet.scheduler import Scheduler, Timer

log = logging.getLogger(__name__)

GRACE_S: Final = 10.0
"""How long a session is kept without a socket."""
MAX_PENDING: Final = 256
MAX_PENDING_CHARACTERS: Final = 4 << 20
"""Of requests of a session that are not answered yet: a browser subscribes to many at once."""
MAX_PENDING_UNJOINED: Final = 4
MAX_KEPT: Final = 1_000
MAX_KEPT_CHARACTERS: Final = 512 << 10
"""Of notifications that are kept for a browser that has no socket."""
MAX_CANDIDATES: Final = 1_000
CLOSED_BY_SERVER: Final = 1000
REPLACED, CONNECT_AGAIN = 4000, 1012


class Socket(Protocol):
    """The socket of a browser, as far as a session needs it."""

    session: RpcSession
    ip: str

    def send(self, text: str) -> None:
        """Queue a frame; never blocks."""

    def close(self, code: int, reason: str) -> None:
        """Close it after the frames that are queued."""

    def note_joined(self) -> None:
        """The browser has authenticated."""

    async def note_wrong_token(self) -> None:
        """The browser has given a wrong token; waits if its address has given many."""

    def note_left(self) -> None:
        """The browser has left; the socket may stay for a new joinRoom, for some seconds."""

    def note_ping(self, interval: float | None) -> None:
        """Watch that pings come at this interval, in seconds; ``None``: as before."""


class RpcSession:
    """A browser, over all its sockets.

    Attributes:
        id: Sent with each result; a browser that connects again gives it.
        socket: ``None`` while it is lost.
        joined: Ids of session and connection.
        has_joined: It has had a connection.
        is_leaving: Its own request ends its connection now.
        is_over: It cannot be connected any more.
        requests: That wait for those before them.
        is_working: Requests are handled.
        candidates: With their endpoints' names; passed on after the requests that came before.
    """

    def __init__(self, session_id: str, socket: Socket | None) -> None:
        self.id = session_id
        self.socket = socket
        self.joined: tuple[str, str] | None = None
        self.has_joined = self.is_leaving = self.is_over = self.is_working = False
        self.requests: deque[Request] = deque()
        self.candidates: deque[tuple[str, IceCandidate]] = deque(maxlen=MAX_CANDIDATES)
        self.grace: Timer | None = None
        self.kept: list[str] = []
        self._pending = self._kept_characters = 0

    def take(self, request: Request) -> None:
        """Queue a request.

        Raises:
            RpcError: Too many wait.
        """
        most = MAX_PENDING if self.joined is not None else MAX_PENDING_UNJOINED
        if len(self.requests) >= most or self._pending + request.size > MAX_PENDING_CHARACTERS:
            message = f"{len(self.requests)} requests of this browser wait already"
            raise RpcError(Code.TOO_MANY_REQUESTS, message, request.id)
        self.requests.append(request)
        self._pending += request.size

    def next(self) -> Request:
        """Return the request that waits for longest."""
        request = self.requests.popleft()
        self._pending -= request.size
        return request

    def send(self, text: str) -> bool:
        """Send a frame, or keep it for the next socket; False if too many are kept."""
        if self.socket is not None:
            self.socket.send(text)
            return True
        self.kept.append(text)
        self._kept_characters += len(text)
        return len(self.kept) <= MAX_KEPT and self._kept_characters <= MAX_KEPT_CHARACTERS

    def attach(self, socket: Socket) -> None:
        """Go on with another socket."""
        self.socket, socket.session = socket, self
        if self.grace is not None:
            self.grace.cancel()
            self.grace = None

    def send_kept(self) -> None:
        """Send what was kept."""
        kept, self.kept, self._kept_characters = self.kept, [], 0
        for text in kept:
            self.send(text)

    def result(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add the id to a result, once the browser has joined."""
        return {**value, "sessionId": self.id} if self.has_joined else value


class Handlers(Protocol):
    """What serves the methods of the contract."""

    def immediate(self, method: str) -> Callable[[RpcSession, Mapping[str, Any]], Any] | None:
        """Return the handler of a method that waits for nothing, if it is one."""

    async def handle(self, session: RpcSession, request: Request) -> Mapping[str, Any]:
        """Handle a request; return the result.

        Raises:
            RpcError: It is refused.
            MediafleetError: It failed.
        """

    def add_candidate(self, session: RpcSession, endpoint: str, candidate: IceCandidate) -> None:
        """Pass a candidate on.

        Raises:
            CallError: The connection is gone.
        """

    async def leave(self, session: RpcSession) -> None:
        """End the connection of a browser that is lost; nothing if it has ended.

        Raises:
            MediafleetError: It was not done.
        """


class RpcSessions:
    """All JSON-RPC sessions of this server; browsers are notified through it.

    Args:
        methods: What accepts the parameters of each method, by name.
        scheduler: For times that end.
        new_id: Makes the id of a session; nobody can guess it.
        grace: Seconds for which a session is kept without a socket; ``GRACE_S`` if not given.

    Attributes:
        handlers: Serve the methods.
        requests: How many requests each method had.
        errors: How many of them were answered with an error, by method and code.
    """

    def __init__(
        self,
        methods: Mapping[str, SchemaValidator],
        scheduler: Scheduler,
        new_id: Callable[[], str],
        *,
        grace: float | None = None,
    ) -> None:
        self.handlers: Handlers
        self.requests: Counter[str] = Counter()
        self.errors: Counter[tuple[str, int]] = Counter()
        self._methods = methods
        self._scheduler = scheduler
        self._new_id = new_id
        self._grace = GRACE_S if grace is None else grace
        self._sessions: dict[str, RpcSession] = {}
        # At most two of a socket: its requests, and what is sent to it.
        self._jobs: asyncio.Queue[tuple[Callable[[], Coroutine[Any, Any, None]], str]] = (
            asyncio.Queue()
        )
        self._is_stopping = False

    def __iter__(self) -> Iterator[RpcSession]:
        return iter(tuple(self._sessions.values()))

    @property
    def size(self) -> int:
        """How many there are, those without a socket included."""
        return len(self._sessions)

    @asynccontextmanager
    async def running(self, joined: Mapping[str, tuple[str, str]]) -> AsyncIterator[None]:
        """Handle requests within the context.

        Args:
            joined: Sessions of an earlier server, with ids of session and connection; their
                browsers have the same time to connect as those whose socket is lost.
        """
        for session_id, ids in joined.items():
            session = self._sessions[session_id] = RpcSession(session_id, None)
            session.joined, session.has_joined = ids, True
            self._begin_grace(session)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._start_jobs, tasks, name="signalling")
            try:
                yield
            finally:
                self._is_stopping = True
                self._scheduler.clear()
                tasks.cancel_scope.cancel()

    def begin_stop(self) -> None:
        """Let nobody leave from now on: browsers connect again to the next server."""
        self._is_stopping = True

    def start(self, job: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        """Run something in the background, within the context; callbacks may call this too."""
        self._jobs.put_nowait((job, name))

    async def _start_jobs(self, tasks: TaskGroup) -> None:
        # AnyIO starts no task outside of one, such as in a callback of a transport, if sniffio is
        # installed.
        while True:
            job, name = await self._jobs.get()
            tasks.start_soon(failure_of, name, job, name=name)  # which raises nothing

    # Sockets

    def open(self, socket: Socket) -> RpcSession:
        """Begin a session with a new socket."""
        session = RpcSession(self._new_id(), socket)
        self._sessions[session.id] = session
        return session

    def receive(self, socket: Socket, text: str) -> None:
        """Handle a frame."""
        session = socket.session
        if session.is_over or session.socket is not socket:
            return  # it is being closed
        try:
            request = frames.read(text, self._methods)
            self.requests[request.method] += 1
            immediate = self.handlers.immediate(request.method)
            if immediate is not None:
                self._handle_now(session, request, immediate)
            else:
                self._take(session, request)
                if not session.is_working:
                    session.is_working = True
                    self.start(partial(self._work, session), "requests of a browser")
        except RpcError as failure:
            socket.send(frames.error(failure))

    def _take(self, session: RpcSession, request: Request) -> None:
        try:
            session.take(request)
        except RpcError as failure:
            self.errors[request.method, failure.code] += 1
            raise

    def lost(self, socket: Socket) -> None:
        """Note that a socket is closed or will be; frames are kept from now on."""
        session = socket.session
        if session.socket is not socket:
            return  # it was replaced
        session.socket = None
        if not session.is_working:
            self._without_socket(session)

    def connect(self, session: RpcSession, session_id: str) -> RpcSession:
        """Attach the socket of a new session to an older one.

        Raises:
            RpcError: There is no such session any more.
        """
        known, socket = self._sessions.get(session_id), session.socket
        if (
            socket is None
            or known is None
            or known is session
            or known.joined is None
            or known.is_over
            or session.has_joined
            or session.is_working
        ):
            raise RpcError(Code.RECONNECTION_ERROR, "reconnection error")
        if known.socket is not None:
            known.socket.close(REPLACED, "the browser has connected again")
        session.socket, session.is_over = None, True
        del self._sessions[session.id]
        known.attach(socket)
        socket.note_joined()
        return known

    def _without_socket(self, session: RpcSession) -> None:
        if session.joined is not None and not session.is_over:
            self._begin_grace(session)
        elif session.joined is None:
            self._forget(session)

    def _begin_grace(self, session: RpcSession) -> None:
        session.grace = self._scheduler.after(self._grace, partial(self._expire, session))

    def give_up(self, session: RpcSession) -> None:
        """Let a browser leave that has missed notifications."""
        self._expire(session)

    def _expire(self, session: RpcSession) -> None:
        if session.is_over or self._is_stopping:
            return
        session.is_over = True
        self.start(partial(self._leave, session), "end of a browser")

    async def _leave(self, session: RpcSession) -> None:
        """End the connection of a lost browser, however often it takes."""
        await accomplish("end of a browser", partial(self.handlers.leave, session))
        self._forget(session)

    def _forget(self, session: RpcSession) -> None:
        session.is_over, session.joined = True, None
        session.kept.clear()
        if session.grace is not None:
            session.grace.cancel()
        self._sessions.pop(session.id, None)

    # Requests

    def _handle_now(
        self,
        session: RpcSession,
        request: Request,
        handle: Callable[[RpcSession, Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        socket = session.socket
        try:
            value = handle(session, request.params)
        except Exception as failure:  # noqa: BLE001 - each is answered
            answer = self._refuse(failure, request)
        else:
            session = session if socket is None else socket.session  # another one after connect
            answer = frames.result(request.id, session.result(value))
        if socket is not None:
            socket.send(answer)
        session.send_kept()

    async def _work(self, session: RpcSession) -> None:
        """Handle the requests of a session, in order, until none waits."""
        try:
            while session.requests:
                request = session.next()
                session.send(await self._answer(session, request))
                if request.method == "closeSession":
                    self._close(session)
                self._pass_on_candidates(session)
        finally:
            session.is_working = False
        if session.socket is None:
            self._without_socket(session)

    async def _answer(self, session: RpcSession, request: Request) -> str:
        try:
            value = await self.handlers.handle(session, request)
        except Exception as failure:  # noqa: BLE001 - each is answered
            return self._refuse(failure, request)
        return frames.result(request.id, session.result(value))

    def _refuse(self, failure: Exception, request: Request) -> str:
        described = _described(failure, request)
        self.errors[request.method, described.code] += 1
        return frames.error(described)

    def add_candidate(self, session: RpcSession, endpoint: str, candidate: IceCandidate) -> None:
        """Pass a candidate on, after the requests that came before it.

        Raises:
            CallError: The connection is gone.
        """
        if session.is_working:
            session.candidates.append((endpoint, candidate))
        else:
            self.handlers.add_candidate(session, endpoint, candidate)

    def _pass_on_candidates(self, session: RpcSession) -> None:
        while session.candidates:
            endpoint, candidate = session.candidates.popleft()
            with suppress(RpcError, CallError):  # it was answered already
                self.handlers.add_candidate(session, endpoint, candidate)

    # What the services have for browsers

    def notify(self, rpc_session: str, method: str, params: Mapping[str, Any]) -> None:
        """Send a notification, in order; one to a session that is gone is ignored."""
        session = self._sessions.get(rpc_session)
        if session is None or session.is_over:
            return
        if not session.send(frames.notification(method, params)):
            log.warning("too many notifications for a browser without a socket")
            self._expire(session)

    def evict(self, rpc_session: str) -> None:
        """End a session: send what is queued, close its socket, and forget it."""
        session = self._sessions.get(rpc_session)
        if session is None:
            return
        session.joined = None
        if not session.is_leaving:  # otherwise its own request must be answered
            self._close(session)

    def _close(self, session: RpcSession) -> None:
        socket = session.socket
        self._forget(session)
        if socket is not None:
            socket.close(CLOSED_BY_SERVER, "the session has ended")

    def reconnect(self, rpc_session: str) -> None:
        """Close the socket of a session, which stays: its browser connects again."""
        session = self._sessions.get(rpc_session)
        if session is not None and session.socket is not None:
            session.socket.close(CONNECT_AGAIN, "connect again")


def _described(failure: Exception, request: Request) -> RpcError:
    code: int = Code.BUSY
    match failure:
        case RpcError():
            return RpcError(failure.code, failure.message, request.id)
        case CallError():
            code = failure.code
        case UnreachableMediaServerError():
            code = Code.MEDIA_FAILURE
        case MediafleetError():
            pass
        case _:
            log.error("request crashed", extra={"method": request.method}, exc_info=failure)
            message = "The server failed; its log has the reason"
            return RpcError(Code.INTERNAL_ERROR, message, request.id)
    return RpcError(code, str(failure), request.id)


def joined_sessions(
    rpc_sessions: Iterable[str], connection_of: Callable[[str], tuple[str, str] | None]
) -> Mapping[str, tuple[str, str]]:
    """Return the sessions of an earlier server with their ids of session and connection."""
    found = {each: connection_of(each) for each in rpc_sessions}
    return {each: ids for each, ids in found.items() if ids is not None}
