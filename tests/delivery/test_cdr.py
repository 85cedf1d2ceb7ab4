"""Call detail records: every event once, whatever happens to the server and the files."""

from __future__ import annotations

import json
import resource
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from mediafleet.delivery import cdr
from mediafleet.delivery.cdr import CdrFiles, CdrSettings, CdrWriter, Progress, line
from support.event_source import event_source

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class Clock:
    """A wall clock that a test sets."""

    def __init__(self):
        self.at = START

    def now(self):
        return self.at

    def monotonic(self):
        return anyio.current_time()


class Writing:
    """A writer that runs, its files and its configuration."""

    def __init__(self, source, folder, clock=None, *, is_on=True):
        self.settings = CdrSettings(is_on=is_on, directory=folder)
        self.clock = clock or Clock()
        self.source = source
        self.writer = CdrWriter(source.log, lambda: self.settings, self.clock)
        self._tasks = None

    async def __aenter__(self):
        await self.writer.begin(self.source.store)
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self.writer.run, self.source.store, lambda: None)
        return self

    async def __aexit__(self, *_):
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def lines(self, count):
        """Wait for so many lines, and return their content, file by file."""
        with anyio.fail_after(10):
            while len(found := lines_of(self.settings.directory)) < count:
                await anyio.sleep(0.005)
        return found


def lines_of(folder):
    files = CdrFiles(folder)
    texts = [(folder / name).read_text(encoding="utf-8") for name in files.names()]
    return [
        json.loads(text) for text in "".join(texts).splitlines(keepends=True) if text[-1] == "\n"
    ]


def expected(*events):
    return [{event.name: event.payload} for event in events]


async def test_events_become_lines_of_a_file_named_after_the_start(tmp_path):
    async with event_source(tmp_path) as source, Writing(source, tmp_path / "cdr") as writing:
        events = await source.emit(3)
        end = await source.emit_session_end("röom")

        assert await writing.lines(4) == expected(*events, end)
        assert CdrFiles(tmp_path / "cdr").names() == ["CDR.2026-03-04_05-06-07.log"]
        (file,) = (tmp_path / "cdr").iterdir()
        assert "röom" in file.read_text(encoding="utf-8")


async def test_events_of_our_own_have_no_line(tmp_path):
    async with event_source(tmp_path) as source, Writing(source, tmp_path / "cdr") as writing:
        await source.emit_of_our_own()
        (event,) = await source.emit()
        assert await writing.lines(1) == expected(event)


async def test_a_restart_goes_on_in_a_new_file(tmp_path):
    async with event_source(tmp_path) as source, Writing(source, tmp_path / "cdr") as writing:
        first = await source.emit(2)
        await writing.lines(2)
    async with event_source(tmp_path) as source:
        between = await source.emit(2)
        clock = Clock()
        clock.at += timedelta(minutes=1)
        async with Writing(source, tmp_path / "cdr", clock) as writing:
            assert await writing.lines(4) == expected(*first, *between)
    assert len(CdrFiles(tmp_path / "cdr").names()) == 2


@pytest.mark.parametrize("stored", [0, 1, 2, 3])
@pytest.mark.parametrize("torn", [b"", b'{"mediaNode'])
async def test_lines_written_by_a_killed_server_are_not_repeated(tmp_path, stored, torn):
    folder = tmp_path / "cdr"
    async with event_source(tmp_path) as source:
        events = await source.emit(4)
        files = CdrFiles(folder)
        name = files.begin(START)["file"]
        size = files.append(name, b"".join(line(event) for event in events[:stored]))
        files.append(name, b"".join(line(event) for event in events[stored:3]) + torn)
        progress = Progress(stored, name, size)
        await source.store.set_value(CdrWriter.NAME, json.dumps(asdict(progress)))
    clock = Clock()
    clock.at += timedelta(seconds=9)
    async with event_source(tmp_path) as source, Writing(source, folder, clock) as writing:
        assert await writing.lines(4) == expected(*events)


async def test_a_new_day_begins_a_new_file(tmp_path):
    async with event_source(tmp_path) as source, Writing(source, tmp_path / "cdr") as writing:
        first = await source.emit()
        await writing.lines(1)
        writing.clock.at += timedelta(days=1)
        second = await source.emit()
        assert await writing.lines(2) == expected(*first, *second)
    assert CdrFiles(tmp_path / "cdr").names() == [
        "CDR.2026-03-04_05-06-07.log",
        "CDR.2026-03-05_05-06-07.log",
    ]


async def test_turned_off_and_on_again_nothing_of_between_is_written(tmp_path):
    folder = tmp_path / "cdr"
    async with event_source(tmp_path) as source, Writing(source, folder, is_on=False) as writing:
        await source.emit(2)
        await anyio.wait_all_tasks_blocked()
        writing.settings = CdrSettings(is_on=True, directory=folder)
        writing.writer.configure()
        with anyio.fail_after(5):
            while not CdrFiles(folder).names():
                await anyio.sleep(0.005)
        after = await source.emit(1)
        assert await writing.lines(1) == expected(*after)


