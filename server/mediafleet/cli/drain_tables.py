"""How drains look in a terminal."""

from collections.abc import Iterator
from typing import Final

from rich.table import Table
from rich.text import Text

from mediafleet.cli.durations import shown
from mediafleet.cli.program import with_options
from mediafleet.cli.terminal import cell, moment
from mediafleet_client.models import Drain

_NAMED: Final = 5
_MS: Final = 1_000


def drain_of(drain: Drain) -> Table:
    """Make a table with one line for each fact."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    for name, value in _facts(drain):
        table.add_row(name, value)
    return table


def line_of(drain: Drain) -> str:
    """Tell in one line what is left, who blocks, and when that is expected to end."""
    left = f"{drain.id} is {drain.status}, {drain.sessions_left} session(s) left"
    parts = [f"{left}{_names(drain)}" if drain.sessions_left else left]
    if drain.deadline_time is not None:
        parts.append(f"{drain.at_deadline} in {_until(drain.deadline_time, drain)}")
    if drain.extensions:
        parts.append(f"extended {drain.extensions} time(s)")
    if drain.eta is not None:
        parts.append(f"expected to go in {_until(drain.eta, drain)}")
    if not drain.connected:
        parts.append("it does not answer")
    return "; ".join(parts)


def _facts(drain: Drain) -> Iterator[tuple[str, Text]]:
    yield "id", cell(drain.id)
    yield "status", cell(drain.status, "yellow")
    yield "since", cell(moment(drain.since))
    yield "connected", cell("yes") if drain.connected else cell("no", "red")
    yield "sessions left", cell(drain.sessions_left)
    for session_id in drain.session_ids:
        yield "", cell(session_id)
    if drain.oldest_session_age is not None:
        yield "oldest lasts for", cell(shown(drain.oldest_session_age))
    yield "deadline", cell(_deadline(drain))
    yield "eta", cell(moment(drain.eta) or "unknown")
    yield "why", cell(with_options(drain.reason))
    yield "without it", cell(_capacity(drain))


def _deadline(drain: Drain) -> str:
    if drain.deadline is None:
        return "none"
    extended = f", extended {drain.extensions} time(s)" if drain.extensions else ""
    return f"{moment(drain.deadline_time)}, then {drain.at_deadline}{extended}"


def _capacity(drain: Drain) -> str:
    rest = drain.capacity
    return (
        f"{rest.remaining} node(s) with a load of {rest.load:.0f} % take over {rest.moved:.0f} %, "
        f"which {'is possible' if rest.suffices else 'is too much'}"
    )


def _names(drain: Drain) -> str:
    named = ", ".join(drain.session_ids[:_NAMED])
    more = " …" if drain.sessions_left > _NAMED else ""
    return f" ({named}{more})"


def _until(time: int, drain: Drain) -> str:
    return shown((time - drain.timestamp) // _MS)
