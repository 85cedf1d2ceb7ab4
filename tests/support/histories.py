"""Reads the events table as an auditor would: every history is legal, and nothing is missing."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mediafleet.domain.media_node import TRANSITIONS, MediaNodeStatus


def read_events(database: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute("select sequence, name, payload from events order by sequence")
        return [{"sequence": s, "name": n, **json.loads(p)} for s, n, p in rows.fetchall()]


def read_members(database: Path) -> dict[str, str]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return dict(connection.execute("select id, status from media_nodes").fetchall())


def faults(events: Iterable[dict[str, Any]], members: dict[str, str]) -> list[str]:
    """Everything that is wrong with the histories, in words; empty when all is well."""
    found = []
    status: dict[str, str | None] = defaultdict(lambda: None)
    for number, event in enumerate(events, start=1):
        node = event["id"]
        if event["sequence"] != number:
            found.append(f"event {event['sequence']} stands at place {number}")
        if event["name"] == "mediaNodeForgotten":
            if status[node] != "failed":
                found.append(f"{node} was forgotten while {status[node]}")
            status[node] = "forgotten"
            continue
        old, new = event["oldStatus"], event["newStatus"]
        if old != status[node]:
            found.append(f"{node} is said to come from {old} but was {status[node]}")
        legal = new == "launching" if old is None else new in TRANSITIONS[MediaNodeStatus(old)]
        if not legal:
            found.append(f"{node} went from {old} to {new}")
        status[node] = new
    last = {node: s for node, s in status.items() if s not in {"terminated", "forgotten"}}
    if last != members:
        found.append(f"the events end at {last}, the members are {members}")
    return found
