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

from mediafleet.domain.errors import InvalidUriError
from mediafleet.domain.uri import MediaServerUri
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
"""What reading in /proc comes to where a process ended, is another user's, or has no environment.

EACCES and EPERM: ours may always be looked at. EIO: it has unmapped its environment. All else, such
as too many open files, says nothing of the process.
"""
_STDERR = 2
_STARTED = 19  # field of /proc/PID/stat, counted behind the name


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose Media Node a process is: two servers on one machine leave each other's alone.

    Attributes:
        cluster: Id of the cluster.
        directory: The server's own directory of local nodes, without symbolic links.
    """

    cluster: str
    directory: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What a process carries in its environment from its first moment on, and its children too."""

    owner: Owner
    node_id: str
    uri: str

    @property
    def variables(self) -> Mapping[str, str]:
        """The mark itself, and the same facts for the command to use."""
        place = MediaServerUri.parse(self.uri)
        return {
            VARIABLE: json.dumps(asdict(self)),
            "MEDIAFLEET_NODE_ID": self.node_id,
            "MEDIAFLEET_NODE_URI": self.uri,
            "MEDIAFLEET_NODE_ADDRESS": place.host,
            "MEDIAFLEET_NODE_PORT": str(place.port),
        }


def read_mark(environ: bytes) -> Mark | None:
    """The mark in the environment of a process, as the kernel shows it; ``None`` without one.

    Anybody can write such a variable, so everything in it is checked.
    """
    prefix = f"{VARIABLE}=".encode()
    entry = next((each for each in environ.split(b"\0") if each.startswith(prefix)), None)
    if entry is None:
        return None
    try:
        told = json.loads(entry.removeprefix(prefix))
        owner = Owner(_text(told["owner"]["cluster"]), _text(told["owner"]["directory"]))
        mark = Mark(owner, _text(told["node_id"]), _text(told["uri"]))
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
        mark: What it carries.
    """

    started: int
    pid: int
    mark: Mark = field(compare=False)

    @property
    def environment_id(self) -> str:
        """Its name for users."""
        return f"{self.pid}-{self.started}"


class ProcessHandle:
    """Holds one process, so that its pid cannot pass to another one meanwhile."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, number: signal.Signals) -> None:
        """Send a signal; one that has ended gets none.

        Raises:
            PermissionError: It may not be signalled by this user.
        """
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    async def ended(self) -> None:
        """Return when it has ended."""
        await anyio.wait_readable(self._descriptor)

    def reap(self) -> int | None:
        """Take the exit status of an ended child: negative for a signal, ``None`` if not ours."""
        try:
            found = os.waitid(os.P_PIDFD, self._descriptor, os.WEXITED | os.WNOHANG)
        except ChildProcessError:
            return None
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status


def check_machine() -> None:
    """See that processes can be found and held here.

    Raises:
        OSError: They cannot: this is not Linux, or one older than 5.4, or without /proc.
    """
    if not hasattr(os, "pidfd_open"):
        raise OSError("it needs Linux")
    os.close(os.pidfd_open(os.getpid()))
    (_PROC / "self" / "environ").read_bytes()


def find_all() -> Sequence[MarkedProcess]:
    """Every marked process on this machine that this user may look at, the oldest first.

    Raises:
        OSError: They cannot be told.
    """
    pids = (int(entry.name) for entry in os.scandir(_PROC) if entry.name.isdecimal())
    return sorted(found for pid in pids if pid != os.getpid() and (found := read_process(pid)))


def read_process(pid: int) -> MarkedProcess | None:
    """The process with that pid, if it carries a mark and has not ended.

    Raises:
        OSError: It cannot be told.
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
    """When a process started that has not been reaped.

    Raises:
        OSError: There is none.
    """
    stat = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    return int(stat.rpartition(")")[2].split()[_STARTED])


@contextmanager
def held(process: MarkedProcess) -> Iterator[ProcessHandle | None]:
    """Hold a process; ``None`` if it has ended and been reaped.

    Raises:
        OSError: It cannot be held.
    """
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        # Only now can the pid not change hands any more: look once more who has it.
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
    """Start a process with a mark in a session of its own, which no signal of our terminal reaches.

    It inherits no descriptor: standard input is empty, both outputs go to the file.
    When this returns the process shows its new environment, or has ended already.

    Args:
        command: The program and its arguments; there is no shell.
        environ: The rest of its environment.
        output: File that takes what it prints, appended.
        mark: What it carries.

    Returns:
        It; reap it.

    Raises:
        OSError: The program cannot be run, or not be found again; it does not run then.
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
        os.killpg(pid, signal.SIGKILL)  # nobody has reaped it, so that the number is its own
        os.waitpid(pid, 0)
        raise


def _inheritable() -> Sequence[int]:
    """Descriptors that a child would get: what Python opens is none, what our parent left us is."""
    descriptors = [int(name) for name in os.listdir(_PROC / "self" / "fd")]  # noqa: PTH208 - names only
    inheritable = []
    for descriptor in descriptors:
        with suppress(OSError):  # the one of the listing itself is closed
            if descriptor > _STDERR and os.get_inheritable(descriptor):
                inheritable.append(descriptor)
    return inheritable
