"""What the environment `script` is told once, when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ipaddress import IPv4Address, IPv6Address
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSettings:
    """How scripts are found and run.

    Attributes:
        folder: Where the scripts are; asked at each run, since a restart may change it.
        directory: What is kept of launches; made when it is needed.
        is_allowed: Whether a Media Node may have an address.
        environ: All variables that scripts get, besides those that name cluster and node.
        launch_timeout: Seconds that a launch may take.
        timeout: Seconds that any other script may take.
        grace: Seconds between SIGTERM and SIGKILL for what took too long or is not wanted any more.
    """

    folder: Callable[[], Path]
    directory: Path
    is_allowed: Callable[[IPv4Address | IPv6Address], bool]
    environ: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    launch_timeout: float = 60.0
    timeout: float = 60.0
    grace: float = 2.0
