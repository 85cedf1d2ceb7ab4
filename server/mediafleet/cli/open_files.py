"""How many files and sockets this process may have open, and what they are kept for."""

from __future__ import annotations

import logging
import resource
from dataclasses import dataclass
from typing import Final

from mediafleet.domain.cluster import MAX_MEMBERS, OpenFiles

_WANTED: Final = 16_384
_OWN: Final = 48  # store, log, listener, event loop, what launching a machine takes for a moment
_MOST_CONNECTIONS: Final = 2_000
_MOST_RESERVE: Final = 64
_MOST_BACKLOG: Final = 2_048
_LEAST_BACKLOG: Final = 128
_MOST_MEASUREMENTS: Final = 64

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shares:
    """What the files that may be open are kept for.

    Attributes:
        nodes: For Media Nodes.
        connections: Connections of clients.
        reserve: Further ones, that are only told so.
        backlog: Connections that the kernel keeps until they are accepted.
    """

    nodes: OpenFiles
    connections: int
    reserve: int
    backlog: int


def allow_open_files(wanted: int) -> int:
    """Raise the soft limit as far as wanted and permitted; it is 1,024 on many machines.

    Returns:
        The limit that counts now, at most *wanted* if there is none.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return wanted if soft == resource.RLIM_INFINITY else soft


def share_open_files(processes: int = 0) -> Shares:
    """Raise the limit, and divide what there is between clients and Media Nodes.

    Few files are said in the log, with the numbers.

    Args:
        processes: Media Nodes that may run as processes of this machine, each with a file.
    """
    limit = allow_open_files(_WANTED)
    left = max(limit - _OWN - processes, 16)
    connections = min(_MOST_CONNECTIONS, left // 4)
    reserve = min(_MOST_RESERVE, connections // 4)
    spare = min(_MOST_BACKLOG, left // 8)  # for connections accepted before one makes room
    left -= connections + reserve + spare
    measurements = min(_MOST_MEASUREMENTS, left // 8)
    nodes = min(left - measurements, MAX_MEMBERS)
    if limit < _WANTED:
        log.warning(
            "few files may be open",
            extra={
                "limit": limit,
                "wanted": _WANTED,
                "most_media_nodes": nodes,
                "most_connections": connections,
                "remedy": OpenFiles.REMEDY,
            },
        )
    # A shorter queue would have bursts of clients wait a second for their next try.
    backlog = max(spare, _LEAST_BACKLOG)
    return Shares(OpenFiles(limit, nodes, measurements), connections, reserve, backlog)
