"""Runs the scripts of an operator, within limits on time and output."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.environments.common import tail
from mediafleet.environments.script.trust import UntrustedError, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from ipaddress import IPv4Address, IPv6Address
    from typing import BinaryIO

    from mediafleet.environments.script.trust import OpenedScript


MAX_OUTPUT_BYTES = 1 << 20
_LOOK_S = 0.01
"""Interval between two checks of the size of an output.

A limit of the kernel (RLIMIT_FSIZE) would also hold for machines that a script starts as processes,
and pipes would end a script with the server.
"""
_LEAVE_S = 1.0
_LOOK_AGAIN_S = 0.05
_LAST_WAIT_S = 5.0
_WRITE_PID_AND_RUN = 'read -r stat < "/proc/$$/stat" && echo "$stat" > "$0" && exec "$@"'
_STARTED = 19  # field of /proc/PID/stat, counted behind the name
CLUSTER_ID = "MEDIAFLEET_CLUSTER_ID"
NODE_ID = "MEDIAFLEET_NODE_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSettings:
    """How scripts are found and run.

    Attributes:
        folder: Returns the folder of the scripts; called at each run, a restart may change it.
        directory: Records of launches; created when it is needed.
        is_allowed: Returns whether a Media Node may have an address.
        environ: Environment variables of the scripts, besides the ids of cluster and node.
        launch_timeout: Seconds that a launch may take.
        timeout: Seconds that any other script may take.
        grace: Seconds between SIGTERM and SIGKILL for a script that is ended.
    """

    folder: Callable[[], Path]
    directory: Path
    is_allowed: Callable[[IPv4Address | IPv6Address], bool]
    environ: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    launch_timeout: float = 60.0
    timeout: float = 60.0
    grace: float = 2.0


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """Identifies a process even if its pid is reused.

    Attributes:
        pid: Process id; that of its group too.
        started: Clock ticks from the start of the machine to its own.
    """

    pid: int
    started: int


class ExceededError(Exception):
    """A script exceeded a limit and was ended; its text completes a sentence."""


async def run(
    script: OpenedScript,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    outputs: tuple[BinaryIO, BinaryIO],
    limit: float,
    grace: float,
    pid_file: Path | None,
) -> int:
    """Run a script in a session of its own; return its exit status, negative for a signal.

    Processes that it leaves in its process group are ended; those that left the group by `setsid`
    are not. Its output goes to files, so that it continues even if this process is killed.

    Args:
        script: Runs in its own folder.
        arguments: There is no shell between.
        environ: All of its environment.
        outputs: Files for stdout and stderr.
        limit: Seconds it may take.
        grace: Seconds between SIGTERM and SIGKILL.
        pid_file: The process writes its identity here before it becomes the script.

    Raises:
        OSError: It cannot be run.
        ExceededError: It took too long or printed too much.
    """
    process, descriptor = await anyio.to_thread.run_sync(
        _start, _command(script, arguments, pid_file), script.folder, environ, outputs
    )
    try:
        await _until_ended(descriptor, outputs, limit)
        await _end_left_behind(process.pid, grace)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await _end_group(process.pid, descriptor, grace)
        raise
    finally:
        os.close(descriptor)
        process.poll()  # frees its pid, and only now
    return process.wait()


async def wait_for(process: ProcessIdentity, *, limit: float, grace: float) -> None:
    """Wait for a script of an earlier server; end it after *limit* seconds."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        return
    try:
        if not _is_still(process):
            return
        with anyio.move_on_after(limit):
            await anyio.wait_readable(descriptor)
            return
        await _end_group(process.pid, descriptor, grace)
    finally:
        os.close(descriptor)


def read_pid_file(path: Path) -> ProcessIdentity | None:
    """Return the process whose identity a file holds; ``None`` if it holds none."""
    try:
        stat = path.read_text("utf-8", "replace")
        return ProcessIdentity(
            int(stat.partition(" ")[0]), int(stat.rpartition(")")[2].split()[_STARTED])
        )
    except (OSError, ValueError, IndexError):
        return None


def _command(
    script: OpenedScript, arguments: Sequence[str], pid_file: Path | None
) -> Sequence[str]:
    command = [f"./{script.name}", *arguments]
    return (
        command
        if pid_file is None
        else ["/bin/sh", "-c", _WRITE_PID_AND_RUN, str(pid_file), *command]
    )


def _start(
    command: Sequence[str],
    folder: int,
    environ: Mapping[str, str],
    outputs: tuple[BinaryIO, BinaryIO],
) -> tuple[subprocess.Popen[bytes], int]:
    process = subprocess.Popen(  # noqa: S603 - the script is trusted, its arguments fit a pattern
        command,
        cwd=f"/proc/self/fd/{folder}",
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=outputs[0],
        stderr=outputs[1],
        start_new_session=True,
    )
    try:
        return process, os.pidfd_open(process.pid)
    except OSError:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def _is_still(process: ProcessIdentity) -> bool:
    return read_pid_file(Path(f"/proc/{process.pid}/stat")) == process


