"""The settings of an emulated Media Node, and the resources that it reports."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mediafleet.emulator.media import IS_INSTALLED
from mediafleet.emulator.rpc_errors import KurentoError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.registry import Registry

FOLLOWS_PIPELINES: Final = "follows pipelines"
"""The load of a node until `set_load` is called."""

_TICK_MS: Final = 10
_NOISE: Final = 0.15

# Measured on the real server: without objects, and for each object.
_IDLE_MEMORY_KIB: Final = 19_780
_PIPELINE_MEMORY_KIB: Final = 23
_ELEMENT_MEMORY_KIB: Final = 40
_IDLE_THREADS: Final = 16
_IDLE_FILES: Final = 15
_FILES_PER_PIPELINE: Final = 2


@dataclass(frozen=True, slots=True)
class EmulatorSettings:
    """The settings of all nodes of one cluster; the defaults are those of Kurento 7.3.0.

    Attributes:
        modules: The names of the installed modules, out of core, elements and filters: those that
            `getInfo` lists and whose types `create` accepts.
        path: The only path on which a handshake leads to a usable connection.
        garbage_collector_period: Seconds between two runs of the garbage collector; a session
            ends one to two periods after its connection was closed.
        request_cache: Repeat the first reply for 20 s when an id comes again in a session.
        threads: Workers of a node. Each `getUsedCpu` call occupies one; without an idle worker
            the node does not respond.
        metadata: The free-form object of the configuration; empty means none.
        threads_limit: Threads above which `create` is rejected with 40009; None is no limit.
        max_unsent_bytes: Bytes buffered for a client that does not read, before its connection is
            aborted. (The real server has no such limit.)
        media: Forward media between peers; by default if the extra mediafleet[media] is installed.
        max_media_endpoints: WebRtcEndpoints with a peer; above it `processOffer` is rejected with
            40009. (The real server has no such limit.)
    """

    modules: tuple[str, ...] = ("core", "elements", "filters")
    path: str = "/kurento"
    garbage_collector_period: float = 240.0
    request_cache: bool = True
    threads: int = 10
    metadata: Mapping[str, Json] = field(default_factory=dict)
    threads_limit: int | None = None
    max_unsent_bytes: int = 64 * 1024 * 1024
    media: bool = IS_INSTALLED
    max_media_endpoints: int = 500


class ResourceStats:
    """The CPU, memory and limits of a node's machine; a restart of the server keeps them.

    Attributes:
        cpu_count: The number of cores.
        threads_limit: Threads above which `create` is rejected; None is no limit.
        files_limit: Open files above which `create` is rejected; None is no limit.
        load: Percent of ONE core that the server uses, the result of `getUsedCpu` (so at most 200
            on two cores). None is sent as null, infinity as 1e+9999. FOLLOWS_PIPELINES is a base
            plus some percent for each pipeline, with noise.
    """

    def __init__(self, settings: EmulatorSettings, random: Random) -> None:
        self._random = random
        self._base = random.uniform(0.5, 2.5)
        self._each = random.uniform(2.0, 5.0)
        self.cpu_count = 2
        self.threads_limit = settings.threads_limit
        self.files_limit: int | None = None
        self.load: float | str | None = FOLLOWS_PIPELINES

    def used_cpu(self, interval_ms: int, registry: Registry) -> float | None:
        """The result of `getUsedCpu`, with the precision of the real server (32 bits)."""
        load = self.load
        if interval_ms < _TICK_MS or load is None:
            return None
        if isinstance(load, str):
            noise = self._random.uniform(1 - _NOISE, 1 + _NOISE)
            load = (self._base + self._each * len(registry.pipelines())) * noise
            load = min(load, 100.0 * self.cpu_count)
        return ctypes.c_float(load).value

    def used_memory_kib(self, registry: Registry) -> int:
        """The resident set in KiB."""
        pipelines = len(registry.pipelines())
        others = len(registry.objects) - 1 - pipelines
        return _IDLE_MEMORY_KIB + _PIPELINE_MEMORY_KIB * pipelines + _ELEMENT_MEMORY_KIB * others

    def check_limits(self, registry: Registry) -> None:
        """Reject a `create` above a limit.

        Raises:
            RpcError: 40009.
        """
        threads = _IDLE_THREADS + len(registry.objects) - 1
        if self.threads_limit is not None and threads > self.threads_limit:
            raise KurentoError(
                "NOT_ENOUGH_RESOURCES", f"Reached KMS threads limit: {self.threads_limit}"
            )
        files = _IDLE_FILES + _FILES_PER_PIPELINE * len(registry.pipelines())
        if self.files_limit is not None and files > self.files_limit:
            raise KurentoError(
                "NOT_ENOUGH_RESOURCES", f"Reached KMS files limit: {self.files_limit}"
            )
