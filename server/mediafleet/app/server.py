"""Wires one server and runs it: opens the store first, closes it last, runs loops and links."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from functools import partial
from inspect import getmembers, iscoroutinefunction
from random import SystemRandom
from typing import TYPE_CHECKING
from uuid import uuid4

import anyio
import orjson

from mediafleet import contract, tracing
from mediafleet.api.cluster import (
    AutoscalingHandlers,
    CommunityHandlers,
    ConfigurationHandlers,
    HealthHandlers,
    restart_errors,
)
from mediafleet.api.errors import describe_error
from mediafleet.api.events import CdrHandlers, EventHandlers
from mediafleet.api.media_nodes import OPENVIDU, PRO, FleetHandlers, MediaNodeHandlers
from mediafleet.api.placements import PlacementHandlers
from mediafleet.api.sessions import EarlySessions, LaterSessions, RecordingHandlers
from mediafleet.api.webhook import WebhookHandlers
from mediafleet.app import metrics
from mediafleet.app.active_configuration import ActiveConfiguration, autoscaling_settings
from mediafleet.app.call_page import CallPageMiddleware
from mediafleet.app.calls import CallServices
from mediafleet.app.contract_file import load_contract
from mediafleet.app.delivery import EventReaders, cdr_settings
from mediafleet.app.environments import check_cluster_path, make_environment
from mediafleet.app.metrics import UNMATCHED
from mediafleet.app.registrar import PREFIX as REGISTRAR_PREFIX
from mediafleet.app.registrar import RegistrarMiddleware
from mediafleet.app.signalling import Signalling
from mediafleet.clock import AwakeClock, SystemClock
from mediafleet.configuration import Origin, inherited_variables
from mediafleet.delivery import CdrFiles
from mediafleet.domain import formats
from mediafleet.domain.cluster import MAX_MEMBERS
from mediafleet.domain.diagnostics import Finding
from mediafleet.domain.formats import to_milliseconds
from mediafleet.domain.heartbeat import PING_ALIGNMENT_S, HeartbeatSettings
from mediafleet.domain.lifecycle import Timeouts
from mediafleet.domain.placement import Reservations
from mediafleet.kurento import KurentoMediaServers, LinkSettings
from mediafleet.services.additions import Additions, Registrations
from mediafleet.services.autoscaling import Autoscaler
from mediafleet.services.cluster import STORE, ClusterConfiguration, FailedComponent
from mediafleet.services.cluster_state import ClusterState
from mediafleet.services.controller import Controller
from mediafleet.services.hook import run_hook
from mediafleet.services.machines import Discovery, Machines
from mediafleet.services.media_nodes import Drains, MediaNodes
from mediafleet.services.placements import Placements
from mediafleet.services.removals import Removals
from mediafleet.services.sizing import Sizing, SizingLoop
from mediafleet.signalling.websocket import PATH as SIGNALLING_PATH
from mediafleet.store import STORE_MARKER, Leadership, SqlStore, open_store
from mediafleet.supervise import STALL_S, Loop, succeeds, supervise

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp

    from mediafleet.clock import Clock
    from mediafleet.configuration import Configuration
    from mediafleet.domain.autoscaling import Autoscaling
    from mediafleet.domain.cluster import OpenFiles
    from mediafleet.domain.events import StoredEvent
    from mediafleet.domain.ports import Environment

log = logging.getLogger(__name__)

DRAIN_CHECK_ON_PREMISES_S = 5.0
LOAD_INTERVALS_RESERVED = 2
"""For so long a reservation counts after its session appeared: then a measurement includes it."""
RESIZING_LIMIT_S = 600.0
"""A resizing waits for its environment, which has its own timeouts."""

HEARTBEAT, LINKS, LIFECYCLE, SIZING = "heartbeat", "links", "lifecycle", "sizing"
AUTOSCALING = "autoscaling"
"""The loops in the background, as health names them."""
ENVIRONMENT = "environment"


class HttpProtocol(contract.BoundedHttpProtocol):
    """For uvicorn's ``http`` option: bounds what clients may cost."""

    websocket_paths: tuple[str, ...] = (SIGNALLING_PATH,)
    reserved_paths = ("/health", "/openvidu/api/health")


class HttpProtocolWithRegistrar(HttpProtocol):
    """The same, where media servers register themselves."""

    websocket_paths = (SIGNALLING_PATH, REGISTRAR_PREFIX)


def http_protocol(configuration: Configuration) -> type[HttpProtocol]:
    """The protocol for a configuration; other WebSockets than its own are requests to it."""
    return HttpProtocol if configuration.registrar_token is None else HttpProtocolWithRegistrar


