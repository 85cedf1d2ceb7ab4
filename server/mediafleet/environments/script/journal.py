"""What is written down of launches before they begin, so that none is begun twice blindly."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mediafleet.environments.common import is_node_id
from mediafleet.environments.script.machines import (
    BadAnswerError,
    Reported,
    read_machine,
    read_name,
)
from mediafleet.environments.script.runner import MAX_OUTPUT_BYTES, ProcessIdentity, read_note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Attempt:
    """A launch that was begun.

    Attributes:
        node_id: For which Media Node.
        before: Names of the machines that ran already.
        machine: What came of it, once that is known.
    """

    node_id: str
    before: tuple[str, ...]
    machine: Reported | None = None


class Journal:
    """The launches of one cluster, a file each; all methods block.

    Args:
        directory: Holds the journals of all clusters.
        cluster_id: Whose it is.
    """

    def __init__(self, directory: Path, cluster_id: str) -> None:
        self._directory = directory / hashlib.sha256(cluster_id.encode()).hexdigest()[:16]

    def outputs(self, node_id: str) -> tuple[Path, Path]:
        """Files for what a launch prints to stdout and stderr."""
        return self._path(node_id, "out"), self._path(node_id, "err")

    def note(self, node_id: str) -> Path:
        """File that tells of a launch's process, made by that process."""
        return self._path(node_id, "pid")

    def read_process(self, node_id: str) -> ProcessIdentity | None:
        """The process of a launch; ``None`` if it never began."""
        return read_note(self.note(node_id))

    def begin(self, attempt: Attempt) -> None:
        """Keep that a launch begins, and nothing of one before it.

        Raises:
            OSError: It was not kept.
        """
        self.remove(attempt.node_id)
        self.write(attempt)

    def write(self, attempt: Attempt) -> None:
        """Keep what is known; when this returns it survives a crash.

        Raises:
            OSError: It was not kept.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, new = self._path(attempt.node_id, "json"), self._path(attempt.node_id, "new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(_to_json(attempt), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, node_id: str) -> Attempt | None:
        """The launch of a Media Node, if one was begun.

        Raises:
            OSError: That cannot be told.
        """
        try:
            return _from_json(node_id, json.loads(self._path(node_id, "json").read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            # Whatever spoilt the file, a launch was begun.
            return Attempt(node_id, ())

    def read_all(self) -> Sequence[Attempt]:
        """Every launch.

        Raises:
            OSError: That cannot be told.
        """
        if not self._directory.exists():
            return ()
        names = (path.stem for path in self._directory.glob("*.json"))
        return [attempt for name in names if (attempt := self.read(name)) is not None]

    def read_unfinished(self) -> Sequence[Attempt]:
        """Every launch of which no result was told.

        Raises:
            OSError: That cannot be told.
        """
        return [
            attempt
            for attempt in self.read_all()
            if attempt.machine is None and self.read_result(attempt.node_id) is None
        ]

    def read_owners(self) -> Mapping[str, str]:
        """The Media Nodes of all machines that launches are known to have made, by their names.

        Raises:
            OSError: That cannot be told.
        """
        named = ((self._name(attempt), attempt.node_id) for attempt in self.read_all())
        return {name: node_id for name, node_id in named if name is not None}

    def read_result(self, node_id: str) -> Reported | None:
        """The machine that a script named on its stdout, if it came that far."""
        try:
            return read_machine(self._printed(node_id))
        except BadAnswerError:
            return None

    def read_name(self, node_id: str) -> str | None:
        """The name that a script gave to a machine, whatever else is wrong with its answer."""
        return read_name(self._printed(node_id))

    def remove(self, node_id: str) -> None:
        """Forget a launch, if there was one."""
        for ending in ("json", "new", "out", "err", "pid"):
            with suppress(OSError):
                self._path(node_id, ending).unlink()

    def _name(self, attempt: Attempt) -> str | None:
        if attempt.machine is not None:
            return attempt.machine.environment_id
        return self.read_name(attempt.node_id)

    def _printed(self, node_id: str) -> bytes:
        try:
            with self.outputs(node_id)[0].open("rb") as file:
                return file.read(MAX_OUTPUT_BYTES)
        except OSError:
            return b""

    def _path(self, node_id: str, ending: str) -> Path:
        if not is_node_id(node_id):
            raise ValueError(node_id)
        return self._directory / f"{node_id}.{ending}"


def _to_json(attempt: Attempt) -> dict[str, Any]:
    machine = attempt.machine
    return {
        "before": attempt.before,
        "machine": machine and {"id": machine.environment_id, "ip": str(machine.address)},
    }


def _from_json(node_id: str, kept: dict[str, Any]) -> Attempt:
    attempt = Attempt(node_id, tuple(map(str, kept["before"])))
    if kept["machine"]:
        machine = read_machine(json.dumps(kept["machine"]).encode())
        attempt = replace(attempt, machine=machine)
    return attempt
