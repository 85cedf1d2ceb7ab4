"""On premises: the machines are there already, and stay when their node leaves the cluster."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from typing_extensions import override

from mediafleet.domain.errors import MissingUriError
from mediafleet.domain.ports import Environment, Machine, MachineRequest
from mediafleet.domain.uri import MediaServerUri

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from mediafleet.domain.media_node import MediaNode


class OnPremise(Environment):
    """Takes the machines that it is told of."""

    name = "on_premise"
    launches_machines = False
    ends_with_server = False

    @override
    def open(self, cluster_id: str) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    @override
    async def launch(self, request: MachineRequest) -> Machine:
        if request.uri is None:
            raise MissingUriError
        return Machine(
            environment_id=None, ip=MediaServerUri.parse(request.uri).ip, uri=request.uri
        )

    @override
    async def terminate(self, node: MediaNode) -> None:
        """Nothing to unmake: the machine is its operator's."""

    @override
    async def discover(self) -> Sequence[Machine]:
        return ()
