"""How an emulated Media Node is set up: what a real one reads from its configuration file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.emulator.json_text import Json


@dataclass(frozen=True, slots=True)
class EmulatorSettings:
    """The set-up shared by all nodes of one cluster; the defaults are those of Kurento 7.3.0.

    Attributes:
        modules: Installed modules by name, out of core, elements and filters; they decide what
            `getInfo` tells and which types `create` knows.
        path: The one path on which a handshake leads to a usable connection.
        garbage_collector_period: Seconds between two rounds of the garbage collector; a session
            ends one to two periods after its connection closed.
        request_cache: Repeat the first reply for 20 s when an id comes again in a session.
        threads: Workers of a node. A `getUsedCpu` holds one; with none left a node is mute.
        metadata: The free-form object of the configuration; empty means none.
        cpu_count: Cores of a node at first.
        threads_limit: Threads above which `create` is refused with 40009; None is no limit.
        files_limit: Open files above which `create` is refused with 40009; None is no limit.
        max_message_bytes: Longest message taken; a longer one ends the connection with 1009.
        handshake_timeout: Seconds until a connection without a complete request is dropped.
        max_unsent_bytes: Bytes kept for a client that does not read, before it is dropped. (The
            real server has no such limit.)
    """

    modules: tuple[str, ...] = ("core", "elements", "filters")
    path: str = "/kurento"
    garbage_collector_period: float = 240.0
    request_cache: bool = True
    threads: int = 10
    metadata: Mapping[str, Json] = field(default_factory=dict)
    cpu_count: int = 2
    threads_limit: int | None = None
    files_limit: int | None = None
    max_message_bytes: int = 32_000_000
    handshake_timeout: float = 5.0
    max_unsent_bytes: int = 64 * 1024 * 1024
