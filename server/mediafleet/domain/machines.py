"""Machines of Media Nodes, as environments have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediafleet.domain.media_node import MediaNode


@dataclass(frozen=True, slots=True)
class MachineRequest:
    """A request to launch a machine for a Media Node.

    Attributes:
        node_id: Id of the node; the launch is idempotent by it.
        uri: Endpoint given by the user; counts only where machines are not launched.
    """

    node_id: str
    uri: str | None


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with a media server on it, as its environment knows it.

    Attributes:
        environment_id: Its name there; ``None`` on premises.
        uri: WebSocket endpoint of its media server.
        node_id: The Media Node it was launched for, if the environment knows.
    """

    environment_id: str | None
    uri: str
    node_id: str | None = None


def missing(nodes: Sequence[MediaNode], machines: Sequence[Machine]) -> frozenset[str]:
    """Ids of the Media Nodes whose machine is none of these."""
    names = {machine.environment_id for machine in machines}
    ids = {machine.node_id for machine in machines}
    return frozenset(
        node.id for node in nodes if node.environment_id not in names and node.id not in ids
    )
