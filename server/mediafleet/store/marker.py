"""Remembers beside the store, in the data directory, which store a server had there before."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

NAME = "store.json"
_MAX_BYTES = 4096
_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Marker:
    """What is known of the store that was opened last.

    Attributes:
        id: The store's own; empty if the file that keeps it is spoilt.
        term: How often it had been opened.
    """

    id: str
    term: int


def read_marker(path: Path) -> Marker | None:
    """The marker; ``None`` if no store was ever opened with this data directory.

    Raises:
        OSError: That cannot be told.
    """
    try:
        with path.open("rb") as file:
            kept = json.loads(file.read(_MAX_BYTES))
        return Marker(str(kept["id"]), int(kept["term"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        return Marker("", 0)


def write_marker(path: Path, marker: Marker) -> None:
    """Keep a marker; when this returns it survives a crash. A failure is logged and no error."""
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "w") as file:  # noqa: PTH123 - with a mode
            json.dump(asdict(marker), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        extra = {"file": str(path), "reason": error.strerror or str(error)}
        log.warning("which store was opened is not remembered", extra=extra)
