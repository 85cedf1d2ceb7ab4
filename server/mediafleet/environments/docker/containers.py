"""What a Media Node's container is: its name, its labels, its limits, and its address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from mediafleet.domain.ports import Machine
from mediafleet.environments.docker.settings import PATH, PORT
from mediafleet.texts import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.environments.docker.settings import DockerSettings

CLUSTER, NODE = "io.mediafleet.cluster", "io.mediafleet.node"
_NODE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_MAX_CLUSTER_IN_NAME = 60
_MAX_STATUS = 40
_ENDED = frozenset({"exited", "dead", "removing"})
_MIB = 1 << 20
_NANO = 10**9


@dataclass(frozen=True, slots=True)
class Container:
    """A container as the Engine describes it, cut down to what matters."""

    id: str
    status: str
    exit_code: int
    out_of_memory: bool
    labels: Mapping[str, str]
    addresses: tuple[str, ...]

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> Container:
        """Read the Engine's description of one container; addresses that are none are left out."""
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
        """Whether its process is there."""
        return self.status == "running"

    @property
    def has_ended(self) -> bool:
        """Whether it does not come back: one that stands still, paused for example, does."""
        return self.status in _ENDED

    def is_of(self, cluster_id: str) -> bool:
        """Whether a cluster launched it."""
        return self.labels.get(CLUSTER) == cluster_id

    def machine(self) -> Machine:
        """The container as the services know it; it has an address."""
        ip = self.addresses[0]
        host = f"[{ip}]" if ":" in ip else ip
        node_id = self.labels.get(NODE, "")
        return Machine(
            environment_id=self.id,
            uri=f"ws://{host}:{PORT}{PATH}",
            node_id=node_id if _NODE_ID.fullmatch(node_id) else None,
        )


def name_of(cluster_id: str, node_id: str) -> str:
    """One name for each node, so that two launches of it cannot both succeed."""
    cluster = _NOT_IN_A_NAME.sub("-", cluster_id)[:_MAX_CLUSTER_IN_NAME]
    return f"mediafleet-{cluster}-{node_id}"


def creation_of(settings: DockerSettings, cluster_id: str, node_id: str) -> dict[str, Any]:
    """What the Engine is asked to create."""
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
