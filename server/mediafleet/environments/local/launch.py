"""What a launch of a local node needs: an address, a command line, a folder for its output."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import socket
import sys
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from mediafleet.environments.common import KURENTO_PATH, tail

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from mediafleet.environments.local.processes import Owner


_FIRST_BLOCK, _BLOCKS, _HOSTS = 64, 64, 254
KURENTO = "kurento-media-server"
EMULATOR = "emulator"
"""The command for emulated nodes."""
OUTPUT = "output.log"
MAX_OUTPUT_BYTES = 4 << 20
_KEPT_BYTES = 64 << 10
_KEPT_FOLDERS = 8


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """How Media Nodes are run on this machine.

    Attributes:
        directory: Their output and configuration files; made when the first node is launched.
        command: Command line of a media server; ``None``: Kurento, ``emulator``: emulated nodes.
        max_nodes: How many may run at a time.
        launch_timeout: Seconds from the start of a process until it must listen.
        environ: Environment variables of the processes, besides those with their address.
        grace: Seconds between SIGTERM and SIGKILL.
    """

    directory: Path
    command: str | None = None
    max_nodes: int = 8
    launch_timeout: float = 60.0
    environ: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    grace: float = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """An address and a port on which one media server listens.

    Attributes:
        address: In 127.64.0.0/10, which Linux serves without configuration.
        port: Was free on that address.
    """

    address: str
    port: int

    @property
    def uri(self) -> str:
        """Where clients connect."""
        return f"ws://{self.address}:{self.port}{KURENTO_PATH}"


def place_for(owner: Owner, node_id: str) -> Place:
    """Choose an address by the node's id, and let the kernel find a free port on it.

    The port is free until the media server binds it. No other program has a reason to use that
    address.

    Raises:
        OSError: The address cannot be used.
    """
    digest = hashlib.sha256(f"{owner.directory}\0{owner.cluster}\0{node_id}".encode()).digest()
    block, subnet, host = digest[0] % _BLOCKS, digest[1] % _HOSTS, digest[2] % _HOSTS
    address = f"127.{_FIRST_BLOCK + block}.{subnet + 1}.{host + 1}"
    with socket.create_server((address, 0)) as listener:
        return Place(address, listener.getsockname()[1])


def command_line(settings: LocalSettings, place: Place, folder: Path) -> list[str]:
    """Return the command line for one node: the configured one, else Kurento's.

    Args:
        settings: The configuration.
        place: The media server must listen there.
        folder: The folder of the node.

    Raises:
        OSError: The configuration of Kurento cannot be written.
    """
    if settings.command is None:
        kurento = shutil.which(KURENTO, path=settings.environ.get("PATH")) or KURENTO
        return [kurento, "--conf-file", str(_kurento_file(place, folder))]
    if settings.command == EMULATOR:
        address = ["--address", place.address, "--port", str(place.port)]
        return [sys.executable, "-P", "-m", "mediafleet", "emulator", *address]
    return [_filled_in(word, place) for word in shlex.split(settings.command)]


def _filled_in(word: str, place: Place) -> str:
    known = {"address": place.address, "port": str(place.port), "uri": place.uri}
    for name, value in known.items():
        word = word.replace(f"{{{name}}}", value)
    return word


def _kurento_file(place: Place, folder: Path) -> Path:
    websocket = {
        "address": place.address,
        "port": place.port,
        "path": KURENTO_PATH.removeprefix("/"),
        "threads": 10,
    }
    path = folder / "kurento.conf.json"
    path.write_text(json.dumps({"mediaServer": {"net": {"websocket": websocket}}}), "utf-8")
    return path


class Folders:
    """Creates, truncates and removes the folders of nodes.

    Args:
        directory: Holds all of them.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def make(self, node_id: str, *, running: Collection[str]) -> Path:
        """Create the folder of a node; remove the oldest folders of nodes that are gone.

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
        """Return the end of a node's output, without secrets and colours."""
        try:
            with (self._directory / node_id / OUTPUT).open("rb") as file:
                return tail(file)
        except OSError:
            return ""

    def cut(self, node_id: str) -> None:
        """Truncate an output that is too long; its end stays."""
        try:
            with (self._directory / node_id / OUTPUT).open("r+b") as file:
                if file.seek(0, os.SEEK_END) > MAX_OUTPUT_BYTES:
                    file.seek(-_KEPT_BYTES, os.SEEK_END)
                    end = file.read(_KEPT_BYTES)
                    # The process appends (O_APPEND), so it continues after what is kept.
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
