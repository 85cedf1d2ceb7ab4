"""Records of launches, written before they begin, so that no interrupted one is repeated."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mediafleet.environments.common import is_node_id
from mediafleet.environments.script.machines import (
    BadOutputError,
    ReportedMachine,
    read_machine,
    read_name,
)
from mediafleet.environments.script.runner import MAX_OUTPUT_BYTES, ProcessIdentity, read_pid_file
from mediafleet.files import write_durably

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Attempt:
    """A launch that was begun.

    Attributes:
        node_id: Id of the Media Node.
        before: Ids of the machines that ran already.
        machine: The launched machine, once it is known.
    """

    node_id: str
    before: tuple[str, ...]
    machine: ReportedMachine | None = None


class Journal:
    """The launches of one cluster, a file each; all methods block.

    Args:
        directory: Holds the journals of all clusters.
        cluster_id: Id of the cluster.
    """

    def __init__(self, directory: Path, cluster_id: str) -> None:
        self._directory = directory / hashlib.sha256(cluster_id.encode()).hexdigest()[:16]

    def outputs(self, node_id: str) -> tuple[Path, Path]:
        """Return the files for stdout and stderr of a launch."""
        return self._path(node_id, "out"), self._path(node_id, "err")

    def pid_file(self, node_id: str) -> Path:
        """Return the file into which the process of a launch writes its identity."""
        return self._path(node_id, "pid")

    def read_process(self, node_id: str) -> ProcessIdentity | None:
        """Return the process of a launch; ``None`` if it was not started."""
        return read_pid_file(self.pid_file(node_id))

    def begin(self, attempt: Attempt) -> None:
        """Record that a launch begins, in place of an earlier one.

        Raises:
            OSError: It was not recorded.
        """
        self.remove(attempt.node_id)
        self.write(attempt)

    def write(self, attempt: Attempt) -> None:
        """Write a record, which survives a crash once this returns.

        Raises:
            OSError: It was not written.
        """
        write_durably(self._path(attempt.node_id, "json"), json.dumps(_to_json(attempt)))

    def read(self, node_id: str) -> Attempt | None:
        """Return the launch of a Media Node, if one was begun.

        Raises:
            OSError: The record could not be read.
        """
        try:
            return _from_json(node_id, json.loads(self._path(node_id, "json").read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            # The file is damaged, but it shows that a launch was begun.
            return Attempt(node_id, ())

    def read_all(self) -> Sequence[Attempt]:
        """Return all launches.

        Raises:
            OSError: The records could not be read.
        """
        if not self._directory.exists():
            return ()
        names = (path.stem for path in self._directory.glob("*.json"))
        return [attempt for name in names if (attempt := self.read(name)) is not None]

    def read_unfinished(self) -> Sequence[Attempt]:
        """Return the launches without a known machine.

        Raises:
            OSError: The records could not be read.
        """
        return [
            attempt
            for attempt in self.read_all()
            if attempt.machine is None and self.read_result(attempt.node_id) is None
        ]

    def read_owners(self) -> Mapping[str, str]:
        """Return the Media Nodes of launched machines, by the ids of the machines.

        Raises:
            OSError: The records could not be read.
        """
        named = ((self._name(attempt), attempt.node_id) for attempt in self.read_all())
        return {name: node_id for name, node_id in named if name is not None}

    def read_result(self, node_id: str) -> ReportedMachine | None:
        """Return the machine that a script printed, if it did."""
        try:
            return read_machine(self._printed(node_id))
        except BadOutputError:
            return None

    def read_name(self, node_id: str) -> str | None:
        """Return the id of the machine that a script printed, even if the rest is invalid."""
        return read_name(self._printed(node_id))

    def remove(self, node_id: str) -> None:
        """Remove the record of a launch, if there is one."""
        for ending in ("json", "json.new", "out", "err", "pid"):
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
