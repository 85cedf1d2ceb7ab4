"""The processes of local Media Nodes, as the machine itself shows them."""

import json
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio

MARK = b"MEDIAFLEET_LOCAL_NODE="
LIMIT_S = 30


@dataclass(frozen=True)
class LocalNode:
    pid: int
    started: int
    node_id: str
    uri: str
    cluster: str

    @property
    def environment_id(self) -> str:
        return f"{self.pid}-{self.started}"


def local_nodes(directory: Path) -> list[LocalNode]:
    """All that live of a server whose data are below this directory, by start."""
    found = [_read(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    below = os.path.realpath(directory) + "/"
    return sorted(
        (node for node, home in filter(None, found) if f"{home}/".startswith(below)),
        key=lambda node: (node.started, node.pid),
    )


def _read(pid: int) -> tuple[LocalNode, str] | None:
    try:
        environ = Path(f"/proc/{pid}/environ").read_bytes()
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    for entry in environ.split(b"\0"):
        if entry.startswith(MARK):
            mark = json.loads(entry.removeprefix(MARK))
            started = int(stat.rpartition(")")[2].split()[19])
            owner = mark["owner"]
            node = LocalNode(pid, started, mark["node_id"], mark["uri"], owner["cluster"])
            return node, owner["directory"]
    return None


def end_local_nodes(directory: Path) -> list[LocalNode]:
    """Kill what a failed test left; what that was."""
    left = local_nodes(directory)
    for node in left:
        with suppress(ProcessLookupError):
            os.kill(node.pid, signal.SIGKILL)
    return left


async def until_local_nodes(directory: Path, count: int) -> list[LocalNode]:
    with anyio.fail_after(LIMIT_S):
        while len(found := local_nodes(directory)) != count:
            await anyio.sleep(0.02)
    return found
