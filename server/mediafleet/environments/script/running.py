"""Runs one script to its end, within limits; ends its whole process group where it exceeds them."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
