"""Where a local media server listens: an address of its own in the loopback network."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediafleet.environments.local.marks import Owner

PATH = "/kurento"
_FIRST_BLOCK, _BLOCKS, _HOSTS = 64, 64, 254


@dataclass(frozen=True, slots=True)
class Place:
    """An address and a port on which one media server listens.

    Attributes:
        address: In 127.64.0.0/10: answered by Linux without being configured.
        port: Free on it when this was made.
    """

    address: str
    port: int

    @property
    def uri(self) -> str:
        """Where clients connect."""
        return f"ws://{self.address}:{self.port}{PATH}"


def place_for(owner: Owner, node_id: str) -> Place:
    """A place for a node: the address follows from the node, the kernel finds a free port on it.

    The port is not held until the media server takes it. But nobody else has a reason to bind
    this very address, so that nobody comes between.

    Raises:
        OSError: The address cannot be used.
    """
    digest = hashlib.sha256(f"{owner.directory}\0{owner.cluster}\0{node_id}".encode()).digest()
    block, subnet, host = digest[0] % _BLOCKS, digest[1] % _HOSTS, digest[2] % _HOSTS
    address = f"127.{_FIRST_BLOCK + block}.{subnet + 1}.{host + 1}"
    with socket.create_server((address, 0)) as listener:
        return Place(address, listener.getsockname()[1])
