"""Calls the scripts by name; whatever goes wrong is one failure that says what and why."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.environments.script.running import MAX_OUTPUT_BYTES, ExceededError, run
from mediafleet.environments.script.trust import UntrustedError, opened
from mediafleet.masking import mask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from mediafleet.environments.script.settings import ScriptSettings

_TAIL_BYTES = 4_096
_TAIL_CHARACTERS = 600

CLUSTER_ID = "MEDIAFLEET_CLUSTER_ID"
NODE_ID = "MEDIAFLEET_NODE_ID"


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
    start = max(0, stderr.seek(0, 2) - _TAIL_BYTES)
    stderr.seek(start)
    last = stderr.read(_TAIL_BYTES).decode("utf-8", "replace")
    tail = " ".join(mask(last, cut_start=start > 0).split())
    return f"it says: {tail[-_TAIL_CHARACTERS:]}" if tail else "it says nothing on stderr"


def variables_for(cluster_id: str, node_id: str | None = None) -> Mapping[str, str]:
    """What a script is told of whom it works for."""
    told = {CLUSTER_ID: cluster_id}
    return told if node_id is None else {**told, NODE_ID: node_id}
