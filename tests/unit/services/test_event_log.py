"""The event log: from memory and from the store alike."""

import anyio
import pytest

from mediafleet.domain.errors import EventsExpiredError, NotReadyError
from mediafleet.services import event_log
from mediafleet.services.event_log import EventLog
from support.event_source import event_source

pytestmark = pytest.mark.anyio


async def test_events_are_read_in_order_from_any_position(tmp_path):
    async with event_source(tmp_path) as source:
        events = await source.emit(5)

        assert await source.log.read(0) == events
        assert await source.log.read(3, limit=1) == events[3:4]
        assert await source.log.read(5) == ()
        assert (source.log.oldest, source.log.newest) == (1, 5)


async def test_what_memory_no_longer_holds_comes_from_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr(event_log, "MAX_IN_MEMORY", 2)
    async with event_source(tmp_path) as source:
        events = await source.emit(5)
        assert await source.log.read(0) == events
        assert await source.log.read(3) == events[3:]

    async with event_source(tmp_path) as source:
        assert await source.log.read(0) == events
        assert source.log.newest == 5
        assert (await source.emit())[0].sequence == 6


async def test_large_events_are_not_kept_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(event_log, "MAX_ITEMS_IN_MEMORY", -1)
    log = EventLog(lambda: 100)
    async with event_source(tmp_path) as source:
        events = await source.emit(3)
        assert not any(event_log._is_large(event.payload) for event in events)
        assert event_log._is_large({"sessionIds": []})
        assert log.newest == 0


async def test_a_reader_wakes_up_with_the_event(tmp_path):
    async with event_source(tmp_path) as source, anyio.create_task_group() as tasks:
        read = []

        async def reader():
            while len(read) < 3:
                await source.log.wait_beyond(len(read))
                read.extend(await source.log.read(len(read)))

        tasks.start_soon(reader)
        events = await source.emit(3)
        with anyio.fail_after(5):
            while len(read) < 3:
                await anyio.lowlevel.checkpoint()
        assert tuple(read) == events


async def test_events_beyond_the_retention_are_deleted(tmp_path):
    async with event_source(tmp_path, retention=2) as source:
        events = await source.emit(5)
        await source.log.delete_expired()

        assert source.log.oldest == 4
        assert await source.log.read(3) == events[3:]
        with pytest.raises(EventsExpiredError, match="oldest one has number 4"):
            await source.log.read(2)
    async with event_source(tmp_path, retention=2) as source:
        assert source.log.oldest == 4
        with pytest.raises(EventsExpiredError):
            await source.log.read(0)


async def test_without_a_store_nothing_is_read(tmp_path):
    async with event_source(tmp_path, retention=0) as source:
        await source.emit()
    with pytest.raises(NotReadyError):
        await source.log.delete_expired()
