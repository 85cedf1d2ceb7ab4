"""The handlers of events over a real event log and store."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest

from mediafleet.api import events as handlers
from mediafleet.api import wire
from mediafleet.api.events import EncodedEvents, EventHandlers, TooManyStreamsError
from mediafleet.app import load_contract
from mediafleet.contract import ContractSchemas, ResponseViolationError
from mediafleet.domain.errors import EventsExpiredError, NotReadyError, UnknownPositionError
from mediafleet.domain.events import StoredEvent
from support.event_source import EventSource, event_source

pytestmark = pytest.mark.anyio

SCHEMA = ContractSchemas(load_contract()).component("StoredEvent")
COMMENT = b": keep-alive\n\n"


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[EventSource]:
    async with event_source(tmp_path, retention=5) as source:
        yield source


def serve(source: EventSource, **options: Any) -> EventHandlers:
    return EventHandlers(source.log, SCHEMA, **options)


async def begin(served: EventHandlers, **arguments: Any) -> Any:
    """Begin a stream and read the comment that shows that it has begun."""
    pieces, status, headers = await served.stream_events(**arguments)  # type: ignore[misc]
    assert (status, headers["Cache-Control"], headers["X-Accel-Buffering"]) == (
        200,
        "no-store",
        "no",
    )
    assert await anext(pieces) == COMMENT
    return pieces


def numbers(piece: bytes) -> list[int]:
    return [int(line[4:]) for line in piece.split(b"\n") if line.startswith(b"id: ")]


async def page(served: EventHandlers, **arguments: Any) -> Any:
    body, status = await served.list_events(**{"limit": 100, **arguments})  # type: ignore[misc]
    assert status == 200
    return orjson.loads(bytes(body))


async def test_pages_follow_one_another(source):
    served = serve(source)
    assert await page(served) == {
        "numberOfElements": 0,
        "content": [],
        "next": 0,
        "oldest": 1,
        "newest": 0,
    }
    events = await source.emit(3)

    first = await page(served, limit=2)
    assert first["content"] == [wire.event(event) for event in events[:2]]
    assert (first["next"], first["oldest"], first["newest"]) == (2, 1, 3)
    second = await page(served, limit=2, after=first["next"])
    assert [event["sequence"] for event in second["content"]] == [3]
    assert await page(served, after=second["next"]) | {"next": 0} == {
        "numberOfElements": 0,
        "content": [],
        "next": 0,
        "oldest": 1,
        "newest": 3,
    }


async def test_deleted_events_are_never_skipped_in_silence(source):
    served = serve(source)
    await source.emit(8)
    await source.log.delete_expired()

    assert [event["sequence"] for event in (await page(served))["content"]] == [4, 5, 6, 7, 8]
    assert next(each["sequence"] for each in (await page(served, after=3))["content"]) == 4
    for ask in (page, begin):
        with pytest.raises(EventsExpiredError, match="the oldest one has number 4: read on after"):
            await ask(served, after=2)
    assert served.streams == 0


async def test_a_position_of_another_store_is_an_error(source):
    served = serve(source)
    await source.emit(2)

    for ask in (page, begin):
        with pytest.raises(UnknownPositionError, match="There is no event 3; the newest one"):
            await ask(served, after=3)
    assert (await page(served, after=2))["content"] == []


async def test_a_stream_goes_on_as_events_happen(source):
    served = serve(source)
    await source.emit(2)
    pieces = await begin(served)

    (third,) = await source.emit()
    assert await anext(pieces) == b"id: 3\nevent: mediaNodeStatusChanged\ndata: %b\n\n" % (
        orjson.dumps(wire.event(third))
    )
    await source.emit(2)
    assert numbers(await anext(pieces)) == [4, 5]
    await pieces.aclose()
    assert served.streams == 0


async def test_a_stream_begins_behind_the_last_event_that_was_seen(source):
    served = serve(source)
    await source.emit(4)

    assert numbers(await anext(await begin(served, after=1, last_event_id=3))) == [4]
    assert numbers(await anext(await begin(served, after=1))) == [2, 3, 4]
    assert numbers(await anext(await begin(served, after=0, limit=2))) == [1, 2]


async def test_a_stream_ends_after_so_many_events_or_seconds(source):
    served = serve(source)
    await source.emit(4)

    assert [numbers(p) async for p in await begin(served, after=0, limit=3)] == [[1, 2, 3]]
    assert [numbers(p) async for p in await begin(served, after=1, duration=0)] == [[2, 3, 4]]
    assert [numbers(p) async for p in await begin(served, duration=0)] == []
    assert served.streams == 0


async def test_a_stream_without_events_has_comments(source):
    pieces = await begin(serve(source, keep_alive=0.01))

    assert [await anext(pieces) for _ in range(3)] == [COMMENT] * 3
    await source.emit()
    assert numbers(await anext(pieces)) == [1]


async def test_a_stream_that_falls_behind_the_retention_ends(source, monkeypatch):
    monkeypatch.setattr(handlers, "BATCH", 1)
    pieces = await begin(serve(source))
    await source.emit(1)
    assert numbers(await anext(pieces)) == [1]
    await source.emit(8)
    await source.log.delete_expired()

    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


async def test_the_stop_of_the_server_ends_all_streams(source):
    served = serve(source)
    streams = [await begin(served) for _ in range(3)]

    async def read(pieces: Any) -> None:
        assert [numbers(piece) async for piece in pieces] in ([], [[]])

    async with anyio.create_task_group() as tasks:
        for pieces in streams:
            tasks.start_soon(read, pieces)
        await anyio.wait_all_tasks_blocked()
        served.begin_stop()

    with pytest.raises(NotReadyError):
        await begin(served)
    assert served.streams == 0


async def test_there_are_so_many_streams_and_no_more(source, monkeypatch):
    monkeypatch.setattr(handlers, "MAX_STREAMS", 2)
    served = serve(source)
    first, _ = await begin(served), await begin(served)

    with pytest.raises(TooManyStreamsError, match="2 streams of events are served already"):
        await begin(served)
    await first.aclose()
    await begin(served)


async def test_each_event_is_encoded_once_for_all_readers(source, monkeypatch):
    made = []
    monkeypatch.setattr(wire, "event", lambda event: made.append(event.sequence) or _event(event))
    served = serve(source)
    streams = [await begin(served) for _ in range(5)]
    await source.emit(3)
    monkeypatch.setattr(source.store, "events", None)  # nor is the store read

    read = [await anext(pieces) for pieces in streams]
    await page(served)

    assert [numbers(piece) for piece in read] == [[1, 2, 3]] * 5
    assert made == [1, 2, 3]


_event = wire.event


async def test_encoded_events_are_bounded_by_their_bytes(source, monkeypatch):
    events = await source.emit(4)
    size = len(EncodedEvents(SCHEMA).encode(events[0]))
    monkeypatch.setattr(handlers, "MAX_ENCODED_BYTES", 2 * size + size // 2)
    encoded = EncodedEvents(SCHEMA)

    kept = [encoded.encode(event) for event in events]

    assert encoded.encode(events[3]) is kept[3]
    assert encoded.encode(events[2]) is kept[2]
    assert encoded.encode(events[0]) is not kept[0]


async def test_large_batches_are_sent_in_pieces(source, monkeypatch):
    monkeypatch.setattr(handlers, "PIECE_BYTES", 1)
    pieces = await begin(serve(source))
    await source.emit(3)

    assert [numbers(await anext(pieces)) for _ in range(3)] == [[1], [2], [3]]


def test_an_event_that_breaks_the_contract_is_not_sent():
    event = StoredEvent(0, None, "mediaNodeForgotten", 0, {}, "0" * 64)

    with pytest.raises(ResponseViolationError):
        EncodedEvents(SCHEMA).encode(event)