async def test_records_are_turned_off_and_on_again_while_the_server_runs(tmp_path):
    folder = tmp_path / "cdr"
    async with event_source(tmp_path) as source, Writing(source, folder) as writing:
        before = await source.emit(1)
        await writing.lines(1)
        writing.settings = CdrSettings(is_on=False, directory=folder)
        writing.writer.configure()
        with anyio.fail_after(5):
            while await source.store.get_value(CdrWriter.NAME) != cdr.NO_PROGRESS:
                await anyio.sleep(0.005)
        await source.emit(2)
        writing.settings = CdrSettings(is_on=True, directory=folder)
        writing.writer.configure()
        after = await source.emit(1)
        assert await writing.lines(2) == expected(*before, *after)


async def test_another_directory_gets_the_following_events(tmp_path):
    async with event_source(tmp_path) as source, Writing(source, tmp_path / "one") as writing:
        first = await source.emit(2)
        await writing.lines(2)
        writing.settings = CdrSettings(is_on=True, directory=tmp_path / "two")
        writing.writer.configure()
        second = await source.emit(2)
        assert await writing.lines(2) == expected(*second)
        assert lines_of(tmp_path / "one") == expected(*first)


async def test_a_file_that_somebody_cut_or_removed_is_no_obstacle(tmp_path):
    folder = tmp_path / "cdr"
    async with event_source(tmp_path) as source, Writing(source, folder) as writing:
        await source.emit(2)
        await writing.lines(2)
        (file,) = folder.iterdir()
        file.write_bytes(b"")
        third = await source.emit()
        assert await writing.lines(1) == expected(*third)
        file.unlink()
        fourth = await source.emit()
        assert await writing.lines(1) == expected(*fourth)


async def test_a_directory_that_cannot_be_written_is_an_error_and_loses_nothing(tmp_path):
    (tmp_path / "cdr").write_text("a file where the directory should be")
    async with event_source(tmp_path) as source:
        writing = Writing(source, tmp_path / "cdr")
        await writing.writer.begin(source.store)
        events = await source.emit(2)
        with pytest.raises(FileExistsError):
            await writing.writer.run(source.store, lambda: None)
        (tmp_path / "cdr").unlink()
        async with writing:
            assert await writing.lines(2) == expected(*events)


async def test_a_full_disk_leaves_no_part_of_a_line_and_loses_nothing(tmp_path, monkeypatch):
    folder, room = tmp_path / "cdr", 1_000_000
    name = f"CDR.{START:%Y-%m-%d_%H-%M-%S}.log"
    folder.mkdir()
    padding = b'"' + b" " * (room - 260) + b'"\n'
    (folder / name).write_bytes(padding)
    failed = []
    real = CdrFiles.append

    def append(files, name, lines):
        """As it is; after the first failure the disk has space again."""
        try:
            return real(files, name, lines)
        except OSError:
            failed.append((folder / name).read_bytes())
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            raise

    monkeypatch.setattr(CdrFiles, "append", append)
    async with event_source(tmp_path) as source:
        writing = Writing(source, folder)
        await writing.writer.begin(source.store)
        events = await source.emit(3)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with pytest.raises(OSError, match="too large"):
                await writing.writer.run(source.store, lambda: None)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        async with writing:
            await writing.lines(4)
    assert failed == [padding]
    assert (folder / name).read_bytes() == padding + b"".join(map(line, events))


async def test_events_that_were_deleted_before_they_had_a_line_are_counted(tmp_path):
    async with event_source(tmp_path, retention=2) as source:
        writing = Writing(source, tmp_path / "cdr")
        await writing.writer.begin(source.store)
        events = await source.emit(5)
        await source.log.delete_expired()
        async with writing:
            assert await writing.lines(2) == expected(*events[3:])
            assert writing.writer.lost == 3


def test_old_files_are_deleted_and_the_newest_never(tmp_path):
    files = CdrFiles(tmp_path)
    for day in (1, 2, 3, 4):
        files.append(files.begin(START.replace(day=day))["file"], b"0123456789\n")
    (tmp_path / "other.log").write_text("not ours")

    files.delete_old(START.replace(day=2))
    assert len(files.names()) == 3
    files.delete_old(START.replace(day=2), most=22)
    assert len(files.names()) == 2
    files.delete_old(START + timedelta(days=99), most=1)
    assert files.names() == ["CDR.2026-03-04_05-06-07.log"]
    assert (tmp_path / "other.log").exists()


@pytest.mark.parametrize(
    "name", ["../x.log", "other.log", "CDR.2026-03-04_05-06-07.log/..", "", "CDR.log"]
)
def test_a_name_that_is_no_file_of_records_has_no_path(tmp_path, name):
    (tmp_path / "other.log").write_text("")
    assert CdrFiles(tmp_path).path(name) is None
