"""Call detail records: the events as lines of files, as OpenVidu writes them."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import anyio
import orjson
from typing_extensions import override

from mediafleet.delivery.reader import Reader
from mediafleet.domain.events import OPENVIDU_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from mediafleet.clock import Clock
    from mediafleet.domain.events import StoredEvent
    from mediafleet.domain.ports import Store
    from mediafleet.services.event_log import EventLog

NO_PROGRESS = "null"
"""The value while no records are written; the store takes no empty one."""
HISTORY_DAYS = 30
HISTORY_BYTES = 20 * 1024**3
SAVE_INTERVAL_S = 5.0
"""How often the progress is stored while events are written."""
GATHER_S = 0.25
"""How long further events are waited for, so that few writes take many of them."""
BATCH = 500
"""Events written at once."""
LAST_BATCH_S = 5.0
"""How long the last batch may take, when the server stops or its configuration changes."""

_NAME = re.compile(r"CDR\.\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.log", re.ASCII)


@dataclass(frozen=True, slots=True)
class CdrSettings:
    """What the configuration says.

    Attributes:
        is_on: Whether events are written at all.
        directory: Of the files; created if it is missing.
    """

    is_on: bool
    directory: Path


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the writer has come.

    Attributes:
        position: Sequence number of the last event that is written, or needs no line.
        file: Name of the file; empty before the first one.
        size: Its size in bytes after that event.
    """

    position: int
    file: str = ""
    size: int = 0


