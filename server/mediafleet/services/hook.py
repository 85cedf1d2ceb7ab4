"""Runs a command of the operator that is passed an event, within limits on time and output."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.texts import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anyio.abc import Process

LIMIT_S = 60.0
MAX_OUTPUT_BYTES = 1 << 16
_SHOWN_CHARACTERS = 500


async def run_hook(
    command: Sequence[str], document: bytes, *, environ: Mapping[str, str], limit: float = LIMIT_S
) -> None:
    """Run a command without a shell; it reads the document from its standard input.

    Args:
        command: Program and arguments.
        document: JSON text.
        environ: All of its environment.
        limit: Seconds it may take.

    Raises:
        EnvironmentFailureError: It cannot be run, failed or exceeded a limit; with its last output.
    """
    try:
        process = await anyio.open_process(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environ),  # uvloop takes nothing else
            start_new_session=True,
        )
    except OSError as error:
        raise _failure(f"it cannot be run: {error.strerror}") from error
    output = bytearray()
    try:
        with anyio.fail_after(limit):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_write, process, document)
                is_complete = await _read(process, output)
                tasks.cancel_scope.cancel()
            status = await process.wait() if is_complete else None
    except TimeoutError:
        raise _failure(f"it took longer than {limit:g} s and was ended", output) from None
    finally:
        await _end(process)
    if status is None:
        raise _failure(f"it printed more than {MAX_OUTPUT_BYTES} bytes and was ended", output)
    if status:
        how = f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"
        raise _failure(f"it {how}", output)


async def _write(process: Process, document: bytes) -> None:
    if process.stdin is not None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await process.stdin.send(document)
            await process.stdin.aclose()


async def _read(process: Process, output: bytearray) -> bool:
    """Read until the end of the output; ``False`` if it is too long."""
    if process.stdout is not None:
        with suppress(anyio.EndOfStream):
            while len(output) <= MAX_OUTPUT_BYTES:
                output += await process.stdout.receive()
            return False
    return True


async def _end(process: Process) -> None:
    """End the command and what it started, if it runs still."""
    with anyio.CancelScope(shield=True):
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await process.aclose()


def _failure(detail: str, output: bytes | bytearray = b"") -> EnvironmentFailureError:
    said = one_line(output[-_SHOWN_CHARACTERS:].decode("utf-8", "replace"), _SHOWN_CHARACTERS)
    says = f"; it says: {said}" if said else ""
    return EnvironmentFailureError("on_premise", "autoscaling hook", f"{detail}{says}")
