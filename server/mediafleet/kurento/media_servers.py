"""The links to the media servers of all members: the implementation of the domain's port."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
from typing_extensions import override

from mediafleet.domain.endpoints import MediaServerUri
from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.domain.ports import MediaServers, ServerIdentity
from mediafleet.kurento.link import Link
from mediafleet.kurento.protocol import read_server_info
from mediafleet.kurento.rpc import NOT_CONNECTED, RefusedError, RpcConnection, perform_handshake
from mediafleet.kurento.session_cache import safe_id
from mediafleet.kurento.shared import LinkContext

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from anyio.abc import TaskStatus

    from mediafleet.clock import AwakeClock
    from mediafleet.domain.cluster import Session
    from mediafleet.domain.diagnostics import Finding, NodeDiagnostics
    from mediafleet.domain.endpoints import Network
    from mediafleet.domain.ports import ConnectionObserver, ServerInfo
    from mediafleet.kurento.settings import LinkSettings
    from mediafleet.kurento.shared import LinkListener

_RELEASES_AT_ONCE = 50
_BEAT_S = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResumedPipeline:
    """A pipeline that an earlier process of this server created.

    Attributes:
        server_id: The process of the media server.
        session_id: The session that keeps the pipeline.
        pipeline: Its id.
        name: Of the pipeline.
        created_at: When it was created.
    """

    server_id: str
    session_id: str
    pipeline: str
    name: str
    created_at: datetime


class KurentoMediaServers(MediaServers):
    """Links to Kurento media servers.

    Links are connected while ``run`` runs; a member attached before that is linked when it starts.
    All else may be called at any time.

    Args:
        observer: Called on every change of a link.
        clock: The time, as far as this process was awake.
        random: For request ids and jitter.
        settings: Every bound.

    Raises:
        OSError: The file of certificate authorities cannot be read or holds none.
    """

    def __init__(
        self,
        observer: ConnectionObserver,
        *,
        clock: AwakeClock,
        random: random.Random,
        settings: LinkSettings,
    ) -> None:
        self._observer = observer
        self._settings = settings
        self._context = LinkContext(settings, clock, random)
        self._links: dict[str, Link] = {}
        self._resumed: dict[str, list[ResumedPipeline]] = {}
        self._is_running = False

    def listen(self, listener: LinkListener) -> None:
        """Call a listener about the media objects of calls."""
        self._context.media = listener

    def own_pipelines(self, owner: str) -> None:
        """Before the first ``attach``: give pipelines a tag, and release those left with it.

        Args:
            owner: Of this server, and of its earlier and later processes.
        """
        self._context.owner = owner

    @property
    def owner(self) -> str:
        """The tag of the pipelines of this server; empty: none."""
        return self._context.owner

    @property
    def settings(self) -> LinkSettings:
        """Every bound."""
        return self._settings

    @property
    def clock(self) -> AwakeClock:
        """The time, as far as this process was awake."""
        return self._context.clock

    @property
    def findings(self) -> Mapping[Finding, int]:
        """Counts of what the links found about their nodes."""
        return self._context.findings

    async def run(
        self,
        beat: Callable[[], None] = lambda: None,
        *,
        task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Run the links until cancelled; then disconnect from all media servers.

        Disconnecting takes at most twice ``close_timeout``, for any number of them. May be run
        again after that, but only once at a time. ``beat`` is called every five seconds.
        """
        context = self._context
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(context.connecting.run, name="connecting")
                tasks.start_soon(context.opening.run, name="opening")
                self._is_running = True
                for link in self._links.values():
                    link.start()
                task_status.started()
                while True:
                    await anyio.sleep(_BEAT_S)
                    beat()
        finally:
            self._is_running = False
            context.scheduler.clear()
            context.measuring.clear()
            await self._stop_all()

    @override
    async def probe(self, uri: str, *, within: Sequence[Network] | None = None) -> ServerIdentity:
        context, settings = self._context, self._settings
        rpc = RpcConnection(
            context.new_session(),
            context.clock,
            max_waiting=settings.max_waiting_calls,
            read_limit=context.new_read_limit(),
        )
        try:
            ip = await context.connector.connect(MediaServerUri.parse(uri), rpc, within)
            handshake = await perform_handshake(rpc, settings.request_timeout)
            return ServerIdentity(handshake.server_id, ip)
        finally:
            with anyio.CancelScope(shield=True):
                await rpc.close(settings.close_timeout)

    @override
    def attach(self, node_id: str, uri: str, diagnostics: NodeDiagnostics) -> None:
        if node_id in self._links:
            return
        link = Link(node_id, MediaServerUri.parse(uri), self._context, self._observer, diagnostics)
        for each in self._resumed.pop(node_id, ()):
            link.resume(each.server_id, each.session_id)
            link.watcher.adopt(each.pipeline, each.name, each.created_at)
        diagnostics.is_linked = True
        self._links[node_id] = link
        if self._is_running:
            link.start()

    @override
    async def detach(self, node_id: str) -> None:
        link = self._links.pop(node_id, None)
        if link is not None:
            self._context.media.on_detached(node_id)
            await link.stop()
            link.diagnostics.record_detached()

    @override
    async def list_sessions(self, node_id: str) -> tuple[Session, ...]:
        link = self.link(node_id)
        await link.watcher.list_pipelines(link.rpc())
        await link.watcher.settle()
        link.watcher.show_all()
        return link.watcher.cache.sessions()

    @override
    async def release_sessions(self, node_id: str, sessions: Iterable[Session]) -> None:
        link = self.link(node_id)
        wanted = {session.object_id for session in sessions}
        raw_ids = [each for each in link.watcher.cache.object_ids() if safe_id(each) in wanted]
        try:
            with anyio.fail_after(self._settings.release_timeout):
                for begin in range(0, len(raw_ids), _RELEASES_AT_ONCE):
                    await self._release(link, raw_ids[begin : begin + _RELEASES_AT_ONCE])
        except TimeoutError:
            raise UnreachableMediaServerError(
                f"its sessions did not end within {self._settings.release_timeout:g} s"
            ) from None

    @override
    async def describe(self, node_id: str) -> ServerInfo | None:
        timeout_s = self._settings.describe_timeout
        try:
            with anyio.fail_after(timeout_s):
                rpc = self.link(node_id).rpc()
                info = await rpc.invoke("getInfo", timeout_s=timeout_s)
                memory = await rpc.invoke("getUsedMemory", timeout_s=timeout_s)
        except (TimeoutError, UnreachableMediaServerError) as error:
            log.debug(
                "media server not described",
                extra={"media_node_id": node_id, "reason": str(error)},
            )
            return None
        return read_server_info(info, memory)

    async def _release(self, link: Link, object_ids: Sequence[str]) -> None:
        """Release some at once; the first without a reply ends the wait for all of them."""
        unanswered: list[UnreachableMediaServerError] = []

        async def release(object_id: str) -> None:
            try:
                await link.rpc().request(
                    "release", {"object": object_id}, timeout_s=self._settings.request_timeout
                )
            except RefusedError as error:
                log.warning(
                    "session not released",
                    extra={"media_node_id": link.node_id, "reason": str(error)},
                )
            except UnreachableMediaServerError as error:
                unanswered.append(error)
                releases.cancel_scope.cancel()

        async with anyio.create_task_group() as releases:
            for object_id in object_ids:
                releases.start_soon(release, object_id)
        if unanswered:
            raise unanswered[0]

    def resume(self, node_id: str, pipeline: ResumedPipeline) -> None:
        """Before ``attach``: the link of a node continues the session that keeps a pipeline."""
        self._resumed.setdefault(node_id, []).append(pipeline)

    def link(self, node_id: str) -> Link:
        """Return the link of a node.

        Raises:
            UnreachableMediaServerError: It has none.
        """
        link = self._links.get(node_id)
        if link is None:
            raise UnreachableMediaServerError(NOT_CONNECTED)
        return link

    async def _stop_all(self) -> None:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as tasks:
                for link in self._links.values():
                    tasks.start_soon(self._stop, link)

    async def _stop(self, link: Link) -> None:
        """Stop a link; calls outlive this process, so that the next one resumes them."""
        await link.stop(keeps_session=link.watcher.cache.has_own)
