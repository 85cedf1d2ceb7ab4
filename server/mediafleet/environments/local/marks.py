"""The mark in a process's environment by which it is known as a Media Node, and whose."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mediafleet.domain.errors import InvalidUriError
from mediafleet.domain.uri import MediaServerUri

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "MEDIAFLEET_LOCAL_NODE"

_NODE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose Media Node a process is: two servers on one machine leave each other's alone.

    Attributes:
        cluster: Id of the cluster.
        directory: The server's own directory of local nodes, without symbolic links.
    """

    cluster: str
    directory: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What a process carries in its environment from its first moment on, and its children too."""

    owner: Owner
    node_id: str
    uri: str

    @property
    def variables(self) -> Mapping[str, str]:
        """The mark itself, and the same facts for the command to use."""
        place = MediaServerUri.parse(self.uri)
        return {
            VARIABLE: json.dumps(asdict(self)),
            "MEDIAFLEET_NODE_ID": self.node_id,
            "MEDIAFLEET_NODE_URI": self.uri,
            "MEDIAFLEET_NODE_ADDRESS": place.host,
            "MEDIAFLEET_NODE_PORT": str(place.port),
        }


def read_mark(environ: bytes) -> Mark | None:
    """The mark in the environment of a process, as the kernel shows it; ``None`` without one.

    Anybody can write such a variable, so everything in it is checked.
    """
    prefix = f"{VARIABLE}=".encode()
    entry = next((each for each in environ.split(b"\0") if each.startswith(prefix)), None)
    if entry is None:
        return None
    try:
        told = json.loads(entry.removeprefix(prefix))
        owner = Owner(_text(told["owner"]["cluster"]), _text(told["owner"]["directory"]))
        mark = Mark(owner, _text(told["node_id"]), _text(told["uri"]))
        MediaServerUri.parse(mark.uri)
    except (ValueError, TypeError, KeyError, RecursionError, InvalidUriError):
        return None
    return mark if _NODE_ID.fullmatch(mark.node_id) else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
