"""The environment `on_premise`: operators run the machines; nodes only join and leave."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from typing_extensions import override

from mediafleet.domain.endpoints import MediaServerUri
from mediafleet.domain.errors import MissingUriError
from mediafleet.domain.machines import Machine, MachineRequest
from mediafleet.domain.ports import Environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mediafleet.domain.media_node import MediaNode


class Discoverer(Protocol):
    """Finds machines that others launched."""

    async def discover(self, cluster_id: str) -> Sequence[Machine]:
        """Return the running machines of the cluster.

        Raises:
            EnvironmentFailureError: They could not be listed.
        """


class OnPremise(Environment):
    """Adds the machines that clients name by their uri.

    Args:
        discoverer: Lists machines; ``None``: nothing is discovered.
    """

    name = "on_premise"
    launches_machines = False
    ends_with_server = False

    def __init__(self, discoverer: Discoverer | None = None) -> None:
        self._discoverer = discoverer

    @override
    @asynccontextmanager
    async def open(self, cluster_id: str) -> AsyncIterator[None]:
        self._cluster_id = cluster_id
        yield

    @override
    async def launch(self, request: MachineRequest) -> Machine:
        if request.uri is None:
            raise MissingUriError
        MediaServerUri.parse(request.uri)  # raises if it is not valid
        return Machine(environment_id=None, uri=request.uri)

    @override
    async def terminate(self, node: MediaNode) -> None:
        """Do nothing: the operator terminates the machine."""

    @override
    async def discover(self) -> Sequence[Machine]:
        if self._discoverer is None:
            return ()
        return await self._discoverer.discover(self._cluster_id)