async def _until_ended(descriptor: int, outputs: Sequence[BinaryIO], limit: float) -> None:
    deadline = anyio.current_time() + limit
    while True:
        with anyio.move_on_after(min(_LOOK_S, max(0, deadline - anyio.current_time()))):
            await anyio.wait_readable(descriptor)
            return
        if any(os.fstat(each.fileno()).st_size > MAX_OUTPUT_BYTES for each in outputs):
            raise ExceededError(f"printed more than {MAX_OUTPUT_BYTES} bytes and was ended")
        if anyio.current_time() >= deadline:
            raise ExceededError(f"took longer than {limit:g} s and was ended")


async def _end_group(group: int, descriptor: int, grace: float) -> None:
    """End a process group, whose leader must not be reaped yet: its pid could be reused."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
    with anyio.move_on_after(grace):
        await anyio.wait_readable(descriptor)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    with anyio.move_on_after(_LAST_WAIT_S):
        await anyio.wait_readable(descriptor)


async def _end_left_behind(group: int, grace: float) -> None:
    """End the rest of the group of a script that ended, whose leader must not be reaped yet.

    A process has a moment to move to a session of its own.
    """
    if await _is_deserted(group, within=_LEAVE_S):
        return
    os.killpg(group, signal.SIGTERM)
    if not await _is_deserted(group, within=grace):
        os.killpg(group, signal.SIGKILL)


async def _is_deserted(group: int, *, within: float) -> bool:
    """Wait until a group is empty; return whether it is."""
    with anyio.move_on_after(within):
        while await anyio.to_thread.run_sync(_has_living, group):  # noqa: ASYNC110 - there is no event for the end of a group
            await anyio.sleep(_LOOK_AGAIN_S)
        return True
    return False


def _has_living(group: int) -> bool:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of_group, *_ = path.read_text("utf-8", "replace").rpartition(")")[2].split()
            if of_group == str(group) and state not in {"Z", "X"}:
                return True
    return False


class ScriptRunner:
    """Runs the scripts of one environment.

    Args:
        environment: Its name, part of every error.
        settings: Folder, variables and limits.
    """

    def __init__(self, environment: str, settings: ScriptSettings) -> None:
        self._environment = environment
        self._settings = settings

    async def call(
        self,
        script: str,
        operation: str,
        *arguments: str,
        variables: Mapping[str, str],
        limit: float,
        outputs: tuple[Path, Path] | None = None,
        pid_file: Path | None = None,
    ) -> bytes:
        """Run a script; return its stdout.

        Args:
            script: File name.
            operation: Name of the operation in errors.
            arguments: Of the script.
            variables: Added to the environment variables.
            limit: Seconds it may take.
            outputs: Files for stdout and stderr; temporary ones if not given.
            pid_file: File for the identity of its process.

        Raises:
            EnvironmentFailureError: It may not be run, failed, or exceeded a limit.
        """
        environ = {**self._settings.environ, **variables}
        with ExitStack() as stack:
            files = await self._opened_outputs(stack, operation, outputs)
            try:
                enter = partial(stack.enter_context, opened(self._settings.folder(), script))
                found = await anyio.to_thread.run_sync(enter)
                status = await run(
                    found,
                    arguments,
                    environ,
                    outputs=files,
                    limit=limit,
                    grace=self._settings.grace,
                    pid_file=pid_file,
                )
            except UntrustedError as error:
                raise self.failure(operation, f"{script} is not run: {error.rule}") from None
            except OSError as error:
                detail = f"{script} cannot be run: {error.strerror}"
                raise self.failure(operation, detail) from error
            except ExceededError as error:
                detail = f"{script} {error}; {_last_words(files[1])}"
                raise self.failure(operation, detail) from None
            if status:
                how = (
                    f"ended with status {status}"
                    if status > 0
                    else f"was ended by signal {-status}"
                )
                raise self.failure(operation, f"{script} {how}; {_last_words(files[1])}")
            files[0].seek(0)
            printed = files[0].read(MAX_OUTPUT_BYTES + 1)
        if len(printed) > MAX_OUTPUT_BYTES:
            raise self.failure(operation, f"{script} printed more than {MAX_OUTPUT_BYTES} bytes")
        return printed

    async def _opened_outputs(
        self, stack: ExitStack, operation: str, paths: tuple[Path, Path] | None
    ) -> tuple[BinaryIO, BinaryIO]:
        try:
            return await anyio.to_thread.run_sync(_open_outputs, stack, paths)
        except OSError as error:
            detail = f"its output cannot be kept: {error.strerror}"
            raise self.failure(operation, detail) from error

    def failure(self, operation: str, detail: str) -> EnvironmentFailureError:
        """Return an error of this environment."""
        return EnvironmentFailureError(self._environment, operation, detail)


def _open_outputs(stack: ExitStack, paths: tuple[Path, Path] | None) -> tuple[BinaryIO, BinaryIO]:
    def open_one(path: Path | None) -> BinaryIO:
        if path is None:
            return stack.enter_context(tempfile.TemporaryFile())
        return stack.enter_context(path.open("w+b"))

    stdout, stderr = paths or (None, None)
    return open_one(stdout), open_one(stderr)


def _last_words(stderr: BinaryIO) -> str:
    text = tail(stderr)
    return f"it says: {text}" if text else "it says nothing on stderr"


def variables_for(cluster_id: str, node_id: str | None = None) -> Mapping[str, str]:
    """Return the environment variables that name cluster and Media Node."""
    node = {} if node_id is None else {NODE_ID: node_id}
    return {CLUSTER_ID: cluster_id, **node}
