"""How Media Nodes, drains, diagnostics, placements, sessions and events look in a terminal."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Final, TypeAlias, TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediafleet.cli.terminal import format_duration, format_time, with_options, write
from mediafleet.texts import printable, shown
from mediafleet_client.models import (
    Autoscaling,
    AutoscalingGuards,
    DeadLetterPage,
    Drain,
    EventPage,
    FailureDecision,
    MediaNode,
    MediaNodeDiagnostics,
    OpenViduSession,
    Ping,
    PlacedSession,
    PlacementList,
    StoredEvent,
    WebhookState,
)
from mediafleet_client.types import Unset

T = TypeVar("T")
Rows: TypeAlias = Iterator[tuple[str, object]]

_WIDTH: Final = 8_192
_MAX_TEXT: Final = 2_048
_PADDING: Final = re.compile(r" +(?=(?:\x1b\[[0-9;]*m)*$)", re.MULTILINE)
_CLEAR: Final = "\x1b[H\x1b[2J\x1b[3J"
_MAX_SESSIONS: Final = 1_000
_STATUS_STYLES: Final = {
    "running": "green",
    "launching": "cyan",
    "waiting-idle-to-terminate": "yellow",
    "terminating": "yellow",
    "canceled": "yellow",
    "failed": "red",
}
_MAX_NAMED_SESSIONS: Final = 5
_MS: Final = 1_000
_EVENT_WIDTHS: Final = (9, 20, 24, 16)
_NUMBERS: Final = frozenset({"LOAD", "SESSIONS", "PARTICIPANTS", "PENDING"})
_IN_OTHER_COLUMNS: Final = frozenset({"timestamp", "id", "clusterId"})


def print_table(table: Table, *, in_place: bool = False) -> None:
    """Write a table to stdout without breaking lines, so that every value can be copied.

    Args:
        table: One line for each row; a terminal wraps long ones itself.
        in_place: Clear the screen before, if stdout is a terminal.
    """
    console = Console(highlight=False, markup=False, emoji=False, width=_WIDTH)
    with console.capture() as captured:
        console.print(table)
    clear = _CLEAR if in_place and sys.stdout.isatty() else ""
    write(clear + _PADDING.sub("", captured.get()), sys.stdout)


def cell(value: object, style: str = "") -> Text:
    """Make untrusted text safe for a table: no markup, no control characters, bounded."""
    plain = str(value)
    cut = plain if len(plain) <= _MAX_TEXT else plain[:_MAX_TEXT] + "…"
    return Text(printable(cut), style=style)


def list_table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """Make a table with a line for each of *rows*; what is no `Text` passes `cell`."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        right = heading in _NUMBERS
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(_as_cell, row))
    return table


def _by_property(rows_of: Callable[[T], Rows]) -> Callable[[T], Table]:
    """Make a table with a line for each name and value that a function yields."""

    @wraps(rows_of)
    def table_of(result: T) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(no_wrap=True)
        for name, value in rows_of(result):
            table.add_row(cell(name), _as_cell(value))
        return table

    return table_of


def _as_cell(value: object) -> Text:
    return value if isinstance(value, Text) else cell(value)


def node_list(nodes: Iterable[MediaNode], *, wide: bool = False) -> Table:
    """List nodes, one in each line; `SINCE` is the last change of the connection."""
    more = ("IP", "LAUNCHED", "SINCE", "ENVIRONMENT-ID") if wide else ()
    headings = ("ID", "STATUS", "CONNECTED", "LOAD", "SESSIONS", "URI", *more)
    return list_table(headings, (_node_cells(node, wide=wide) for node in nodes))


def _node_cells(node: MediaNode, *, wide: bool) -> Iterator[object]:
    yield node.id
    yield _status(node)
    yield _yes_or_no(node.connected)
    yield f"{node.load:.2f}"
    yield "" if isinstance(node.sessions, Unset) else len(node.sessions)
    yield node.uri or "-"
    if wide:
        yield node.ip or "-"
        yield format_time(node.launching_time)
        yield format_time(_since(node)) or "-"
        yield node.environment_id or "-"


