"""What the environment `docker` is told once, when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT, PATH = 8888, "/kurento"
"""Where Kurento's WebSocket is in its official image."""


class Pull(StrEnum):
    """When the image is fetched; values are the words of the property."""

    MISSING = "missing"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerSettings:
    """How Media Nodes are run as containers.

    Attributes:
        host: URL of the Engine, such as ``unix://…``; ``None``: as the docker command finds it.
        image: With its tag.
        command: Instead of the image's own; empty: the image's.
        network: That the containers join; it has to be within the server's reach.
        memory_mib: Most memory of a container; ``None``: no limit.
        cpus: Most processors of a container; ``None``: no limit.
        labels: Further ones that every container gets.
        pull: When the image is fetched.
        launch_timeout: Seconds until a container has to run, its image's download included.
        answer_timeout: Seconds for any other answer of the Engine.
    """

    image: str
    host: str | None = None
    command: tuple[str, ...] = ()
    network: str = "bridge"
    memory_mib: int | None = None
    cpus: float | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    pull: Pull = Pull.MISSING
    launch_timeout: float = 60.0
    answer_timeout: float = 15.0
