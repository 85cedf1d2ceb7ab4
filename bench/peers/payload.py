"""What every peer answers from: the nodes that Mediafleet itself answered with, ready to be sent.

A peer keeps plain dictionaries in memory, which is the cheapest a program that answers JSON can
have; Mediafleet keeps its own objects and turns them into JSON.
"""

import json
import os
from pathlib import Path
from typing import Any

from bench.peers import AUTHORIZATION as HEADER

AUTHORIZATION = HEADER.encode()

NODES: dict[str, dict[str, Any]] = {
    node["id"]: node for node in json.loads(Path(os.environ["BENCH_NODES"]).read_text("utf-8"))
}


def listing() -> dict[str, Any]:
    """The list object around all nodes."""
    return {"numberOfElements": len(NODES), "content": list(NODES.values())}