@_by_property
def node_table(node: MediaNode) -> Rows:
    """Show one node: a line for each property, its sessions and its media server."""
    yield "id", node.id
    yield "status", _status(node)
    yield "uri", node.uri or "-"
    yield "ip", node.ip or "-"
    yield "environment id", node.environment_id or "-"
    yield "load", f"{node.load:.2f} %"
    yield "launched", format_time(node.launching_time)
    yield "connected", _yes_or_no(node.connected)
    yield "since", format_time(_since(node)) or "-"
    if not isinstance(node.sessions, Unset):
        yield "sessions", len(node.sessions)
        for session in node.sessions[:_MAX_SESSIONS]:
            yield "", f"{session.session_id}  since {format_time(session.created_at)}"
    if not isinstance(info := node.kurento_info, Unset):
        yield "kurento version", info.version
        yield "kurento memory", f"{info.memory} MiB"
        yield "kurento capabilities", info.capabilities
        yield "kurento modules", ", ".join(f"{each.name} {each.version}" for each in info.modules)


def _status(node: MediaNode) -> Text:
    text = str(node.status)
    return cell(text, _STATUS_STYLES.get(text, ""))


def _yes_or_no(is_good: bool) -> Text:
    return cell("yes") if is_good else cell("no", "red")


def _since(node: MediaNode) -> int | None:
    if node.connected:
        return node.connection_time
    return None if isinstance(node.disconnection_time, Unset) else node.disconnection_time


def drain_line(drain: Drain) -> str:
    """Describe in one line which sessions are left, and when the node is expected to go."""
    left = f"{drain.id} is {drain.status}, {drain.sessions_left} session(s) left"
    parts = [f"{left}{_session_names(drain)}" if drain.sessions_left else left]
    if drain.deadline_time is not None:
        parts.append(f"{drain.at_deadline} in {_until(drain.deadline_time, drain)}")
    if drain.extensions:
        parts.append(f"extended {drain.extensions} time(s)")
    if drain.eta is not None:
        parts.append(f"expected to go in {_until(drain.eta, drain)}")
    if not drain.connected:
        parts.append("it does not answer")
    return "; ".join(parts)


@_by_property
def drain_table(drain: Drain) -> Rows:
    """Show a drain: a line for each property."""
    yield "id", drain.id
    yield "status", cell(drain.status, "yellow")
    yield "since", format_time(drain.since)
    yield "connected", _yes_or_no(drain.connected)
    yield "sessions left", drain.sessions_left
    for session_id in drain.session_ids:
        yield "", session_id
    if drain.oldest_session_age is not None:
        yield "oldest lasts for", format_duration(drain.oldest_session_age)
    yield "deadline", _deadline(drain)
    yield "calls", "are moved" if drain.move else "are waited for"
    yield "eta", format_time(drain.eta) or "unknown"
    yield "why", with_options(drain.reason)
    rest = drain.capacity
    yield (
        "without it",
        f"{rest.remaining} node(s) with a load of {rest.load:.0f} % take over {rest.moved:.0f} %, "
        f"which {'is possible' if rest.suffices else 'is too much'}",
    )


def _deadline(drain: Drain) -> str:
    if drain.deadline is None:
        return "none"
    extended = f", extended {drain.extensions} time(s)" if drain.extensions else ""
    return f"{format_time(drain.deadline_time)}, then {drain.at_deadline}{extended}"


def _session_names(drain: Drain) -> str:
    named = ", ".join(map(printable, drain.session_ids[:_MAX_NAMED_SESSIONS]))
    more = " …" if drain.sessions_left > _MAX_NAMED_SESSIONS else ""
    return f" ({named}{more})"


