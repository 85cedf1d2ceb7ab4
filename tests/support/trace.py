"""Follows one DELETE and one crash of a Media Node through the modules of the server.

Run ``python -m tests.support.trace`` at the top of the repository: it lists each module with the
functions that ran, in the order of their first call. The emulated media server runs in the same
process and is omitted. Modules of which only functions ran that also
run while nothing happens (timers, pings) are omitted. ``docs/architecture.md`` has the list.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import anyio
from typing_extensions import override

import mediafleet

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import live
from support.fake_kurento import fake_kurento

IDLE_S = 12.0
"""Each timer of the server and of a link fires in that time."""
PACKAGE = Path(mediafleet.__file__).parent
Functions: TypeAlias = dict[str, list[str]]


@contextmanager
def followed(functions: Functions) -> Iterator[None]:
    """Record the functions of the server that are called, by module."""

    def record(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE) and "emulator" not in path.parts:
            names = functions.setdefault(str(path.relative_to(PACKAGE)), [])
            if frame.f_code.co_qualname not in names:
                names.append(frame.f_code.co_qualname)

    sys.setprofile(record)
    try:
        yield
    finally:
        sys.setprofile(None)


class CommittedEvent(logging.Handler):
    """Sets an event when a change with a certain event is published."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.seen = anyio.Event()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "event", None) == self._name:
            self.seen.set()


async def follow_both() -> tuple[Functions, Functions]:
    """One DELETE of a node without sessions, and one crash until its event is committed."""
    idle: Functions = {}
    delete: Functions = {}
    crash: Functions = {}
    crashed = CommittedEvent("nodeCrashed")
    log = logging.getLogger("mediafleet.services.cluster_state")
    log.setLevel(logging.INFO)
    log.addHandler(crashed)
    with tempfile.TemporaryDirectory() as directory:
        async with (
            fake_kurento() as first,
            fake_kurento() as second,
            live.mediafleet(Path(directory)) as api,
        ):
            added = await api.post(
                "/pro/media-nodes", json={"uri": first.uri}, params={"wait": True}
            )
            path = f"/pro/media-nodes/{added.json()['id']}"
            with followed(idle):
                await anyio.sleep(IDLE_S)
            with followed(delete):
                removed = await api.delete(
                    path, params={"deletion-strategy": "when-no-sessions", "wait": True}
                )
            removed.raise_for_status()
            added = await api.post(
                "/pro/media-nodes", json={"uri": second.uri}, params={"wait": True}
            )
            added.raise_for_status()
            with followed(crash), anyio.fail_after(20):
                await second.stop()
                await crashed.seen.wait()
    return without(idle, delete), without(idle, crash)


def without(idle: Functions, functions: Functions) -> Functions:
    """The modules of which a function ran that does not run while nothing happens."""
    return {
        module: names
        for module, names in functions.items()
        if not set(names) <= set(idle.get(module, ()))
    }


def main() -> None:
    """Print both lists."""
    for title, functions in zip(("DELETE", "crash"), anyio.run(follow_both), strict=True):
        print(f"{title}: {len(functions)} files, {sum(map(len, functions.values()))} functions")
        for module, names in functions.items():
            print(f"  {module}: {', '.join(names)}")


if __name__ == "__main__":
    main()