class CdrFiles:
    """The files of a directory. All methods block.

    Args:
        directory: It may be missing.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def names(self) -> list[str]:
        """Return the names of the files, the oldest first.

        Raises:
            OSError: The directory cannot be read.
        """
        with suppress(FileNotFoundError):
            names = [path.name for path in self.directory.iterdir()]
            return sorted(name for name in names if _NAME.fullmatch(name))
        return []

    def path(self, name: str) -> Path | None:
        """Return the path of a file by its name; ``None`` if that is no name of a file here."""
        path = self.directory / name
        return path if _NAME.fullmatch(name) and path.is_file() else None

    def begin(self, at: datetime) -> dict[str, Any]:
        """Begin a file, or go on with the one of the same second, and delete old ones.

        Returns:
            Its name and size, named as in :class:`Progress`.

        Raises:
            OSError: It cannot be created.
        """
        name = f"CDR.{at:%Y-%m-%d_%H-%M-%S}.log"
        self.directory.mkdir(parents=True, exist_ok=True)
        size = self.append(name, b"")
        self.delete_old(at - timedelta(days=HISTORY_DAYS))
        return {"file": name, "size": size}

    def append(self, name: str, lines: bytes) -> int:
        """Append lines to a file, all or none; return its size then.

        Raises:
            OSError: They could not be written.
        """
        with (self.directory / name).open("ab", buffering=0) as file:
            before, view = file.tell(), memoryview(lines)
            try:
                while view:
                    view = view[file.write(view) :]
            except OSError:
                file.truncate(before)
                raise
            return file.tell()

    def sync(self, name: str) -> None:
        """Force a file to the disk; nothing happens if it was removed.

        Raises:
            OSError: The disk reports an error.
        """
        with suppress(FileNotFoundError), (self.directory / name).open("ab") as file:
            os.fsync(file.fileno())

    def resume(self, progress: Progress, events: Sequence[StoredEvent]) -> Progress:
        """Find out which of the events that follow a progress have lines already.

        A server that was killed may have written more than its progress says. What is left of a
        line that was written in part is cut off.

        Args:
            progress: As stored.
            events: Those that follow its position.

        Raises:
            OSError: The file cannot be read or cut.
        """
        try:
            file = (self.directory / progress.file).open("r+b")
        except (FileNotFoundError, IsADirectoryError):
            return progress
        done, size = progress.position, progress.size
        with file:
            if file.seek(0, os.SEEK_END) < size:  # it was truncated
                return progress
            file.seek(size)
            for event in events:
                expected = line(event) if is_recorded(event) else b""
                found = file.read(len(expected))
                if found != expected:
                    if expected.startswith(found):
                        file.truncate(size)
                    break
                done, size = event.sequence, size + len(expected)
        return Progress(done, progress.file, size)

    def delete_old(self, before: datetime, most: int = HISTORY_BYTES) -> None:
        """Delete the files of before a moment, and the oldest of more than so many bytes.

        The newest file is never deleted.
        """
        limit = f"CDR.{before:%Y-%m-%d_%H-%M-%S}.log"
        *older, newest = self.names() or [""]
        total = self._size(newest)
        for name in reversed(older):
            total += self._size(name)
            if name < limit or total > most:
                with suppress(FileNotFoundError):
                    (self.directory / name).unlink()

    def _size(self, name: str) -> int:
        try:
            return (self.directory / name).stat().st_size
        except FileNotFoundError:
            return 0


def is_recorded(event: StoredEvent) -> bool:
    """Return whether an event has a line: all that OpenVidu has, and none of our own."""
    return event.name in OPENVIDU_EVENTS


def line(event: StoredEvent) -> bytes:
    """Return the line of an event: ``{"<name>": {…}}``."""
    return orjson.dumps({event.name: event.payload}) + b"\n"


class CdrWriter(Reader):
    """Writes the events to files; one begins with each start, each day and each configuration.

    Every event is written once, whatever happens: the progress is stored after the lines, and lines
    that were written after that are recognised in the file.

    Args:
        event_log: The events.
        settings: Returns the configuration in force.
        clock: Gives the names of the files.
    """

    NAME = "cdr"

    def __init__(
        self, event_log: EventLog, settings: Callable[[], CdrSettings], clock: Clock
    ) -> None:
        super().__init__(event_log)
        self._settings = settings
        self._clock = clock

    @property
    @override
    def is_on(self) -> bool:
        return self._settings().is_on

    @override
    async def begin(self, store: Store) -> None:
        if self.is_on:
            self._start = self._events.newest
            if await _stored(store) is None:
                await _store(store, Progress(self._start))

    @override
    async def _read(self, store: Store, beat: Callable[[], None]) -> None:
        """Write until cancelled.

        Raises:
            OSError: A file could not be written; the next run goes on where this one ended.
            StoreUnavailableError: The store does not respond.
        """
        await self._write(store, CdrFiles(self._settings().directory), beat)

    @override
    async def _forget(self, store: Store) -> None:
        if await _stored(store) is not None:
            await store.set_value(CdrWriter.NAME, NO_PROGRESS)

    async def _write(self, store: Store, files: CdrFiles, beat: Callable[[], None]) -> None:
        progress = await self._resumed(store, files)
        begun = await anyio.to_thread.run_sync(files.begin, self._clock.now())
        progress = replace(progress, **begun)
        self._position = progress.position
        day, saved, saved_at = self._clock.now().date(), None, 0.0
        try:
            while True:
                beat()
                if progress != saved and self._clock.monotonic() - saved_at >= SAVE_INTERVAL_S:
                    await _save(store, files, progress)
                    saved, saved_at = progress, self._clock.monotonic()
                if self._events.newest == progress.position:
                    with anyio.move_on_after(SAVE_INTERVAL_S):
                        await self._events.wait_beyond(progress.position)
                        await anyio.sleep(GATHER_S)
                    continue
                if self._clock.now().date() != day:
                    await _save(store, files, progress)
                    begun = await anyio.to_thread.run_sync(files.begin, self._clock.now())
                    progress = replace(progress, **begun)
                    day = self._clock.now().date()
                progress = await self._write_batch(files, progress)
                self._position = progress.position
        finally:
            with anyio.move_on_after(LAST_BATCH_S, shield=True):
                progress = await self._write_batch(files, progress)
                self._position = progress.position
                await _save(store, files, progress)

    async def _write_batch(self, files: CdrFiles, progress: Progress) -> Progress:
        position = self._skip_deleted(progress.position)
        events = await self._events.read(position, BATCH)
        lines = b"".join(line(event) for event in events if is_recorded(event))
        size = progress.size
        if lines:
            size = await anyio.to_thread.run_sync(files.append, progress.file, lines)
        position = events[-1].sequence if events else position
        return Progress(position, progress.file, size)

    async def _resumed(self, store: Store, files: CdrFiles) -> Progress:
        """Return the stored progress, and what was written after it."""
        progress = await _stored(store)
        if progress is None:
            return Progress(self._events.newest if self._start is None else self._start)
        if progress.position > self._events.newest:
            return Progress(self._events.newest)
        progress = replace(progress, position=self._skip_deleted(progress.position))
        while events := await self._events.read(progress.position, BATCH):
            resumed = await anyio.to_thread.run_sync(files.resume, progress, events)
            if resumed.position == progress.position:
                return resumed
            progress = resumed
            if progress.position < events[-1].sequence:
                break
        return progress


async def _stored(store: Store) -> Progress | None:
    fields = json.loads(await store.get_value(CdrWriter.NAME) or NO_PROGRESS)
    return None if fields is None else Progress(**fields)


async def _save(store: Store, files: CdrFiles, progress: Progress) -> None:
    await anyio.to_thread.run_sync(files.sync, progress.file)
    await _store(store, progress)


async def _store(store: Store, progress: Progress) -> None:
    await store.set_value(CdrWriter.NAME, json.dumps(asdict(progress)))