def _until(time: int, drain: Drain) -> str:
    return format_duration((time - drain.timestamp) // _MS)


@_by_property
def label_table(labels: Mapping[str, str]) -> Rows:
    """Show the labels of a node: a line for each."""
    yield from sorted(labels.items())


@_by_property
def placed_table(placed: PlacedSession) -> Rows:
    """Show a reservation: a line for each property, then the candidates, the chosen one first."""
    considered = placed.considered
    yield "id", placed.id
    yield "session", placed.session_id or "-"
    yield "node", placed.media_node.id
    yield "uri", placed.media_node.uri or "-"
    yield "expires", format_time(placed.expires_time)
    yield "estimated load", f"{placed.estimated_load:.2f} %"
    yield (
        "considered",
        f"{considered.matching} node(s) that fit, of {considered.accepting} that accept "
        f"sessions, of {considered.media_nodes}",
    )
    for each in considered.candidates:
        known = "" if each.load_known else ", not known now"
        yield "", f"{each.id}  {each.load:.2f} %{known}"


def placement_list(page: PlacementList) -> Table:
    """List reservations, one in each line."""
    rows = (
        (
            each.id,
            each.session_id or "-",
            each.media_node.id,
            f"{each.estimated_load:.2f}",
            format_time(each.expires_time),
        )
        for each in page.content
    )
    return list_table(("ID", "SESSION", "NODE", "LOAD", "EXPIRES"), rows)


def session_list(sessions: Iterable[OpenViduSession]) -> Table:
    """List sessions, one in each line; participants are those that have joined."""
    headings = ("ID", "CREATED", "PARTICIPANTS", "PENDING", "NODE")
    return list_table(headings, map(_session_cells, sessions))


def _session_cells(session: OpenViduSession) -> Sequence[object]:
    connections = session.connections.content
    joined = sum(connection.status == "active" for connection in connections)
    pending = len(connections) - joined
    created = format_time(session.created_at)
    return session.id, created, joined, pending, session.media_node_id or "-"


@_by_property
def session_table(session: OpenViduSession) -> Rows:
    """Show a session: a line for each property, then its connections and their streams."""
    yield "id", session.id
    yield "created", format_time(session.created_at)
    yield "node", session.media_node_id or "none: nobody has joined"
    for each in session.connections.content:
        role = "camera" if each.type_ == "IPCAM" else each.role
        platform = f", {each.platform}" if each.platform else ""
        yield "connection", f"{each.id}  {each.status}, {role}{platform}"
        for stream in each.publishers or ():
            yield "", f"sends {stream.stream_id}"
        for received in each.subscribers or ():
            yield "", f"receives {received.stream_id}"


@_by_property
def diagnostics_table(diagnostics: MediaNodeDiagnostics) -> Rows:
    """Show diagnostics: a line for each property, then the decisions, the newest last."""
    yield "id", diagnostics.id
    if diagnostics.failure is not None:
        yield "failed", cell(diagnostics.failure, "red")
    yield "connected", _yes_or_no(diagnostics.connected)
    yield "suspect", cell("yes", "yellow") if diagnostics.suspect else "no"
    yield "last reply", _age(diagnostics.last_reply_time, diagnostics.timestamp)
    yield "sessions as of", _age(diagnostics.sessions_time, diagnostics.timestamp)
    yield "load as of", _age(diagnostics.load_time, diagnostics.timestamp)
    yield "round trips", _round_trips(diagnostics.pings)
    for dial in diagnostics.failed_dials:
        yield "failed dial", f"{format_time(dial.time)}, {dial.reason}"
    stalls = f"stalled {diagnostics.event_loop_stalls} times"
    yield "event loop lag", f"{diagnostics.event_loop_lag:.0f} ms, {stalls}"
    for decision in diagnostics.decisions:
        yield format_time(decision.time), f"{decision.finding}: {decision.reason}"
        for line in _decision_data(decision):
            yield "", line


def _decision_data(decision: FailureDecision) -> Iterator[str]:
    yield f"last reply {format_time(decision.last_reply_time) or '-'}"
    yield f"round trips {_round_trips(decision.pings)}"
    for dial in decision.failed_dials:
        yield f"failed dial {format_time(dial.time)}, {dial.reason}"
    if decision.socket_error is not None:
        yield f"socket {decision.socket_error}"
    yield f"event loop lag {decision.event_loop_lag:.0f} ms"


def _age(time: int | None, now: int) -> str:
    return "never" if time is None else f"{format_time(time)}, {(now - time) / 1000:.1f} s ago"


def _round_trips(pings: Sequence[Ping]) -> str:
    trips = (ping.round_trip_time for ping in pings)
    return ", ".join("-" if trip is None else f"{trip:.1f} ms" for trip in trips) or "-"


@_by_property
def autoscaling_report(report: Autoscaling) -> Rows:
    """Show the settings, the next decision and the last actions of autoscaling, one a line."""
    policy, now = report.policy, report.now
    yield "autoscaling", "on" if report.enabled else "off"
    yield "nodes", f"{policy.min_nodes} to {policy.max_nodes}"
    yield "load", f"{policy.min_load}% to {policy.max_load}%"
    yield "interval", format_duration(report.interval)
    yield "guards", _guards(report.guards)
    yield "active nodes", now.num_nodes
    yield "average load", f"{now.avg_load:.2f}%"
    if report.idle_reason is not None:
        yield "idle, as", report.idle_reason
    for node in report.media_nodes:
        load = "unknown" if node.load is None else f"{node.load:.2f}%"
        yield node.id, f"{node.status}, load {load}, {node.sessions} sessions"
    yield "now" if report.idle_reason is None else "otherwise", now.reason
    for decision in report.decisions:
        times = "" if decision.evaluations == 1 else f" ({decision.evaluations} times)"
        yield format_time(decision.timestamp), f"{decision.reason}{times}"


def _guards(guards: AutoscalingGuards) -> str:
    """Name those that are on."""
    named = (
        (guards.evaluations > 1, f"{guards.evaluations} evaluations in a row"),
        (
            guards.growth_cooldown > 0,
            f"no growth for {format_duration(guards.growth_cooldown)} after a change",
        ),
        (
            guards.shrink_cooldown > 0,
            f"no shrinking for {format_duration(guards.shrink_cooldown)} after a change",
        ),
        (guards.max_step > 0, f"at most {guards.max_step} at once"),
        (guards.launches_per_hour > 0, f"at most {guards.launches_per_hour} launches in an hour"),
        (
            guards.failed_launches > 0,
            f"{format_duration(guards.back_off)} without launches after "
            f"{guards.failed_launches} that failed",
        ),
    )
    return ", ".join(text for is_on, text in named if is_on) or "none"


def event_list(page: EventPage) -> Table:
    """List events, one in each line."""
    return list_table(_EVENT_COLUMNS, map(_event_cells, page.content))


def dead_letter_list(page: DeadLetterPage) -> Table:
    """List events that were refused for good, one in each line."""
    rows = (
        (
            letter.sequence,
            format_time(letter.timestamp),
            letter.event,
            letter.media_node_id or "-",
            format_time(letter.given_up_time),
            letter.reason,
        )
        for letter in page.content
    )
    return list_table(("NUMBER", "TIME", "EVENT", "NODE", "GIVEN-UP", "REASON"), rows)


@_by_property
def webhook_table(webhook: WebhookState) -> Rows:
    """Show how the webhook does: a line for each property."""
    yield "enabled", f"yes, to {webhook.host}" if webhook.enabled else "no"
    yield "lag", f"{webhook.lag} event(s)"
    yield "delivered", webhook.delivered
    yield "failed requests", f"{webhook.failures}, {webhook.consecutive_failures} in a row"
    yield "dead letters", cell(webhook.dead_letters, "red" if webhook.dead_letters else "")
    yield "lost", cell(webhook.lost, "red" if webhook.lost else "")
    yield "problem", cell(webhook.problem or "-", "red" if webhook.problem else "")
    yield "next try", format_time(webhook.next_try_time) or "-"


def event_line(event: StoredEvent) -> str:
    """Describe an event in one line, in the columns of `EVENT_HEADINGS`.

    Objects that hold further objects are left out, such as the figures behind an autoscaling event.
    """
    return _in_columns(_event_cells(event))


def _event_cells(event: StoredEvent) -> tuple[str, ...]:
    details = " ".join(
        f"{name}={shown(value)}"
        for name, value in event.payload.to_dict().items()
        if name not in _IN_OTHER_COLUMNS and value is not None and not _is_nested(value)
    )
    cut = details if len(details) <= _MAX_TEXT else details[:_MAX_TEXT] + "…"
    node = event.media_node_id or "-"
    return str(event.sequence), format_time(event.timestamp), event.event, node, cut


def _is_nested(value: object) -> bool:
    return isinstance(value, dict) and any(isinstance(each, dict | list) for each in value.values())


def _in_columns(cells: Sequence[str]) -> str:
    *aligned, last = cells
    columns = zip(aligned, _EVENT_WIDTHS, strict=True)
    return "  ".join([*(text.ljust(width) for text, width in columns), last]).rstrip()


_EVENT_COLUMNS: Final = ("NUMBER", "TIME", "EVENT", "NODE", "DETAILS")
EVENT_HEADINGS: Final = _in_columns(_EVENT_COLUMNS)
