"""The environment `docker`: containers with one name each, found by label, watched for exit."""

from __future__ import annotations

import logging
import math
import re
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import anyio
from typing_extensions import override

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.ports import Environment
from mediafleet.environments.docker.engine import (
    ANSWER_TIMEOUT_S,
    NAME,
    NODE,
    Container,
    Pull,
    creation_of,
    name_of,
    open_engine,
)
from mediafleet.supervise import Loop, supervise

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from mediafleet.domain.machines import Machine, MachineRequest
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.environments.docker.engine import DockerSettings

log = logging.getLogger(__name__)

_CONTAINER_ID = re.compile(r"[0-9a-f]{12,64}", re.ASCII)
_LOOK_AGAIN_S = 0.1


class Docker(Environment):
    """Runs one container per Media Node, labelled with the ids of the cluster and the node."""

    name = NAME
    launches_machines = True
    ends_with_server = False
    sees_every_end = True

    def __init__(self, settings: DockerSettings) -> None:
        self._settings = settings
        self._on_end: Callable[[str, str], None] | None = None
        self._events = Loop("docker events", anyio.current_time, stall_s=math.inf)

    @property
    @override
    def problem(self) -> str | None:
        return self._events.problem

    @override
    def on_machine_end(self, report: Callable[[str, str], None]) -> None:
        self._on_end = report

    @override
    @asynccontextmanager
    async def open(self, cluster_id: str) -> AsyncIterator[None]:
        async with (
            open_engine(self._settings.host) as engine,
            anyio.create_task_group() as tasks,
        ):
            self._engine, self._cluster_id = engine, cluster_id
            watch = partial(engine.watch, cluster_id, self._report_end)
            tasks.start_soon(supervise, self._events, watch, name=self._events.name)
            yield
            tasks.cancel_scope.cancel()

    @override
    async def launch(self, request: MachineRequest) -> Machine:
        container_id = ""
        try:
            with anyio.fail_after(self._settings.launch_timeout):
                container_id = await self._create(request.node_id)
                return await self._start(container_id)
        except TimeoutError:
            await self._clean_up(container_id)
            limit = f"{self._settings.launch_timeout:g} s"
            detail = f"the container did not run within {limit}"
            raise EnvironmentFailureError(NAME, "launch", detail) from None
        except EnvironmentFailureError:
            await self._clean_up(container_id)
            raise

    @override
    async def terminate(self, node: MediaNode) -> None:
        known = await self._engine.of_node(self._cluster_id, node.id, operation="terminate")
        containers = {each.id for each in known}
        named = node.environment_id
        if named is not None and _CONTAINER_ID.fullmatch(named) and named not in containers:
            container = await self._engine.show(named, operation="terminate")
            if container is not None and container.is_of(self._cluster_id):
                containers.add(container.id)
        for container_id in containers:
            await self._engine.remove(container_id)
            await self._until_gone(container_id)

    @override
    async def discover(self) -> Sequence[Machine]:
        return [
            each.machine()
            for each in await self._engine.running(self._cluster_id)
            if each.addresses
        ]

    @override
    def may_have_made(self, environment_id: str) -> bool:
        return _CONTAINER_ID.fullmatch(environment_id) is not None

    @override
    async def gone(self, nodes: Sequence[MediaNode]) -> frozenset[str]:
        """Return nodes whose container has exited or is removed; a paused one can come back."""
        not_ended = await self._engine.not_ended(self._cluster_id)
        ids, known = {each.id for each in not_ended}, {each.labels.get(NODE) for each in not_ended}
        gone = set()
        for node in nodes:
            if node.environment_id is None or node.environment_id in ids or node.id in known:
                continue
            # A container keeps its id even if its labels were lost.
            container = await self._engine.show(node.environment_id, operation="discover")
            if container is None or container.has_ended:
                gone.add(node.id)
        return frozenset(gone)

    async def _until_gone(self, container_id: str) -> None:
        with anyio.move_on_after(ANSWER_TIMEOUT_S):
            while await self._engine.show(container_id, operation="terminate") is not None:  # noqa: ASYNC110 - the Engine has no event for every way to go
                await anyio.sleep(_LOOK_AGAIN_S)
            return
        detail = f"container {container_id[:12]} is still being removed"
        raise EnvironmentFailureError(NAME, "terminate", detail)

    async def _create(self, node_id: str) -> str:
        """Create the node's container, or return the one that an interrupted launch created."""
        for container in await self._engine.of_node(self._cluster_id, node_id, operation="launch"):
            if container.runs or container.status == "created":
                return container.id
            await self._engine.remove(container.id)
        settings, name = self._settings, name_of(self._cluster_id, node_id)
        if settings.pull is Pull.ALWAYS or (
            settings.pull is Pull.MISSING and not await self._engine.has_image(settings.image)
        ):
            log.info("image is fetched", extra={"image": settings.image})
            await self._engine.pull(settings.image, settings.launch_timeout)
        wanted = creation_of(settings, self._cluster_id, node_id)
        while (created := await self._engine.create(wanted, name)) is None:
            holder = await self._engine.show(name, operation="launch")
            if holder is not None and not holder.is_of(self._cluster_id):
                detail = f"the container name {name} is taken by others"
                raise EnvironmentFailureError(NAME, "launch", detail)
            if holder is not None:
                return holder.id
            await anyio.sleep(_LOOK_AGAIN_S)  # the name is taken before it can be asked for
        return created

    async def _start(self, container_id: str) -> Machine:
        await self._engine.start(container_id)
        container = await self._engine.show(container_id, operation="launch")
        if container is None or not container.runs:
            raise EnvironmentFailureError(NAME, "launch", _why_ended(container))
        if not container.addresses:
            detail = f"the container has no address in the network {self._settings.network}"
            raise EnvironmentFailureError(NAME, "launch", detail)
        return container.machine()

    async def _clean_up(self, container_id: str) -> None:
        if not container_id:
            return
        try:
            await self._engine.remove(container_id)
        except EnvironmentFailureError as error:
            log.warning(
                "a container whose launch failed may still run",
                extra={"environment_id": container_id, "reason": error.detail},
            )

    async def _report_end(self, container_id: str, node_id: str) -> None:
        """Report why a container exited; the link sees only a closed connection."""
        reason = _why_ended(await self._engine.show(container_id, operation="watch"))
        extra = {"media_node_id": node_id, "environment_id": container_id, "reason": reason}
        log.warning("container ended", extra=extra)
        if self._on_end is not None:
            self._on_end(node_id, reason)


def _why_ended(container: Container | None) -> str:
    if container is None:
        return "the container was removed"
    if container.out_of_memory:
        return "the container used more memory than it may have"
    return f"the container is {container.status}, its exit code is {container.exit_code}"
