"""What the environment `local` is told once, when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """How Media Nodes are run on this machine.

    Attributes:
        directory: Their output and configuration files; made when the first node is launched.
        command: Command line of a media server; ``None``: Kurento, ``emulator``: emulated nodes.
        max_nodes: How many may run at a time.
        launch_timeout: Seconds from the start of a process until it has to listen.
        environ: Variables that the processes get, besides those that tell them their place.
        grace: Seconds between SIGTERM and SIGKILL.
        last_wait: Seconds that a process may take to be gone after SIGKILL.
    """

    directory: Path
    command: str | None = None
    max_nodes: int = 8
    launch_timeout: float = 60.0
    environ: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    grace: float = 5.0
    last_wait: float = 5.0
