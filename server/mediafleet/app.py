"""The composition root: configuration in, an ASGI application out; the only place that wires."""

from __future__ import annotations

import hmac
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any

import anyio
import yaml

from mediafleet import contract
from mediafleet.api.cluster import ClusterHandlers
from mediafleet.api.errors import describe_error
from mediafleet.api.media_nodes import MediaNodeHandlers
from mediafleet.clock import SystemClock
from mediafleet.configuration import Configuration, ConfigurationError, describe, with_changes
from mediafleet.domain import identifiers
from mediafleet.domain.errors import InvalidConfigurationError
from mediafleet.domain.lifecycle import Patience
from mediafleet.domain.ports import Settings
from mediafleet.domain.timestamps import to_milliseconds
from mediafleet.environments.on_premise import OnPremise
from mediafleet.kurento import KurentoMediaServers, LinkSettings
from mediafleet.loops.lifecycle import LifecycleLoop
from mediafleet.loops.supervise import supervise
from mediafleet.services.admission import Admission
from mediafleet.services.cluster import ClusterConfiguration
from mediafleet.services.cluster_state import ClusterState
from mediafleet.services.lifecycle import Lifecycle
from mediafleet.services.media_nodes import MediaNodes
from mediafleet.services.removals import Removals
from mediafleet.store import Standing, open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from connexion import AsyncApp

    from mediafleet.domain.ports import Clock, JsonValue

USER = "OPENVIDUAPP"
OPENVIDU_PRO_VERSION = "2.15.1"
MAX_SUMMARY_CHARACTERS = 8192
ENVIRONMENTS = {"on_premise": OnPremise}
HTTP_PROTOCOL = contract.BoundedHttpProtocol
"""For uvicorn's ``http`` option: request heads are bounded in size and time."""


def create_app(
    configuration: Configuration,
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    on_standing_lost: Callable[[], None] = lambda: None,
) -> AsyncApp:
    """Wire the whole server; nothing is opened before the application's lifespan begins.

    Args:
        configuration: Checked values; the secret is set and the environment is one we have.
        clock: The machine's own if not given.
        random: For ids and jitter; the system's source if not given.
        on_standing_lost: Called when another server took the store; this one must end.

    Raises:
        KeyError: No such environment.
    """
    return _Server(
        configuration, clock or SystemClock(), random or SystemRandom(), on_standing_lost
    ).app()


def load_contract() -> Mapping[str, Any]:
    """The contract, from beside this module when installed, else from the top of the repository."""
    here = Path(__file__).resolve()
    installed = here.with_name("openapi.yaml")
    path = installed if installed.is_file() else here.parents[2] / "openapi.yaml"
    contract: Mapping[str, Any] = yaml.load(path.read_text("utf-8"), _LOADER)  # noqa: S506  # safe
    return contract


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ActiveConfiguration(Settings):
    """The configuration in force, which a restart replaces."""

    def __init__(self, configuration: Configuration) -> None:
        self.value = configuration

    def describe(self, kms_uris: Sequence[str]) -> Mapping[str, JsonValue]:
        """See the port."""
        return describe(self.value, version=OPENVIDU_PRO_VERSION, kms_uris=kms_uris)

    def change(self, changes: Mapping[str, JsonValue]) -> None:
        """See the port."""
        try:
            self.value = with_changes(self.value, changes)
        except ConfigurationError as error:
            raise InvalidConfigurationError(error.summary(limit=MAX_SUMMARY_CHARACTERS)) from None

    def authenticate(self, user: str, password: str) -> bool:
        """Compare both in constant time."""
        secret = self.value.secret
        if secret is None:
            return False
        known_user = hmac.compare_digest(user.encode(), USER.encode())
        return hmac.compare_digest(password.encode(), secret.encode()) and known_user


class _Server:
    """The parts of one server, in the order they need one another."""

    def __init__(
        self,
        configuration: Configuration,
        clock: Clock,
        random: Random,
        on_standing_lost: Callable[[], None],
    ) -> None:
        self._configuration = configuration
        self._clock = clock
        self._random = random
        self._on_standing_lost = on_standing_lost
        self._settings = ActiveConfiguration(configuration)
        self._state = ClusterState(clock)
        self._media_servers = KurentoMediaServers(
            observer=self._state.observe,
            clock=clock,
            random=random,
            settings=LinkSettings(
                allowed_networks=configuration.allowed_node_networks,
                ca_file=configuration.node_ca_file,
                load_interval=configuration.load_interval,
            ),
        )
        environment = ENVIRONMENTS[configuration.environment]()
        self._admission = Admission(
            self._state,
            environment,
            self._media_servers,
            clock,
            lambda: identifiers.media_node_id(random),
        )
        lifecycle = Lifecycle(
            self._state,
            environment,
            self._media_servers,
            clock,
            Patience(launch=configuration.launch_timeout),
        )
        self._lifecycle_loop = LifecycleLoop(self._state, lifecycle, clock)

    def app(self) -> AsyncApp:
        media_nodes = MediaNodeHandlers(
            MediaNodes(self._state, self._media_servers, self._clock),
            self._admission,
            Removals(self._state, self._media_servers, self._clock),
        )
        cluster = ClusterHandlers(ClusterConfiguration(self._state, self._settings))
        return contract.create_app(
            load_contract(),
            {
                "list_media_nodes": media_nodes.list_media_nodes,
                "get_media_node": media_nodes.get_media_node,
                "add_media_node": media_nodes.add_media_node,
                "remove_media_node": media_nodes.remove_media_node,
                "modify_media_node": media_nodes.modify_media_node,
                "autodiscover_media_nodes": media_nodes.autodiscover_media_nodes,
                "restart": cluster.restart,
                "get_config": cluster.get_config,
            },
            authenticate=self._settings.authenticate,
            describe_error=describe_error,
            lifespan=self._lifespan,
            cors_origins=self._configuration.cors_origins,
            now_ms=lambda: to_milliseconds(self._clock.now()),
        )

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        """Open the store first and close it last; loops and links live in between."""
        async with (
            anyio.create_task_group() as store_tasks,
            open_store(
                self._configuration.database_url,
                tasks=store_tasks,
                make_cluster_id=lambda: identifiers.cluster_id(self._random),
                cluster_id=self._configuration.cluster_id,
                observer=self._observe_standing,
            ) as store,
            self._state.kept_in(store),
            anyio.create_task_group() as loops,
        ):
            self._settings.value = self._settings.value.with_made(cluster_id=store.cluster_id)
            await self._admission.join_configured(self._configuration.kms_uris)
            loops.start_soon(supervise, "links", self._media_servers.run, name="links")
            loops.start_soon(supervise, "lifecycle", self._lifecycle_loop.run, name="lifecycle")
            yield
            loops.cancel_scope.cancel()

    def _observe_standing(self, standing: Standing) -> None:
        if standing is Standing.LOST:
            self._on_standing_lost()
