"""Processes that carry a mark in their environment, found in /proc and held by pidfd."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.endpoints import MediaServerUri
from mediafleet.domain.errors import InvalidUriError
from mediafleet.environments.common import is_node_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


VARIABLE = "MEDIAFLEET_LOCAL_NODE"


ENVIRONMENT_ID = re.compile(r"[0-9]+-[0-9]+", re.ASCII)
_PROC = Path("/proc")
_MAX_ENVIRON = 1 << 20
_NOT_OURS_TO_SEE = frozenset(
    {errno.ENOENT, errno.ESRCH, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOTDIR}
)
"""Errors of reading /proc for a process that ended or belongs to another user.

EACCES and EPERM: this user's processes are always readable. EIO: it has unmapped its environment.
Other errors, such as too many open files, say nothing about the process.
"""
_STDERR = 2
_STARTED = 19  # field of /proc/PID/stat, counted behind the name


@dataclass(frozen=True, slots=True)
class Owner:
    """The server that launched a process; two servers on one machine ignore each other's.

    Attributes:
        cluster: Id of the cluster.
        directory: The server's own directory of local nodes, without symbolic links.
    """

    cluster: str
    directory: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The variable by which a process and its children are known from their start on."""

    owner: Owner
    node_id: str
    uri: str

    @property
    def variables(self) -> Mapping[str, str]:
        """The mark, and its values as variables of their own for the command."""
        place = MediaServerUri.parse(self.uri)
        return {
            VARIABLE: json.dumps(asdict(self)),
            "MEDIAFLEET_NODE_ID": self.node_id,
            "MEDIAFLEET_NODE_URI": self.uri,
            "MEDIAFLEET_NODE_ADDRESS": place.host,
            "MEDIAFLEET_NODE_PORT": str(place.port),
        }


def read_mark(environ: bytes) -> Mark | None:
    """Parse the mark in a process's environment; ``None`` if it has none.

    Any program can set such a variable, so all of it is validated.
    """
    prefix = f"{VARIABLE}=".encode()
    entry = next((each for each in environ.split(b"\0") if each.startswith(prefix)), None)
    if entry is None:
        return None
    try:
        values = json.loads(entry.removeprefix(prefix))
        owner = Owner(_text(values["owner"]["cluster"]), _text(values["owner"]["directory"]))
        mark = Mark(owner, _text(values["node_id"]), _text(values["uri"]))
        MediaServerUri.parse(mark.uri)
    except (ValueError, TypeError, KeyError, RecursionError, InvalidUriError):
        return None
    return mark if is_node_id(mark.node_id) else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


@dataclass(frozen=True, slots=True, order=True)
class MarkedProcess:
    """A process of a Media Node; the media server's own, or a child of it.

    Attributes:
        started: Clock ticks from the start of the machine to its own; with the pid its identity.
        pid: Process id.
        mark: Its mark.
    """

    started: int
    pid: int
    mark: Mark = field(compare=False)

    @property
    def environment_id(self) -> str:
        """The ``environmentId`` of its node."""
        return f"{self.pid}-{self.started}"


class ProcessHandle:
    """Holds a process by a pidfd, so that its pid cannot be reused meanwhile."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended.

        Raises:
            PermissionError: This user may not signal it.
        """
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    async def ended(self) -> None:
        """Return when it has ended."""
        await anyio.wait_readable(self._descriptor)

    def reap(self) -> int | None:
        """Reap an ended child; its status is negative for a signal, ``None`` if not a child."""
        try:
            found = os.waitid(os.P_PIDFD, self._descriptor, os.WEXITED | os.WNOHANG)
        except ChildProcessError:
            return None
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status


def check_machine() -> None:
    """Check that this machine has pidfds and /proc.

    Raises:
        OSError: It is not Linux 5.4 or later, or /proc is not mounted.
    """
    if not hasattr(os, "pidfd_open"):
        raise OSError("it needs Linux")
    os.close(os.pidfd_open(os.getpid()))
    (_PROC / "self" / "environ").read_bytes()


def find_all() -> Sequence[MarkedProcess]:
    """Return all marked processes of this user, the oldest first.

    Raises:
        OSError: /proc could not be read.
    """
    pids = (int(entry.name) for entry in os.scandir(_PROC) if entry.name.isdecimal())
    return sorted(found for pid in pids if pid != os.getpid() and (found := read_process(pid)))


def read_process(pid: int) -> MarkedProcess | None:
    """Return the process with a pid, if it has a mark and has not ended.

    Raises:
        OSError: /proc could not be read.
    """
    try:
        with (_PROC / str(pid) / "environ").open("rb") as file:
            mark = read_mark(file.read(_MAX_ENVIRON))
        return None if mark is None else MarkedProcess(started_at(pid), pid, mark)
    except OSError as error:
        if error.errno not in _NOT_OURS_TO_SEE:
            raise
        return None


def started_at(pid: int) -> int:
    """Return the start time of a process, in clock ticks.

    Raises:
        OSError: There is no such process.
    """
    stat = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    return int(stat.rpartition(")")[2].split()[_STARTED])


@contextmanager
def held(process: MarkedProcess) -> Iterator[ProcessHandle | None]:
    """Hold a process; yields ``None`` if it is gone.

    Raises:
        OSError: No pidfd could be opened.
    """
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        # The pid cannot be reused from here on; check that it was not before.
        yield ProcessHandle(descriptor) if _is_still(process) else None
    finally:
        os.close(descriptor)


def _is_still(process: MarkedProcess) -> bool:
    try:
        return started_at(process.pid) == process.started
    except OSError as error:
        if error.errno not in _NOT_OURS_TO_SEE:
            raise
        return False


def spawn(
    command: list[str], environ: Mapping[str, str], output: Path, mark: Mark
) -> MarkedProcess:
    """Start a process with a mark, in a session of its own.

    It inherits no descriptor: standard input is empty, both outputs go to the file.
    When this returns the process shows its new environment, or has ended already.

    Args:
        command: The program and its arguments; there is no shell.
        environ: The rest of its environment.
        output: File that takes what it prints, appended.
        mark: Its mark.

    Returns:
        The process, which the caller must reap.

    Raises:
        OSError: It could not be started.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawnp(
        command[0],
        command,
        {**environ, **mark.variables},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *((os.POSIX_SPAWN_CLOSE, descriptor) for descriptor in _inheritable()),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
    )
    try:
        return MarkedProcess(started_at(pid), pid, mark)
    except OSError:
        os.killpg(pid, signal.SIGKILL)  # it is not reaped, so the pid is still its own
        os.waitpid(pid, 0)
        raise


def _inheritable() -> Sequence[int]:
    """Return the descriptors that a child would inherit, such as those from this parent."""
    descriptors = [int(name) for name in os.listdir(_PROC / "self" / "fd")]  # noqa: PTH208 - names only
    inheritable = []
    for descriptor in descriptors:
        with suppress(OSError):  # that of the listing itself is closed
            if descriptor > _STDERR and os.get_inheritable(descriptor):
                inheritable.append(descriptor)
    return inheritable
