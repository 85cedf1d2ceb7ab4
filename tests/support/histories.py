"""Reads the events table as an auditor would: every history is legal, and nothing is missing."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from mediafleet.domain.media_node import SERVING_STATUSES, TRANSITIONS, MediaNodeStatus

OF_CALLS = {
    "sessionCreated",
    "participantJoined",
    "participantLeft",
    "webrtcConnectionCreated",
    "webrtcConnectionDestroyed",
    "filterEventDispatched",
}
SERVING = {status.value for status in SERVING_STATUSES}
HOSTING = SERVING | {"terminating"}


def read_events(database: Path) -> list[dict[str, Any]]:
    """All events with their numbers and, as ``node``, the Media Node they are about."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "select sequence, node_id, name, payload from events order by sequence"
        )
        return [
            {"sequence": s, "node": node, "name": n, **json.loads(p)}
            for s, node, n, p in rows.fetchall()
        ]


def read_members(database: Path) -> dict[str, str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return dict(connection.execute("select id, status from media_nodes").fetchall())


def faults(events: Iterable[dict[str, Any]], members: dict[str, str]) -> list[str]:
    """Everything that is wrong with the histories, in words; empty when all is well."""
    audit = _Audit()
    for number, event in enumerate(events, start=1):
        if event["sequence"] != number:
            audit.found.append(f"event {event['sequence']} stands at place {number}")
        audit.read(event)
    last = {n: s for n, s in audit.status.items() if s not in {"terminated", "forgotten"}}
    if last != members:
        audit.found.append(f"the events end at {last}, the members are {members}")
    return audit.found


SAME_BEGINNING_MS = 1000
"""A media server sends the beginning of a session in milliseconds at first, in seconds later."""


class _Audit:
    """What the events said so far."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.status: dict[str, str] = {}
        self.crashed: set[str] = set()
        self.ended: dict[tuple[str, str], list[int]] = {}

    def read(self, event: dict[str, Any]) -> None:
        node = event["node"]
        status = self.status.get(node)
        match event["name"]:
            case "mediaNodeStatusChanged":
                self._move(node, status, event["oldStatus"], event["newStatus"])
            case "mediaNodeForgotten":
                self._expect(status == "failed", f"{node} was forgotten while {status}")
                self.status[node] = "forgotten"
            case "mediaNodeDeduplicated":
                self._expect(status in SERVING, f"{node} was deduplicated while {status}")
                stays = self.status.get(event["duplicateOf"])
                self._expect(stays in SERVING, f"{node} is a duplicate of one that is {stays}")
            case "nodeCrashed":
                crashes = status in SERVING and node not in self.crashed
                self._expect(crashes, f"{node} crashed while {status}, {self.crashed}")
                self.crashed.add(node)
            case "nodeRecovered":
                recovers = status in SERVING and node in self.crashed
                self._expect(recovers, f"{node} recovered while {status}, {self.crashed}")
                self.crashed.discard(node)
            case "sessionDestroyed":
                self._expect(status in HOSTING, f"a session ended on {node} while {status}")
                self._end(node, event["sessionId"], event["startTime"])
            case "mediaNodeDrainChanged":
                leaves = status in {"canceled", "waiting-idle-to-terminate", "terminating"}
                self._expect(leaves, f"the drain of {node} was {event['change']} while {status}")
            case name:
                self._expect(name in OF_CALLS, f"nobody knows the event {name}")
                self._expect(status in HOSTING, f"{name} on {node} while {status}")

    def _move(self, node: str, status: str | None, old: str | None, new: str) -> None:
        self._expect(old == status, f"{node} is said to come from {old} but was {status}")
        legal = new == "launching" if old is None else new in TRANSITIONS[MediaNodeStatus(old)]
        self._expect(legal, f"{node} went from {old} to {new}")
        self.status[node] = new

    def _end(self, node: str, session: str, began: int) -> None:
        """A session has one end; another one may have its name."""
        ended = self.ended.setdefault((node, session), [])
        is_second = any(abs(began - each) < SAME_BEGINNING_MS for each in ended)
        self._expect(not is_second, f"the session {session} ended twice on {node}")
        ended.append(began)

    def _expect(self, holds: bool, fault: str) -> None:
        if not holds:
            self.found.append(fault)
