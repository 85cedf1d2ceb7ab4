"""Processes of the benchmark: start, pin to a core, read their costs, end. Linux only."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_CPU_CLOCK_OF_PROCESS = 2
_LAST_LINES = 5
_LONGEST_LINE = 600


class ServerFailedError(Exception):
    """A server did not start or went away; the message ends with its last lines."""


def cores() -> tuple[int, int]:
    """The core for the server under measurement, and the one for everything else."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def cpu_ns(pid: int) -> int:
    """CPU time a process has used, user and system of all its threads, in nanoseconds.

    It is the sum that /proc/PID/stat gives in hundredths of a second.
    """
    return time.clock_gettime_ns((~pid << 3) | _CPU_CLOCK_OF_PROCESS)


def pss_mb(pid: int) -> float:
    """Memory of a process in MB, pages it shares counted by its share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ServerFailedError(f"the kernel does not show the memory of process {pid}")


def pin(pid: int, core: int) -> None:
    """Keep every thread of a process on one core."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), {core})


class Process:
    """A running server; what it prints goes to a file that is shown if it fails."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], output: Path) -> None:
        self.name = name
        self.pid = popen.pid
        self._popen = popen
        self._output = output

    def printed(self, pattern: str, *, count: int = 1, timeout: float = 20) -> list[str]:
        """Wait until its standard output holds *count* matches of a pattern, and list them.

        Raises:
            ServerFailedError: It ended, or did not print them within *timeout* seconds.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = re.findall(pattern, self._output.read_text("utf-8", "replace"))
            if len(found) >= count:
                return found
            self.require_alive()
            time.sleep(0.02)
        raise self.failure(f"was not ready within {timeout:g} s")

    def require_alive(self) -> None:
        """Raise if it ended.

        Raises:
            ServerFailedError: It did.
        """
        if self._popen.poll() is not None:
            raise self.failure(f"ended with {self._popen.returncode}")

    def count(self, text: str) -> int:
        """How often it has printed a text."""
        files = (self._output, self._output.with_suffix(".errors"))
        return sum(file.read_text("utf-8", "replace").count(text) for file in files)

    def failure(self, what: str) -> ServerFailedError:
        """The error that says what went wrong, with the last lines of the process."""
        files = (self._output, self._output.with_suffix(".errors"))
        lines = [line for file in files for line in file.read_text("utf-8", "replace").splitlines()]
        lines = [line[:_LONGEST_LINE] for line in lines]
        return ServerFailedError("\n  ".join([f"{self.name} {what}", *lines[-_LAST_LINES:]]))


# Programs run from compiled files, as they are installed.
_ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


@contextlib.contextmanager
def started(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    python: str = sys.executable,
) -> Iterator[Process]:
    """Run ``python COMMAND`` at the top of the repository until the block is left."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        output = Path(folder, "output")
        with output.open("wb") as out, output.with_suffix(".errors").open("wb") as errors:
            popen = subprocess.Popen(
                [python, *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                cwd=ROOT,
                env={**_ENVIRONMENT, **(environment or {})},
                start_new_session=True,
            )
            try:
                yield Process(name, popen, output)
            finally:
                _end(popen)


def _end(popen: subprocess.Popen[bytes]) -> None:
    for request in (signal.SIGINT, signal.SIGKILL):
        popen.send_signal(request)
        with contextlib.suppress(subprocess.TimeoutExpired):
            popen.wait(8)
            return
