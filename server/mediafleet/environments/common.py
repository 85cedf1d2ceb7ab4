"""What several environments need: endpoints of Kurento, node ids, outputs, blocking work."""

from __future__ import annotations

import os
import re
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple, Unpack

import anyio

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.masking import mask

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

KURENTO_PORT: Final = 8888
KURENTO_PATH: Final = "/kurento"
"""Where Kurento's WebSocket is by default."""

_NODE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_TAIL_BYTES: Final = 4_096
_TAIL_CHARACTERS: Final = 600
_ESCAPE: Final = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.")


def kurento_uri(ip: str, port: int = KURENTO_PORT) -> str:
    """Return the endpoint of a Kurento Media Server at an IP address."""
    host = f"[{ip}]" if isinstance(ip_address(ip), IPv6Address) else ip
    return f"ws://{host}:{port}{KURENTO_PATH}"


def is_node_id(text: str) -> bool:
    """Return whether a text, such as a tag, can be the id of a Media Node."""
    return _NODE_ID.fullmatch(text) is not None


def tail(file: BinaryIO) -> str:
    """Return the end of a program's output, without secrets and colours."""
    start = max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES)
    file.seek(start)
    end = _ESCAPE.sub(b"", file.read(_TAIL_BYTES)).decode("utf-8", "replace")
    return mask(end, cut_start=start > 0).strip()[-_TAIL_CHARACTERS:]


async def in_thread(
    environment: str,
    operation: str,
    job: Callable[[Unpack[Ts]], T],
    *arguments: *Ts,
    failure: str = "",
) -> T:
    """Run blocking work in a thread; cancellation waits for its end.

    Args:
        environment: Name of the environment, part of the error.
        operation: Name of the operation, part of the error.
        job: The work.
        arguments: Of the work.
        failure: Beginning of the error's detail.

    Raises:
        EnvironmentFailureError: The work raised an ``OSError``.
    """
    try:
        return await anyio.to_thread.run_sync(job, *arguments)
    except OSError as error:
        detail = f"{failure}{error.strerror or error}"
        raise EnvironmentFailureError(environment, operation, detail) from error
