"""The cluster as a whole: its health, its configuration, and a restart with a new one."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import anyio

from mediafleet.domain.cluster import Trait
from mediafleet.domain.errors import NotReadyError, RestartingError, UnhealthyError
from mediafleet.domain.lifecycle import waiting_members

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Awaitable,
        Callable,
        Collection,
        Iterable,
        Mapping,
        Sequence,
    )
    from datetime import datetime

    from mediafleet.clock import Clock
    from mediafleet.domain.errors import InvalidProperty
    from mediafleet.domain.lifecycle import Timeouts, Waiting
    from mediafleet.domain.ports import JsonValue, Settings
    from mediafleet.services.cluster_state import ClusterState

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

WAIT_LIMIT_S = 10.0
"""How long a request waits for a restart that is under way."""


STORE = "store"
"""The name of the store in the health of the server."""


@dataclass(frozen=True, slots=True)
class FailedComponent:
    """A component of the server that does not work.

    Attributes:
        name: Which.
        reason: Why, for people.
        is_needed: The server cannot work without it.
    """

    name: str
    reason: str
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class Health:
    """The health of this process and its cluster; timestamps are aware, UTC.

    Attributes:
        started: When the process started to serve.
        restarts: How often it was restarted over the API since.
        last_restart: When that was last; the start, if never.
        disconnected: Ids of serving Media Nodes whose link is down.
        able: A Media Node accepts new sessions.
        waiting: Media Nodes that must leave their status by themselves, and why they have not.
        failed: Components of the server that do not work.
    """

    started: datetime
    restarts: int
    last_restart: datetime
    disconnected: tuple[str, ...]
    able: bool
    waiting: tuple[Waiting, ...] = ()
    failed: tuple[FailedComponent, ...] = ()

    @property
    def works(self) -> bool:
        """The server itself works, whatever its nodes do."""
        return not any(component.is_needed for component in self.failed)


class ClusterConfiguration:
    """Reads and changes the active configuration.

    A restart replaces the configuration and nothing else: the listener, the links and the
    sessions stay. It waits for no request that is under way, since none of them reads the
    configuration twice; requests that come meanwhile wait for it.

    Args:
        state: The cluster in memory.
        settings: The configuration in force.
        clock: The only source of time.
        timeouts: How long the cluster waits for what.
        after_restart: Applies the new configuration to the cluster; it must neither wait nor fail.
        failed_components: Returns the components of the server that do not work, without waiting.
    """

    def __init__(
        self,
        state: ClusterState,
        settings: Settings,
        clock: Clock,
        timeouts: Timeouts,
        after_restart: Callable[[], None],
        *,
        failed_components: Callable[[], Iterable[FailedComponent]] = tuple,
    ) -> None:
        self._state = state
        self._settings = settings
        self._clock = clock
        self._timeouts = timeouts
        self._after_restart = after_restart
        self._failed_components = failed_components
        self._turn = anyio.Lock()
        self._started = self._last_restart = clock.now()
        self._restarts = 0

    def health(self) -> Health:
        """The health of the process and of the nodes, as it is now."""
        cluster = self._state.cluster
        return Health(
            self._started,
            self._restarts,
            self._last_restart,
            tuple(member.node.id for member in cluster.with_trait(Trait.DISCONNECTED)),
            able=cluster.index.holds(Trait.ACCEPTS_SESSIONS),
            waiting=tuple(waiting_members(cluster, self._timeouts, self._clock.monotonic())),
            failed=tuple(self._failed_components()),
        )

    def require_live(self) -> None:
        """Return unless a component other than the store keeps the server from working.

        Raises:
            UnhealthyError: A loop is dead or stalled; a new process would help.
        """
        if any(
            component.is_needed and component.name != STORE
            for component in self._failed_components()
        ):
            raise UnhealthyError

    def require_ready(self) -> None:
        """Return if requests can be served now.

        Raises:
            UnhealthyError: A needed component does not work.
            NotReadyError: The server is stopping.
        """
        if self._state.is_stopping:
            raise NotReadyError
        if any(component.is_needed for component in self._failed_components()):
            raise UnhealthyError

    def describe(self) -> Mapping[str, JsonValue]:
        """The active configuration without its secrets; the uris are those of connected nodes."""
        return self._settings.describe(self._state.cluster.connected_uris)

    async def restart(self, changes: Mapping[str, JsonValue]) -> None:
        """Store new values and apply them; restarts take turns in the order they came.

        Each is checked against the result of the one before. When this returns the values are on
        disk and in force.

        Raises:
            InvalidConfigurationError: Names every problem; nothing was changed.
            RestartingError: The restarts before took too long; nothing was changed.
            ConfigurationNotStoredError: The file could not be written; nothing was changed.
        """
        async with self._in_turn():
            with anyio.CancelScope(shield=True):
                await self._settings.change(changes)
                self._restarts += 1
                self._last_restart = self._clock.now()
                extra = {"properties": sorted(changes), "restarts": self._restarts}
                log.info("restarted", extra=extra)
                self._after_restart()

    async def validation_errors(
        self, changes: Mapping[str, JsonValue], refused: Collection[str]
    ) -> Sequence[InvalidProperty]:
        """Check the other values of a restart that is refused anyway.

        It takes its turn, so that they are checked against the result of the restart before.

        Args:
            changes: New values.
            refused: Names whose values are known to be invalid.

        Raises:
            RestartingError: The restarts before took too long.
        """
        async with self._in_turn():
            return await self._settings.validation_errors(changes, refused)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        try:
            with anyio.fail_after(WAIT_LIMIT_S):
                await self._turn.acquire()
        except TimeoutError:
            raise RestartingError from None
        try:
            yield
        finally:
            self._turn.release()

    def between_restarts(self, handler: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        """Wrap a handler so that it waits for a restart that is under way.

        Raises:
            RestartingError: (the wrapped handler) The restart took too long.
        """

        @wraps(handler)
        async def handle(*args: P.args, **kwargs: P.kwargs) -> T:
            if self._turn.locked():
                async with self._in_turn():
                    pass
            return await handler(*args, **kwargs)

        return handle
