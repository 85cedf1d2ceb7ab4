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
"""Between two looks at an output, which so is bounded by what can be written in that time.

A limit of the kernel's would hold for all files of the machines that scripts leave behind, too, and
pipes would end a script with the server.
"""
_LEAVE_S = 1.0
_LOOK_AGAIN_S = 0.05
_LAST_WAIT_S = 5.0
_NOTE_AND_RUN = 'read -r stat < "/proc/$$/stat" && echo "$stat" > "$0" && exec "$@"'
_STARTED = 19  # field of /proc/PID/stat, counted behind the name
CLUSTER_ID = "MEDIAFLEET_CLUSTER_ID"
NODE_ID = "MEDIAFLEET_NODE_ID"


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


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process that is never taken for another one with the same pid.

    Attributes:
        pid: Process id; that of its group too.
        started: Clock ticks from the start of the machine to its own.
    """

    pid: int
    started: int


class ExceededError(Exception):
    """A script went over a limit and was ended; says which, as the end of a sentence."""


async def run(
    script: OpenedScript,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    outputs: tuple[BinaryIO, BinaryIO],
    limit: float,
    grace: float,
    note: Path | None,
) -> int:
    """Run a script in a session of its own; its exit status, negative for a signal.

    What it leaves behind in its process group is ended; what has left the group, by `setsid`, is
    not. Its output goes to files, so that it can go on to its end even if this process is killed.

    Args:
        script: What is run, from its own folder.
        arguments: There is no shell between.
        environ: All of its environment.
        outputs: Files for stdout and stderr.
        limit: Seconds it may take.
        grace: Seconds between SIGTERM and SIGKILL.
        note: File that tells of the process before the script does anything; for `read_note`.

    Raises:
        OSError: It cannot be run.
        ExceededError: It took too long or printed too much.
    """
    process, descriptor = await anyio.to_thread.run_sync(
        _start, _command(script, arguments, note), script.folder, environ, outputs
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


async def outlast(process: ProcessIdentity, *, limit: float, grace: float) -> None:
    """Wait for the end of a script of an earlier server; one that takes too long is ended."""
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


def read_note(path: Path) -> ProcessIdentity | None:
    """The process that a file tells of, if it does."""
    try:
        stat = path.read_text("utf-8", "replace")
        return ProcessIdentity(
            int(stat.partition(" ")[0]), int(stat.rpartition(")")[2].split()[_STARTED])
        )
    except (OSError, ValueError, IndexError):
        return None


def _command(script: OpenedScript, arguments: Sequence[str], note: Path | None) -> Sequence[str]:
    command = [f"./{script.name}", *arguments]
    return command if note is None else ["/bin/sh", "-c", _NOTE_AND_RUN, str(note), *command]


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
    return read_note(Path(f"/proc/{process.pid}/stat")) == process


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
    """End all of a group; its leader is not reaped meanwhile, so that the number stays its own."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
    with anyio.move_on_after(grace):
        await anyio.wait_readable(descriptor)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    with anyio.move_on_after(_LAST_WAIT_S):
        await anyio.wait_readable(descriptor)


async def _end_left_behind(group: int, grace: float) -> None:
    """End what is left of the group of a script that ended; its leader is not reaped meanwhile.

    What is on its way into a session of its own has the time to get there.
    """
    if await _is_deserted(group, within=_LEAVE_S):
        return
    os.killpg(group, signal.SIGTERM)
    if not await _is_deserted(group, within=grace):
        os.killpg(group, signal.SIGKILL)


async def _is_deserted(group: int, *, within: float) -> bool:
    """Whether the last process leaves a group, or ends, in that time."""
    with anyio.move_on_after(within):
        while await anyio.to_thread.run_sync(_has_living, group):  # noqa: ASYNC110 - a group tells nobody of its end
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


class Caller:
    """Runs scripts for one environment.

    Args:
        environment: Its name, part of every failure.
        settings: Where the scripts are and what they get.
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
        note: Path | None = None,
    ) -> bytes:
        """Run a script; what it printed to stdout.

        Args:
            script: File name.
            operation: Word for it in a failure.
            arguments: Of the script.
            variables: Added to its environment.
            limit: Seconds it may take.
            outputs: Files that take stdout and stderr; unnamed ones if not given.
            note: File that tells of its process.

        Raises:
            EnvironmentFailureError: It may not be run, or did not end well, in time and in bounds.
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
                    note=note,
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
                how = f"ended with status {status}" if status > 0 else f"met signal {-status}"
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
        """A failure of this environment."""
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
    """What a script is told of whom it works for."""
    told = {CLUSTER_ID: cluster_id}
    return told if node_id is None else {**told, NODE_ID: node_id}
