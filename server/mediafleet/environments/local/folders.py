"""The files of local nodes: one folder each, with what its process printed."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from mediafleet.masking import mask

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

OUTPUT = "output.log"
MAX_OUTPUT_BYTES = 4 << 20
_KEPT_BYTES = 64 << 10
_TAIL_BYTES = 4_096
_KEPT_FOLDERS = 8
_ESCAPE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.")


class Folders:
    """Makes, bounds and removes the folders of nodes.

    Args:
        directory: Holds all of them.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def make(self, node_id: str, *, running: Collection[str]) -> Path:
        """A new folder for a node; of those whose nodes are gone only some are kept.

        Raises:
            OSError: It cannot be made.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._forget_oldest(running)
        folder = self._directory / node_id
        self.remove(node_id)
        folder.mkdir(mode=0o700)
        return folder

    def remove(self, node_id: str) -> None:
        """Remove the folder of a node, if there is one."""
        shutil.rmtree(self._directory / node_id, ignore_errors=True)

    def tail(self, node_id: str) -> str:
        """The last that the process of a node printed, without secrets and colours."""
        try:
            with (self._directory / node_id / OUTPUT).open("rb") as file:
                start = max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES)
                file.seek(start)
                last = file.read(_TAIL_BYTES)
        except OSError:
            return ""
        return mask(_ESCAPE.sub(b"", last).decode("utf-8", "replace"), cut_start=start > 0).strip()

    def cut(self, node_id: str) -> None:
        """Keep only the end of an output that has grown too long."""
        try:
            with (self._directory / node_id / OUTPUT).open("r+b") as file:
                if file.seek(0, os.SEEK_END) > MAX_OUTPUT_BYTES:
                    file.seek(-_KEPT_BYTES, os.SEEK_END)
                    end = file.read(_KEPT_BYTES)
                    # The process appends wherever the end is, so it goes on behind what is kept.
                    file.truncate(0)
                    file.seek(0)
                    file.write(end)
        except OSError:
            return

    def _forget_oldest(self, running: Collection[str]) -> None:
        gone = [each for each in self._directory.iterdir() if each.name not in running]
        gone.sort(key=lambda each: each.lstat().st_mtime)
        for folder in gone[:-_KEPT_FOLDERS]:
            self.remove(folder.name)
