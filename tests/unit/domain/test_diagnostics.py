"""Pings of a node are kept in a ring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mediafleet.domain.diagnostics import (
    DECISIONS_KEPT,
    FAILED_DIALS_KEPT,
    PINGS_KEPT,
    Finding,
    NodeDiagnostics,
)

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def pings(diagnostics):
    kept = diagnostics.snapshot(lag=0.0, stalls=0).pings
    return [((ping.sent - BEGIN).seconds, ping.round_trip) for ping in kept]


def test_the_last_pings_are_kept_in_order_with_their_round_trips():
    diagnostics = NodeDiagnostics()
    assert pings(diagnostics) == []
    numbers = [diagnostics.record_ping(BEGIN + timedelta(seconds=each)) for each in range(3)]
    diagnostics.record_pong(numbers[1], 0.5)
    assert pings(diagnostics) == [(0, None), (1, 0.5), (2, None)]
    for each in range(3, 3 + PINGS_KEPT):
        diagnostics.record_pong(diagnostics.record_ping(BEGIN + timedelta(seconds=each)), each)
    assert pings(diagnostics) == [(each, each) for each in range(3, 3 + PINGS_KEPT)]


def test_a_reply_to_a_ping_that_is_no_longer_kept_is_not_that_of_another():
    diagnostics = NodeDiagnostics()
    first = diagnostics.record_ping(BEGIN)
    for each in range(1, 1 + PINGS_KEPT):
        diagnostics.record_ping(BEGIN + timedelta(seconds=each))
    diagnostics.record_pong(first, 9.0)
    assert pings(diagnostics) == [(each, None) for each in range(1, 1 + PINGS_KEPT)]


def test_a_link_that_ends_takes_its_pings_with_it():
    diagnostics = NodeDiagnostics()
    old = diagnostics.record_ping(BEGIN)
    diagnostics.record_detached()
    diagnostics.record_pong(old, 9.0)
    assert pings(diagnostics) == []
    diagnostics.record_ping(BEGIN + timedelta(seconds=1))
    assert pings(diagnostics) == [(1, None)]


def test_the_last_decisions_and_failed_dials_are_kept():
    diagnostics = NodeDiagnostics()
    for each in range(DECISIONS_KEPT + 2):
        diagnostics.record_failed_dial(BEGIN, f"dial {each}")
        diagnostics.record_decision(Finding.SUSPECT, f"reason {each}", at=BEGIN, lag=0.0)
    assert [each.reason for each in diagnostics.decisions] == [
        f"reason {each}" for each in range(2, DECISIONS_KEPT + 2)
    ]
    last = diagnostics.decisions[-1].failed_dials
    assert len(last) == FAILED_DIALS_KEPT
    assert last[-1].reason == f"dial {DECISIONS_KEPT + 1}"
