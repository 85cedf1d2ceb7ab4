"""The clock that stands still while we do."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from mediafleet.clock import BEAT_S, STALL_S, AwakeClock, SystemClock

pytestmark = pytest.mark.anyio


class HandClock:
    """Both times are set by hand."""

    def __init__(self) -> None:
        self.seconds = 50.0
        self.moment = datetime(2026, 1, 2, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds


async def test_a_stall_does_not_count_and_is_noticed_by_the_first_reader():
    hand = HandClock()
    clock = AwakeClock(hand)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.beat)
        await anyio.lowlevel.checkpoint()
        before = clock.monotonic()
        hand.seconds += 30
        assert clock.monotonic() - before == pytest.approx(BEAT_S)
        assert (clock.stalls, clock.missed) == (1, pytest.approx(30 - BEAT_S))
        hand.seconds += 0.1
        assert clock.monotonic() - before == pytest.approx(BEAT_S + 0.1)
        tasks.cancel_scope.cancel()


async def test_without_beats_it_is_an_ordinary_clock():
    hand = HandClock()
    clock = AwakeClock(hand)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.beat)
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    before = clock.monotonic()
    hand.seconds += 30
    assert clock.monotonic() - before == 30
    assert clock.stalls == 0


async def test_the_wall_clock_moves_nothing():
    hand = HandClock()
    clock = AwakeClock(hand)
    before = clock.monotonic()
    for hours in (1, -2, 1):
        hand.moment += timedelta(hours=hours)
        assert clock.now() == hand.moment
        assert clock.monotonic() == before
    assert clock.stalls == 0


async def test_a_blocked_loop_is_a_stall_and_shows_as_lag():
    clock = AwakeClock(SystemClock())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.beat)
        await anyio.sleep(2 * BEAT_S)
        assert clock.stalls == 0
        time.sleep(STALL_S + 2 * BEAT_S)  # noqa: ASYNC251  # what must never happen, happens
        assert clock.stalls == 0, "no reader has come yet"
        await anyio.sleep(2 * BEAT_S)
        assert clock.stalls == 1
        assert clock.lag >= STALL_S
        tasks.cancel_scope.cancel()
