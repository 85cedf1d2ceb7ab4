"""The Docker Engine as the environment uses it: settings, containers, requests."""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import aiodocker
import aiohttp
import anyio

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import Machine
from mediafleet.environments.common import is_node_id, kurento_uri
from mediafleet.texts import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping


T = TypeVar("T")

CLUSTER, NODE = "io.mediafleet.cluster", "io.mediafleet.node"
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_MAX_CLUSTER_IN_NAME = 60
_MAX_STATUS = 40
_ENDED = frozenset({"exited", "dead", "removing"})
_MIB = 1 << 20
_NANO = 10**9
NAME = "docker"
ANSWER_TIMEOUT_S = 15.0
"""For any request but those of a launch as a whole and of an image."""
_NOT_SPOKEN = range(600, 1000)
"""Statuses that aiodocker sets when the Engine did not respond."""


class Pull(StrEnum):
    """When the image is pulled; the values are those of the property."""

    MISSING = "missing"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerSettings:
    """How Media Nodes are run as containers.

    Attributes:
        host: URL of the Engine, such as ``unix://…``; ``None``: as the docker command finds it.
        image: With its tag.
        command: Instead of the image's own; empty: the image's.
        network: The containers join it; the server must be able to reach it.
        memory_mib: Most memory of a container; ``None``: no limit.
        cpus: Most processors of a container; ``None``: no limit.
        labels: Further ones that every container gets.
        pull: When the image is fetched.
        launch_timeout: Seconds until a container must run, including the pull of its image.
    """

    image: str
    host: str | None = None
    command: tuple[str, ...] = ()
    network: str = "bridge"
    memory_mib: int | None = None
    cpus: float | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    pull: Pull = Pull.MISSING
    launch_timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Container:
    """The part of the Engine's description of a container that is used here."""

    id: str
    status: str
    exit_code: int
    out_of_memory: bool
    labels: Mapping[str, str]
    addresses: tuple[str, ...]

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> Container:
        """Parse the Engine's description of one container; invalid addresses are dropped."""
        state = shown.get("State") or {}
        networks = (shown.get("NetworkSettings") or {}).get("Networks") or {}
        addresses = (network.get("IPAddress") or "" for network in networks.values())
        return cls(
            id=str(shown["Id"]),
            status=one_line(str(state.get("Status", "")), _MAX_STATUS),
            exit_code=int(state.get("ExitCode") or 0),
            out_of_memory=bool(state.get("OOMKilled")),
            labels=dict((shown.get("Config") or {}).get("Labels") or {}),
            addresses=tuple(filter(_is_address, addresses)),
        )

    @property
    def runs(self) -> bool:
        """Whether its process runs."""
        return self.status == "running"

    @property
    def has_ended(self) -> bool:
        """Whether it has exited for good; a paused container has not."""
        return self.status in _ENDED

    def is_of(self, cluster_id: str) -> bool:
        """Whether the cluster launched it."""
        return self.labels.get(CLUSTER) == cluster_id

    def machine(self) -> Machine:
        """Convert to a machine; the container must have an address."""
        node_id = self.labels.get(NODE, "")
        return Machine(
            environment_id=self.id,
            uri=kurento_uri(self.addresses[0]),
            node_id=node_id if is_node_id(node_id) else None,
        )


def name_of(cluster_id: str, node_id: str) -> str:
    """Return the container's name: one per node, so that two launches cannot both succeed."""
    cluster = _NOT_IN_A_NAME.sub("-", cluster_id)[:_MAX_CLUSTER_IN_NAME]
    return f"mediafleet-{cluster}-{node_id}"


def creation_of(settings: DockerSettings, cluster_id: str, node_id: str) -> dict[str, Any]:
    """Return the body of the request that creates the container."""
    limits: dict[str, Any] = {"NetworkMode": settings.network, "RestartPolicy": {"Name": "no"}}
    if settings.memory_mib:
        limits["Memory"] = settings.memory_mib * _MIB
        limits["MemorySwap"] = settings.memory_mib * _MIB
    if settings.cpus:
        limits["NanoCpus"] = int(settings.cpus * _NANO)
    wanted: dict[str, Any] = {
        "Image": settings.image,
        "Labels": {**settings.labels, CLUSTER: cluster_id, NODE: node_id},
        "HostConfig": limits,
    }
    if settings.command:
        wanted["Cmd"] = list(settings.command)
    return wanted


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


