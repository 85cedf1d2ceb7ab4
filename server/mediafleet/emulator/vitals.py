"""What an emulated Media Node says of its machine: CPU, memory, and the limits of `create`."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from mediafleet.emulator import rpc_errors

if TYPE_CHECKING:
    from random import Random

    from mediafleet.emulator.registry import Registry
    from mediafleet.emulator.settings import EmulatorSettings

FOLLOWS_PIPELINES = "follows pipelines"
"""The load of a node until `set_load` is called."""

_TICK_MILLIS = 10
_SHAKE = 0.15

# As measured on the real server: an idle one, and what each object adds.
_IDLE_MEMORY_KIB = 19_780
_PIPELINE_MEMORY_KIB = 23
_ELEMENT_MEMORY_KIB = 40
_IDLE_THREADS = 16
_IDLE_FILES = 15
_FILES_PER_PIPELINE = 2


class Vitals:
    """Belongs to the machine: it outlives a restart of the server.

    Attributes:
        cpu_count: Cores.
        threads_limit: Threads above which `create` is refused; None is no limit.
        files_limit: Open files above which `create` is refused; None is no limit.
        load: Percent of ONE core the server uses, as `getUsedCpu` answers it (so 200 at most on two
            cores); None is answered as null, infinity as 1e+9999; FOLLOWS_PIPELINES is a base
            plus some percent for each pipeline, shaken a little.
    """

    __slots__ = ("_base", "_each", "_random", "cpu_count", "files_limit", "load", "threads_limit")

    def __init__(self, settings: EmulatorSettings, random: Random) -> None:
        self._random = random
        self._base = random.uniform(0.5, 2.5)
        self._each = random.uniform(2.0, 5.0)
        self.cpu_count = settings.cpu_count
        self.threads_limit = settings.threads_limit
        self.files_limit = settings.files_limit
        self.load: float | str | None = FOLLOWS_PIPELINES

    def used_cpu(self, interval_millis: int, registry: Registry) -> float | None:
        """The answer of `getUsedCpu`, with the precision of the real one (32 bits)."""
        load = self.load
        if interval_millis < _TICK_MILLIS or load is None:
            return None
        if isinstance(load, str):
            shake = self._random.uniform(1 - _SHAKE, 1 + _SHAKE)
            load = (self._base + self._each * len(registry.pipelines())) * shake
            load = min(load, 100.0 * self.cpu_count)
        return ctypes.c_float(load).value

    def used_memory_kib(self, registry: Registry) -> int:
        """Resident set in KiB."""
        pipelines = len(registry.pipelines())
        others = len(registry.objects) - 1 - pipelines
        return _IDLE_MEMORY_KIB + _PIPELINE_MEMORY_KIB * pipelines + _ELEMENT_MEMORY_KIB * others

    def check_capacity(self, registry: Registry) -> None:
        """Refuse a `create` above a limit.

        Raises:
            RpcError: 40009.
        """
        threads = _IDLE_THREADS + len(registry.objects) - 1
        if self.threads_limit is not None and threads > self.threads_limit:
            raise rpc_errors.not_enough_resources(
                f"Reached KMS threads limit: {self.threads_limit}"
            )
        files = _IDLE_FILES + _FILES_PER_PIPELINE * len(registry.pipelines())
        if self.files_limit is not None and files > self.files_limit:
            raise rpc_errors.not_enough_resources(f"Reached KMS files limit: {self.files_limit}")
