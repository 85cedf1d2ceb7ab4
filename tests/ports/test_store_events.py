"""What every store must do with events, their readers and what could not be delivered."""

from __future__ import annotations

import anyio
import pytest
from sqlalchemy import event as pool_events
from sqlalchemy.pool import Pool

from mediafleet.domain.errors import StaleMediaNodeError
from mediafleet.domain.events import event_hash
from mediafleet.domain.ports import DeadLetter
from mediafleet.store import sql
from support.store_cases import added, moved

pytestmark = pytest.mark.anyio


def is_chained(events, before=""):
    for event in events:
        before = event_hash(before, event.sequence, event.name, event.payload)
        if event.hash != before:
            return False
    return True


async def stored(store, count):
    committed = []
    for number in range(count):
        committed += await store.commit([added(f"kms_{number}")])
    return tuple(committed)


async def test_a_commit_returns_its_events(store):
    first = added("kms_1")

    committed = await store.commit([first, moved(first.node, "running")])

    assert committed == await store.events()
    assert [event.sequence for event in committed] == [1, 2]
    assert store.newest_event == 2
    assert await store.commit([]) == ()


async def test_readers_that_are_cancelled_cost_no_connection(store):
    """A client that hangs up while its events are read must not cost the server a connection."""
    closed = []
    listener = (Pool, "close", lambda *_: closed.append("connection"))
    await stored(store, 3)
    pool_events.listen(*listener)
    try:
        for _ in range(20):
            async with anyio.create_task_group() as readers:
                readers.start_soon(store.events)
                readers.start_soon(store.reader_position, "webhook")
                await anyio.lowlevel.checkpoint()
                readers.cancel_scope.cancel()
    finally:
        pool_events.remove(*listener)

    assert closed == []
    assert len(await store.events()) == 3


async def test_events_are_chained_over_commits_and_openings(case, tasks):
    async with case.opened(tasks) as store:
        await store.commit([added("kms_a"), added("kms_b")])
        await store.commit([added("kms_c")])
    async with case.opened(tasks) as store:
        await store.commit([added("kms_d")])
        events = await store.events()

    assert len(events) == 4
    assert is_chained(events)
    assert not is_chained((events[0], *events[2:]))


async def test_a_commit_that_fails_leaves_no_gap_in_the_chain(store):
    known = added("kms_1")
    await store.commit([known])
    with pytest.raises(StaleMediaNodeError):
        await store.commit([added("kms_2"), known])
    await store.commit([added("kms_3")])

    events = await store.events()
    assert [event.sequence for event in events] == [1, 2]
    assert is_chained(events)


async def test_old_events_are_deleted_and_the_newest_never(store):
    events = await stored(store, 5)

    await store.delete_events(3)
    assert await store.events() == events[3:]
    assert await store.oldest_event() == 4

    await store.delete_events(100)
    assert await store.events() == events[4:]
    (further,) = await store.commit([added("kms_9")])
    assert is_chained([further], before=events[4].hash)


async def test_a_store_without_events_has_no_oldest(store):
    assert store.newest_event == 0
    assert await store.oldest_event() == 1


async def test_readers_have_positions_of_their_own(case, tasks):
    async with case.opened(tasks) as store:
        assert await store.reader_position("webhook") is None
        await store.set_reader_position("webhook", 3)
        await store.set_reader_position("cdr", 7)
        await store.set_reader_position("webhook", 4)
    async with case.opened(tasks) as store:
        assert await store.reader_position("webhook") == 4
        assert await store.reader_position("cdr") == 7
        await store.set_reader_position("webhook", None)
        assert await store.reader_position("webhook") is None


async def test_a_dead_letter_moves_its_reader_and_outlives_the_event(store):
    first, second, third = await stored(store, 3)
    letter = DeadLetter(second, "410 Gone", second.timestamp + 5)

    await store.add_dead_letter("webhook", letter)
    await store.delete_events(third.sequence)

    assert await store.reader_position("webhook") == second.sequence
    assert await store.dead_letters() == (letter,)
    assert await store.dead_letters(after=first.sequence, limit=1) == (letter,)
    assert await store.dead_letters(after=second.sequence) == ()
    await store.add_dead_letter("webhook", letter)
    assert await store.dead_letters() == (letter,)
    await store.delete_dead_letter(second.sequence)
    await store.delete_dead_letter(second.sequence)
    assert await store.dead_letters() == ()


async def test_the_oldest_dead_letters_make_room(store, monkeypatch):
    monkeypatch.setattr(sql, "MAX_DEAD_LETTERS", 2)
    events = await stored(store, 4)
    for event in events:
        await store.add_dead_letter("webhook", DeadLetter(event, "refused", event.timestamp))

    assert [letter.event for letter in await store.dead_letters()] == list(events[2:])