class Engine:
    """A client of the Engine; an open environment has one.

    Every method raises :class:`EnvironmentFailureError` when the Engine refuses or times out.
    """

    def __init__(self, client: aiodocker.Docker) -> None:
        self._client = client

    async def of_node(self, cluster_id: str, node_id: str, *, operation: str) -> list[Container]:
        """Return the containers of a Media Node, running or not."""
        labels = [f"{CLUSTER}={cluster_id}", f"{NODE}={node_id}"]
        return await self._listed(operation, {"label": labels}, all="true")

    async def running(self, cluster_id: str) -> list[Container]:
        """Return the cluster's running containers."""
        label = f"{CLUSTER}={cluster_id}"
        return await self._listed("discover", {"label": [label], "status": ["running"]})

    async def not_ended(self, cluster_id: str) -> list[Container]:
        """Return the cluster's containers that have not exited, such as paused ones."""
        labels = {"label": [f"{CLUSTER}={cluster_id}"]}
        return [
            each
            for each in await self._listed("discover", labels, all="true")
            if not each.has_ended
        ]

    async def show(self, container: str, *, operation: str) -> Container | None:
        """Return a container by id or name, or ``None``."""
        found = await self._ask(
            operation, self._client.containers.get(container), unless={HTTPStatus.NOT_FOUND}
        )
        with self._errors_translated(operation):
            return None if found is None else Container.of(found._container)  # noqa: SLF001 - what the Engine answered

    async def create(self, wanted: dict[str, Any], name: str) -> str | None:
        """Create a container; ``None`` if the name is taken."""
        creation = self._client.containers.create(wanted, name=name)
        created = await self._ask("launch", creation, unless={HTTPStatus.CONFLICT})
        return None if created is None else str(created.id)

    async def start(self, container_id: str) -> None:
        """Start a container, unless it runs."""
        await self._ask("launch", self._client.containers.container(container_id).start())

    async def remove(self, container_id: str) -> None:
        """Kill and remove a container, unless it is removed or being removed."""
        removal = self._client.containers.container(container_id).delete(force=True, v=True)
        gone = {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}
        await self._ask("terminate", removal, unless=gone)

    async def has_image(self, image: str) -> bool:
        """Return whether the Engine has an image."""
        inspection = self._client.images.inspect(image)
        return await self._ask("launch", inspection, unless={HTTPStatus.NOT_FOUND}) is not None

    async def pull(self, image: str, limit: float) -> None:
        """Pull an image within *limit* seconds."""
        try:
            with self._errors_translated("launch"), anyio.fail_after(limit):
                await self._client.images.pull(image, timeout=limit)
        except EnvironmentFailureError as error:
            detail = f"the image {image} cannot be fetched; {error.detail}"
            raise EnvironmentFailureError(NAME, "launch", detail) from None

    async def watch(self, cluster_id: str, report: Callable[[str, str], Awaitable[None]]) -> None:
        """Report every exit of a container of the cluster.

        Args:
            cluster_id: Id of the cluster.
            report: Called with the container's id and its node's.

        Raises:
            EnvironmentFailureError: The event stream ended.
        """
        filters = {"type": ["container"], "event": ["die"], "label": [f"{CLUSTER}={cluster_id}"]}
        events = self._client.events
        subscriber = events.subscribe(create_task=False)  # type: ignore[no-untyped-call]

        async def listen() -> None:
            with self._errors_translated("watch"):
                await events.run(filters=json.dumps(filters))

        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(listen)
                while (event := await subscriber.get()) is not None:
                    actor = event.get("Actor") or {}
                    labels = actor.get("Attributes") or {}
                    await report(str(actor.get("ID") or ""), str(labels.get(NODE) or ""))
        except* EnvironmentFailureError as failures:
            raise failures.exceptions[0] from None
        raise EnvironmentFailureError(NAME, "watch", "the event stream of the Engine ended")

    async def _listed(
        self, operation: str, filters: dict[str, Any], **more: str
    ) -> list[Container]:
        request = self._client.containers.list(filters=json.dumps(filters), **more)
        listed = await self._ask(operation, request) or ()
        shown = [await self.show(str(each.id), operation=operation) for each in listed]
        return [each for each in shown if each is not None]

    async def _ask(
        self, operation: str, request: Awaitable[T], *, unless: Collection[int] = ()
    ) -> T | None:
        """Return the result of a request; ``None`` if the Engine answers one of some statuses."""
        with self._errors_translated(operation):
            try:
                with anyio.fail_after(ANSWER_TIMEOUT_S):
                    return await request
            except aiodocker.DockerError as error:
                if error.status not in unless:
                    raise
        return None

    @contextmanager
    def _errors_translated(self, operation: str) -> Iterator[None]:
        try:
            yield
        except aiodocker.DockerError as error:
            if error.status in _NOT_SPOKEN:
                detail = f"the Engine is not reachable: {error.message}"
            else:
                detail = f"the Engine says: {error.message} ({error.status})"
            raise EnvironmentFailureError(NAME, operation, detail) from None
        except TimeoutError:
            detail = "the Engine did not respond in time"
            raise EnvironmentFailureError(NAME, operation, detail) from None
        except ValueError as error:  # it is not JSON, or not in UTF-8
            detail = f"the Engine's response is not valid: {error}"
            raise EnvironmentFailureError(NAME, operation, detail) from None
        except (aiohttp.ClientError, OSError) as error:
            detail = f"the Engine is not reachable: {error}"
            raise EnvironmentFailureError(NAME, operation, detail) from None


@asynccontextmanager
async def open_engine(host: str | None) -> AsyncIterator[Engine]:
    """Open a client, which connects at its first request.

    Raises:
        EnvironmentFailureError: No address of an Engine is known, or it is not valid.
    """
    try:
        client = aiodocker.Docker(url=host)
    except (AssertionError, ValueError, OSError, aiodocker.DockerError) as error:
        detail = f"no Engine can be asked: {str(error) or 'none is named, no socket is found'}"
        raise EnvironmentFailureError(NAME, "open", detail) from None
    async with client as opened:
        yield Engine(opened)