class Stopping:
    """Notifies the application that the server begins to stop.

    The application's lifespan ends only after all requests have ended, so requests that wait must
    be notified before.

    Attributes:
        listener: Called when the stop begins; set by the application.
    """

    def __init__(self) -> None:
        self.listener: Callable[[], None] = lambda: None

    def begin(self) -> None:
        """Answer waiting requests now; more may come until the last one has ended."""
        self.listener()


class Server:
    """The components of one server, in the order of their dependencies.

    Nothing is opened before the application's lifespan begins.

    Args:
        configuration: Checked values; the secret is set and the environment is one we have.
        dotenv_path: Keeps what a restart changes; ``.env`` in the data directory if not given.
        stop_nodes: At the stop, terminate nodes with sessions too, in environments that end with
            the server.
        accept_changed_store: Start although the store is empty, damaged or not the one recorded in
            the data directory.
        has_call_page: Serve a page with a call to browsers on this machine.
        served_at: The URL that is in tokens if no public address is configured.
        clock: The machine's own if not given.
        environment: Where nodes come from; the one the configuration names if not given.
        on_leadership_lost: Called when another server has the store; this one must end.
        open_files: Limits how many Media Nodes may be connected; no limit if not given.
        stopping: Notifies the application that the server begins to stop.
        connections: Gives the HTTP server's connections; there are no metrics of them otherwise.
        failed_logins: Counts wrong credentials and slows down clients that send many.

    Raises:
        ValueError: No such environment.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        dotenv_path: Path | None = None,
        stop_nodes: bool = False,
        accept_changed_store: bool = False,
        has_call_page: bool = False,
        served_at: str | None = None,
        clock: Clock | None = None,
        environment: Environment | None = None,
        on_leadership_lost: Callable[[], None] = lambda: None,
        open_files: OpenFiles | None = None,
        stopping: Stopping | None = None,
        connections: Callable[[], contract.ConnectionTable] | None = None,
        failed_logins: contract.FailedLogins | None = None,
    ) -> None:
        clock, random = AwakeClock(clock or SystemClock()), SystemRandom()
        settings = ActiveConfiguration(
            configuration, dotenv_path or configuration.data_dir / ".env", check_cluster_path
        )
        environment = environment or make_environment(settings)
        self._configuration = configuration
        self._settings = settings
        self._clock = clock
        self._random = random
        self._on_leadership_lost = on_leadership_lost
        self._stop_nodes = stop_nodes
        self._accept_changed_store = accept_changed_store
        self._has_call_page = has_call_page
        self._served_at = served_at
        self._store: SqlStore | None = None
        self._state = ClusterState(
            clock,
            Reservations(measured_after=LOAD_INTERVALS_RESERVED * configuration.load_interval),
        )
        self._stopping = stopping or Stopping()
        self._failed_logins = failed_logins or contract.FailedLogins()
        self._connections = connections
        self._metrics = metrics.Metrics()
        self._media_servers = KurentoMediaServers(
            observer=self._state.observe,
            clock=clock,
            random=random,
            settings=LinkSettings(
                allowed_networks=configuration.allowed_node_networks,
                ca_file=configuration.node_ca_file,
                load_interval=configuration.load_interval,
                heartbeat=HeartbeatSettings(
                    interval=configuration.get("MEDIAFLEET_PING_INTERVAL", float),
                    timeout=configuration.get("MEDIAFLEET_PING_TIMEOUT", float),
                    probes=configuration.get("MEDIAFLEET_PING_PROBES", int),
                    probe_interval=configuration.get("MEDIAFLEET_PING_PROBE_INTERVAL", float),
                    alignment=min(
                        PING_ALIGNMENT_S, configuration.get("MEDIAFLEET_PING_INTERVAL", float) / 10
                    ),
                ),
                open_files=open_files,
            ),
        )
        self._environment = environment
        self._timeouts = _timeouts(configuration, environment)
        self._machines = Machines(self._state, environment, self._timeouts)
        self._placements = Placements(
            self._state, clock, lambda: formats.placement_id(self._random)
        )
        self._calls = CallServices(
            lambda: settings.value,
            self._state,
            self._placements,
            self._media_servers,
            clock=clock,
            random=random,
        )
        self._readers = EventReaders(
            lambda: settings.value,
            clock,
            random,
            lambda: self._state.cluster,
            self._calls.statistics.run,
        )
        self._controller = Controller(
            self._state,
            self._machines,
            self._media_servers,
            clock=clock,
            timeouts=self._timeouts,
            calls=self._calls.recovery,
            moves_calls=configuration.get("MEDIAFLEET_SESSION_FAILOVER", bool),
        )
        environment.on_machine_end(
            lambda node_id, reason: self._controller.record_decision(
                node_id, Finding.MACHINE_ENDED, reason
            )
        )
        self._additions = Additions(
            self._state,
            self._environment,
            self._media_servers,
            clock=clock,
            new_node_id=lambda: formats.media_node_id(random),
            open_files=open_files,
        )
        self._discovery = Discovery(
            self._state,
            self._environment,
            self._machines,
            self._controller,
            self._additions,
            clock=clock,
        )
        self._drains = Drains(self._state, clock, self._timeouts)
        self._removals = Removals(self._state, self._media_servers, clock)
        self._sizing = Sizing(
            self._state, self._environment, self._discovery, self._additions, self._removals
        )
        self._sizing_loop = SizingLoop(self._resize)
        self._signalling = Signalling(self._calls, clock, random)
        self._autoscaler = Autoscaler(
            self._state,
            lambda: autoscaling_settings(settings.value, environment),
            clock=clock,
            new_node_id=lambda: formats.media_node_id(random),
            capacity=open_files.media_nodes if open_files is not None else MAX_MEMBERS,
            may_launch=lambda: self._sizing.may_launch,
            run_hook=self._run_hook,
        )
        self._state.on_events = self._publish
        self._cluster = ClusterConfiguration(
            self._state,
            settings,
            clock,
            self._timeouts,
            self._apply_configuration,
            failed_components=self._failed_components,
        )
        names = (
            HEARTBEAT,
            LINKS,
            LIFECYCLE,
            SIZING,
            AUTOSCALING,
            *EventReaders.LOOPS,
            *CallServices.LOOPS,
        )
        self._loops = {
            name: Loop(
                name, clock.monotonic, stall_s=RESIZING_LIMIT_S if name == SIZING else STALL_S
            )
            for name in names
        }
        self._measure()

    def _measure(self) -> None:
        """Add what each component counts to the metrics."""
        most_nodes = self._configuration.get("MEDIAFLEET_METRICS_NODES", int)
        add = self._metrics.add
        add(lambda: metrics.of_components([STORE, ENVIRONMENT, *self._loops], self._failed_names()))
        add(lambda: metrics.of_cluster(self._state.cluster, most_nodes))
        add(lambda: metrics.of_findings(self._media_servers.findings, self._controller.findings))
        add(lambda: metrics.of_controller(self._controller))
        add(lambda: metrics.of_calls(self._calls.rooms.counts))
        add(lambda: metrics.of_events(self._readers))
        add(lambda: metrics.of_autoscaling(self._autoscaler))
        add(lambda: metrics.of_event_loop(self._clock))
        add(
            lambda: metrics.of_clients(
                self._failed_logins.count,
                self._store.refused_changes if self._store is not None else 0,
                self._connections() if self._connections is not None else None,
            )
        )

    def _observe_response(self, request: contract.Request, status: int) -> None:
        self._metrics.observe_response(request, status)
        if tracing.is_on():
            trace_request(request, status)

    def _failed_names(self) -> frozenset[str]:
        return frozenset(component.name for component in self._failed_components())

    def app(self) -> ASGIApp:
        """The application, which is all of the server but the HTTP protocol."""
        specification = load_contract()
        if self._configuration.get("MEDIAFLEET_METRICS_OPEN", bool):
            specification["paths"]["/metrics"]["get"]["security"] = []
        app: ASGIApp = contract.create_app(
            specification,
            contract.Options(
                self._handlers(contract.ContractSchemas(specification)),
                authenticate=self._settings.authenticate,
                describe_error=describe_error,
                cors_origins=self._configuration.get("MEDIAFLEET_CORS_ORIGINS", tuple),
                failed_logins=self._failed_logins,
                observe=self._observe_response,
                now_ms=lambda: to_milliseconds(self._clock.now()),
                body_rules={
                    f"{family.prefix}restart": partial(restart_errors, self._cluster)
                    for family in (PRO, OPENVIDU)
                },
            ),
            self._lifespan,
        )
        if self._has_call_page:
            app = CallPageMiddleware(app, self._calls.calls)
        token = self._configuration.registrar_token
        if token is not None:
            registrations = Registrations(self._additions, self._configuration.registrar_networks)
            app = RegistrarMiddleware(app, registrations, token, self._failed_logins)
        sockets = self._signalling.before(
            app, self._configuration, passes_websockets=token is not None
        )
        self._metrics.add(lambda: metrics.of_signalling(sockets, self._signalling.sessions))
        return sockets

    def _handlers(self, schemas: contract.ContractSchemas) -> Mapping[str, contract.Handler]:
        """Handlers by operationId."""
        media_nodes = MediaNodes(self._state, self._media_servers, self._clock)
        events = EventHandlers(self._readers.log, schemas.component("StoredEvent"))
        self._metrics.add(lambda: metrics.of_streams(events.streams))
        self._stopping.listener = partial(self._begin_stop, events)
        records = CdrHandlers(self._cdr_files)
        configuration = ConfigurationHandlers(self._cluster)
        recordings = RecordingHandlers(
            self._calls.calls, lambda: self._settings.value.get("OPENVIDU_RECORDING", bool)
        )
        community = CommunityHandlers(
            self._cluster,
            schemas.properties("CommunityConfig"),
            lambda: self._settings.value.get("OPENVIDU_RECORDING_PATH", str),
        )
        at_once = (
            _operations(HealthHandlers(self._cluster))
            | _operations(self._metrics)
            | _operations(events)
            | _operations(WebhookHandlers(self._readers.webhook, lambda: self._state.store))
        )
        waiting = (
            _operations(FleetHandlers(media_nodes, self._drains))
            | _operations(AutoscalingHandlers(self._autoscaler))
            | _operations(PlacementHandlers(self._placements))
        )
        for family, sessions in ((PRO, EarlySessions), (OPENVIDU, LaterSessions)):
            nodes = MediaNodeHandlers(
                media_nodes,
                self._additions,
                self._discovery,
                self._removals,
                calls=self._calls.calls,
                public_url=self._public_url,
                family=family,
                schemas=schemas,
            )
            calls = sessions(self._calls.calls, self._public_url, schemas)
            for handlers in (configuration, nodes, calls, recordings, community):
                waiting |= _operations(handlers, family.prefix)
            at_once |= _operations(records, family.prefix)
            # It takes its turn itself.
            at_once[f"{family.prefix}restart"] = waiting.pop(f"{family.prefix}restart")
        # Since 2.16 it is shown with the configuration of Pro.
        del waiting["openvidu_get_community_config"]
        after_restarts = self._cluster.between_restarts
        return at_once | {name: after_restarts(handler) for name, handler in waiting.items()}

    def _public_url(self) -> str:
        """The address of this server for browsers."""
        configuration = self._settings.value
        is_configured = any(
            configuration.origins[name] is not Origin.DEFAULT
            for name in ("DOMAIN_OR_PUBLIC_IP", "HTTPS_PORT")
        )
        return (
            configuration.public_url
            if is_configured
            else self._served_at or configuration.public_url
        )

    def _begin_stop(self, events: EventHandlers) -> None:
        self._state.begin_stop()
        self._signalling.sessions.begin_stop()
        events.begin_stop()

    def _cdr_files(self) -> CdrFiles:
        return CdrFiles(cdr_settings(self._settings.value).directory)

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        async with (
            anyio.create_task_group() as store_tasks,
            open_store(
                self._configuration.database_url,
                tasks=store_tasks,
                make_cluster_id=lambda: formats.cluster_id(self._random),
                cluster_id=self._configuration.cluster_id,
                observer=self._observe_leadership,
                marker=self._configuration.data_dir / STORE_MARKER,
                accept_changed=self._accept_changed_store,
                on_commit=self._metrics.observe_commit,
            ) as self._store,
            self._environment.open(await self._owner_of_machines(self._store)),
            self._readers.log.kept_in(self._store),
            self._state.kept_in(self._store),
            anyio.create_task_group() as loops,
        ):
            self._settings.value = self._settings.value.with_made(cluster_id=self._store.cluster_id)
            await self._readers.begin(self._store)
            owner = await self._store.get_or_set("pipelines", lambda: uuid4().hex)
            self._media_servers.own_pipelines(owner)
            self._calls.recovery.load(self._state.loaded_calls)
            await self._discovery.remove_lost()
            await self._add_configured()
            # Before any link is made, since a machine may have the address of one that is gone.
            has_discovered = await succeeds("discovery", self._sizing.adopt)
            loops.start_soon(self._supervise, HEARTBEAT, self._clock.beat, name=HEARTBEAT)
            loops.start_soon(self._supervise, LINKS, self._media_servers.run, name=LINKS)
            loops.start_soon(self._supervise, LIFECYCLE, self._controller.run, name=LIFECYCLE)
            for name, run in (*self._readers.loops(self._store), *self._calls.loops()):
                loops.start_soon(self._supervise, name, run, name=name)
            async with self._signalling.running(), anyio.create_task_group() as sizing:
                sizing.start_soon(self._supervise, SIZING, self._sizing_loop.run, name=SIZING)
                if not (has_discovered and await succeeds("resizing", self._resize)):
                    self._sizing_loop.request()
                scale = self._autoscaler.run
                sizing.start_soon(self._supervise, AUTOSCALING, scale, name=AUTOSCALING)
                yield
                sizing.cancel_scope.cancel()  # nodes that are removed now must not be replaced
            if self._environment.ends_with_server:
                await self._removals.remove_at_stop(evicting=self._stop_nodes)
            loops.cancel_scope.cancel()

    async def _supervise(
        self, name: str, run: Callable[[Callable[[], None]], Awaitable[None]]
    ) -> None:
        loop = self._loops[name]
        await supervise(loop, partial(run, loop.beat))

    def _failed_components(self) -> Iterator[FailedComponent]:
        if problem := self._state.store_problem:
            yield FailedComponent(STORE, problem)
        for loop in self._loops.values():
            if problem := loop.problem:
                is_needed = loop.name not in EventReaders.LOOPS
                yield FailedComponent(loop.name, problem, is_needed=is_needed)
        # The server itself works without these.
        if problem := self._sizing_loop.problem:
            yield FailedComponent(SIZING, problem, is_needed=False)
        if problem := self._autoscaler.problem:
            yield FailedComponent(AUTOSCALING, problem, is_needed=False)
        if problem := self._environment.problem:
            yield FailedComponent(ENVIRONMENT, problem, is_needed=False)

    @staticmethod
    async def _owner_of_machines(store: SqlStore) -> str:
        """The cluster's first id, the tag of its machines: a new id must not lose them."""
        return await store.get_or_set("machines", lambda: store.cluster_id)

    async def _add_configured(self) -> None:
        uris = self._configuration.kms_uris
        if not self._environment.launches_machines:
            await self._additions.add_configured(uris)
        elif uris:
            extra = {"environment": self._environment.name}
            log.warning("KMS_URIS have no effect, as nodes are launched here", extra=extra)

    def _apply_configuration(self) -> None:
        """Apply a configuration that was just stored to the running cluster."""
        if self._store is not None:
            self._store.cluster_id = self._cluster_id()
        self._readers.configure()
        self._sizing_loop.request()
        self._autoscaler.configure()

    async def _resize(self) -> None:
        if self._store is None:
            return
        configuration = self._settings.value
        if configuration.autoscales:
            await self._sizing.leave_to_autoscaling(self._store)
            await self._autoscaler.evaluate()
        else:
            await self._sizing.resize(
                self._store, configuration.get("OPENVIDU_PRO_CLUSTER_MEDIA_NODES", int)
            )

    def _publish(self, events: Sequence[StoredEvent]) -> None:
        self._readers.log.append(events)
        self._autoscaler.on_events(events)
        self._metrics.count_events(events)

    async def _run_hook(self, event: Autoscaling) -> None:
        document = orjson.dumps({"event": event.name, **event.payload(self._cluster_id())})
        command = self._settings.value.autoscaling_hook
        await run_hook(command, document, environ=inherited_variables())

    def _cluster_id(self) -> str:
        return self._settings.value.cluster_id or ""

    def _observe_leadership(self, leadership: Leadership) -> None:
        if leadership is not Leadership.LEADER:
            self._machines.interrupt_launches()
        if leadership is Leadership.LOST:
            self._on_leadership_lost()


def _operations(handlers: object, prefix: str = "") -> dict[str, contract.Handler]:
    """The methods that handle operations, by operationId: all coroutine functions."""
    methods = getmembers(handlers, iscoroutinefunction)
    return {f"{prefix}{name}": method for name, method in methods if not name.startswith("_")}


def trace_request(request: contract.Request, status: int) -> None:
    """Record a span of a request."""
    operation = request.operation_id or UNMATCHED
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]
    }
    attributes = {
        "mediafleet.operation.id": operation,
        "mediafleet.request.id": request.id.decode(),
    }
    tracing.record_request(operation, request.begun, status, headers, attributes)


def _timeouts(configuration: Configuration, environment: Environment) -> Timeouts:
    """How long the cluster waits; a node that is only detached needs no long drain check."""
    reconnection = configuration.reconnection_timeout
    return Timeouts(
        launch=configuration.launch_timeout,
        reconnection=reconnection,
        drain_check=reconnection if environment.launches_machines else DRAIN_CHECK_ON_PREMISES_S,
    )
