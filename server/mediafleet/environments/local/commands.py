"""Which program is a Media Node on this machine, and how it is told its place."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

from mediafleet.environments.local.places import PATH

if TYPE_CHECKING:
    from pathlib import Path

    from mediafleet.environments.local.places import Place
    from mediafleet.environments.local.settings import LocalSettings

KURENTO = "kurento-media-server"
EMULATOR = "emulator"
"""As a whole command: emulated nodes, which move no media."""


def command_line(settings: LocalSettings, place: Place, folder: Path) -> list[str]:
    """The command for one node: the configured one, else Kurento.

    Args:
        settings: What is configured.
        place: Where the media server has to listen.
        folder: The node's own.

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
        "path": PATH.removeprefix("/"),
        "threads": 10,
    }
    path = folder / "kurento.conf.json"
    path.write_text(json.dumps({"mediaServer": {"net": {"websocket": websocket}}}), "utf-8")
    return path
