"""How what a Media Node is judged on looks in a terminal."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from mediafleet.cli.terminal import cell, moment
from mediafleet_client.models import MediaNodeEvidence, Ping, Verdict


def evidence_of(found: MediaNodeEvidence) -> Table:
    """Make a table with one line for each fact, then for each verdict, the newest last."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    for name, value in _facts(found):
        table.add_row(name, value)
    return table


def _facts(found: MediaNodeEvidence) -> Iterator[tuple[str, Text]]:
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
    yield "own lag", cell(f"{found.own_lag:.0f} ms, stood still {found.own_stalls} times")
    for verdict in found.verdicts:
        yield moment(verdict.time), cell(f"{verdict.finding}: {verdict.reason}")
        for line in _basis(verdict):
            yield "", cell(line)


def _basis(verdict: Verdict) -> Iterator[str]:
    yield f"last reply {moment(verdict.last_reply_time) or '-'}"
    yield f"round trips {_round_trips(verdict.pings)}"
    for dial in verdict.failed_dials:
        yield f"failed dial {moment(dial.time)}, {dial.reason}"
    if verdict.socket_error is not None:
        yield f"socket {verdict.socket_error}"
    yield f"own lag {verdict.own_lag:.0f} ms"


def _age(time: int | None, now: int) -> Text:
    return cell("never" if time is None else f"{moment(time)}, {(now - time) / 1000:.1f} s ago")


def _round_trips(pings: Sequence[Ping]) -> Text:
    trips = (ping.round_trip_time for ping in pings)
    return cell(", ".join("-" if trip is None else f"{trip:.1f} ms" for trip in trips) or "-")
