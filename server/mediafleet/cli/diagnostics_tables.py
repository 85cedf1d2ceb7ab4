"""How what a Media Node is judged on looks in a terminal."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from mediafleet.cli.terminal import cell, moment
from mediafleet_client.models import FailureDecision, MediaNodeDiagnostics, Ping


def diagnostics_of(found: MediaNodeDiagnostics) -> Table:
    """Make a table with one line for each fact, then for each decision, the newest last."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    for name, value in _facts(found):
        table.add_row(name, value)
    return table


def _facts(found: MediaNodeDiagnostics) -> Iterator[tuple[str, Text]]:
    yield "id", cell(found.id)
    if found.failure is not None:
        yield "failed", cell(found.failure, "red")
    yield "connected", cell("yes") if found.connected else cell("no", "red")
    yield "suspect", cell("yes", "yellow") if found.suspect else cell("no")
    yield "last reply", _age(found.last_reply_time, found.timestamp)
    yield "sessions as of", _age(found.sessions_time, found.timestamp)
    yield "load as of", _age(found.load_time, found.timestamp)
    yield "round trips", _round_trips(found.pings)
    for dial in found.failed_dials:
        yield "failed dial", cell(f"{moment(dial.time)}, {dial.reason}")
    yield (
        "event loop lag",
        cell(f"{found.event_loop_lag:.0f} ms, stood still {found.event_loop_stalls} times"),
    )
    for decision in found.decisions:
        yield moment(decision.time), cell(f"{decision.finding}: {decision.reason}")
        for line in _basis(decision):
            yield "", cell(line)


def _basis(decision: FailureDecision) -> Iterator[str]:
    yield f"last reply {moment(decision.last_reply_time) or '-'}"
    yield f"round trips {_round_trips(decision.pings)}"
    for dial in decision.failed_dials:
        yield f"failed dial {moment(dial.time)}, {dial.reason}"
    if decision.socket_error is not None:
        yield f"socket {decision.socket_error}"
    yield f"event loop lag {decision.event_loop_lag:.0f} ms"


def _age(time: int | None, now: int) -> Text:
    return cell("never" if time is None else f"{moment(time)}, {(now - time) / 1000:.1f} s ago")


def _round_trips(pings: Sequence[Ping]) -> Text:
    trips = (ping.round_trip_time for ping in pings)
    return cell(", ".join("-" if trip is None else f"{trip:.1f} ms" for trip in trips) or "-")
