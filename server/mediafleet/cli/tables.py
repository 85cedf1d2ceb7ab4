"""How Media Nodes, drains, diagnostics, placements, sessions and events look in a terminal."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediafleet.cli.terminal import format_duration, format_time, with_options, write
from mediafleet.texts import printable
from mediafleet_client.models import (
    Autoscaling,
    DeadLetter,
    Drain,
    FailureDecision,
    KurentoInfo,
    MediaNode,
    MediaNodeDiagnostics,
    OpenViduConnection,
    OpenViduSession,
    Ping,
    PlacedSession,
    Placement,
    StoredEvent,
    WebhookState,
)
from mediafleet_client.types import Unset

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


def node_list(nodes: Iterable[MediaNode], *, wide: bool = False) -> Table:
    """List nodes, one in each line; `SINCE` is the last change of the connection."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    more = ("IP", "LAUNCHED", "SINCE", "ENVIRONMENT-ID") if wide else ()
    for heading in ("ID", "STATUS", "CONNECTED", "LOAD", "SESSIONS", "URI", *more):
        right = heading in {"LOAD", "SESSIONS"}
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for node in nodes:
        cells = [
            cell(node.id),
            _status(node),
            _connected(node),
            cell(f"{node.load:.2f}"),
            cell("" if isinstance(node.sessions, Unset) else len(node.sessions)),
            cell(node.uri or "-"),
        ]
        if wide:
            cells += [
                cell(node.ip or "-"),
                cell(format_time(node.launching_time)),
                cell(format_time(_since(node)) or "-"),
                cell(node.environment_id or "-"),
            ]
        table.add_row(*cells)
    return table


def node_table(node: MediaNode) -> Table:
    """Show one node: a line for each property, its sessions and its media server."""
    return _two_columns(_node_rows(node))


def _node_rows(node: MediaNode) -> Iterator[tuple[str, Text]]:
    yield "id", cell(node.id)
    yield "status", _status(node)
    yield "uri", cell(node.uri or "-")
    yield "ip", cell(node.ip or "-")
    yield "environment id", cell(node.environment_id or "-")
    yield "load", cell(f"{node.load:.2f} %")
    yield "launched", cell(format_time(node.launching_time))
    yield "connected", _connected(node)
    yield "since", cell(format_time(_since(node)) or "-")
    if not isinstance(node.sessions, Unset):
        yield "sessions", cell(len(node.sessions))
        for session in node.sessions[:_MAX_SESSIONS]:
            yield "", cell(f"{session.session_id}  since {format_time(session.created_at)}")
    if not isinstance(node.kurento_info, Unset):
        yield from _media_server_rows(node.kurento_info)


def _media_server_rows(info: KurentoInfo) -> Iterator[tuple[str, Text]]:
    yield "kurento version", cell(info.version)
    yield "kurento memory", cell(f"{info.memory} MiB")
    yield "kurento capabilities", cell(info.capabilities)
    yield "kurento modules", cell(", ".join(f"{each.name} {each.version}" for each in info.modules))


def _status(node: MediaNode) -> Text:
    text = str(node.status)
    return cell(text, _STATUS_STYLES.get(text, ""))


def _connected(node: MediaNode) -> Text:
    return cell("yes") if node.connected else cell("no", "red")


def _since(node: MediaNode) -> int | None:
    if node.connected:
        return node.connection_time
    return None if isinstance(node.disconnection_time, Unset) else node.disconnection_time


def drain_table(drain: Drain) -> Table:
    """Show a drain: a line for each property."""
    return _two_columns(_drain_rows(drain))


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


def _drain_rows(drain: Drain) -> Iterator[tuple[str, Text]]:
    yield "id", cell(drain.id)
    yield "status", cell(drain.status, "yellow")
    yield "since", cell(format_time(drain.since))
    yield "connected", cell("yes") if drain.connected else cell("no", "red")
    yield "sessions left", cell(drain.sessions_left)
    for session_id in drain.session_ids:
        yield "", cell(session_id)
    if drain.oldest_session_age is not None:
        yield "oldest lasts for", cell(format_duration(drain.oldest_session_age))
    yield "deadline", cell(_deadline(drain))
    yield "calls", cell("are moved" if drain.move else "are waited for")
    yield "eta", cell(format_time(drain.eta) or "unknown")
    yield "why", cell(with_options(drain.reason))
    yield "without it", cell(_capacity(drain))


def _deadline(drain: Drain) -> str:
    if drain.deadline is None:
        return "none"
    extended = f", extended {drain.extensions} time(s)" if drain.extensions else ""
    return f"{format_time(drain.deadline_time)}, then {drain.at_deadline}{extended}"


def _capacity(drain: Drain) -> str:
    rest = drain.capacity
    return (
        f"{rest.remaining} node(s) with a load of {rest.load:.0f} % take over {rest.moved:.0f} %, "
        f"which {'is possible' if rest.suffices else 'is too much'}"
    )


def _session_names(drain: Drain) -> str:
    named = ", ".join(drain.session_ids[:_MAX_NAMED_SESSIONS])
    more = " …" if drain.sessions_left > _MAX_NAMED_SESSIONS else ""
    return f" ({named}{more})"


def _until(time: int, drain: Drain) -> str:
    return format_duration((time - drain.timestamp) // _MS)


def label_table(labels: Mapping[str, str]) -> Table:
    """Show the labels of a node: a line for each."""
    return _two_columns((name, cell(value)) for name, value in sorted(labels.items()))


def placed_table(placed: PlacedSession) -> Table:
    """Show a reservation: a line for each property, then the candidates, the chosen one first."""
    return _two_columns(_placed_rows(placed))


def _placed_rows(placed: PlacedSession) -> Iterator[tuple[str, Text]]:
    considered = placed.considered
    yield "id", cell(placed.id)
    yield "session", cell(placed.session_id or "-")
    yield "node", cell(placed.media_node.id)
    yield "uri", cell(placed.media_node.uri or "-")
    yield "expires", cell(format_time(placed.expires_time))
    yield "estimated load", cell(f"{placed.estimated_load:.2f} %")
    yield (
        "considered",
        cell(
            f"{considered.matching} node(s) that fit, of {considered.accepting} that accept "
            f"sessions, of {considered.media_nodes}"
        ),
    )
    for each in considered.candidates:
        known = "" if each.load_known else ", not known now"
        yield "", cell(f"{each.id}  {each.load:.2f} %{known}")


def placement_list(placements: Iterable[Placement]) -> Table:
    """List reservations, one in each line."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("ID", "SESSION", "NODE", "LOAD", "EXPIRES"):
        table.add_column(heading, justify="right" if heading == "LOAD" else "left", no_wrap=True)
    for each in placements:
        table.add_row(
            cell(each.id),
            cell(each.session_id or "-"),
            cell(each.media_node.id),
            cell(f"{each.estimated_load:.2f}"),
            cell(format_time(each.expires_time)),
        )
    return table


def session_list(sessions: Iterable[OpenViduSession]) -> Table:
    """List sessions, one in each line; participants are those that have joined."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("ID", "CREATED", "PARTICIPANTS", "PENDING", "NODE"):
        right = heading in {"PARTICIPANTS", "PENDING"}
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for each in sessions:
        connections = each.connections.content
        joined = sum(connection.status == "active" for connection in connections)
        table.add_row(
            cell(each.id),
            cell(format_time(each.created_at)),
            cell(joined),
            cell(len(connections) - joined),
            cell(each.media_node_id or "-"),
        )
    return table


def session_table(session: OpenViduSession) -> Table:
    """Show a session: a line for each property, then its connections and their streams."""
    return _two_columns(_session_rows(session))


def _session_rows(session: OpenViduSession) -> Iterator[tuple[str, Text]]:
    yield "id", cell(session.id)
    yield "created", cell(format_time(session.created_at))
    yield "node", cell(session.media_node_id or "none: nobody has joined")
    for each in session.connections.content:
        yield "connection", cell(_connection(each))
        for stream in each.publishers or ():
            yield "", cell(f"sends {stream.stream_id}")
        for received in each.subscribers or ():
            yield "", cell(f"receives {received.stream_id}")


def _connection(connection: OpenViduConnection) -> str:
    role = "camera" if connection.type_ == "IPCAM" else connection.role
    platform = f", {connection.platform}" if connection.platform else ""
    return f"{connection.id}  {connection.status}, {role}{platform}"


def diagnostics_table(diagnostics: MediaNodeDiagnostics) -> Table:
    """Show diagnostics: a line for each property, then the decisions, the newest last."""
    return _two_columns(_diagnostics_rows(diagnostics))


def _diagnostics_rows(diagnostics: MediaNodeDiagnostics) -> Iterator[tuple[str, Text]]:
    yield "id", cell(diagnostics.id)
    if diagnostics.failure is not None:
        yield "failed", cell(diagnostics.failure, "red")
    yield "connected", cell("yes") if diagnostics.connected else cell("no", "red")
    yield "suspect", cell("yes", "yellow") if diagnostics.suspect else cell("no")
    yield "last reply", _age(diagnostics.last_reply_time, diagnostics.timestamp)
    yield "sessions as of", _age(diagnostics.sessions_time, diagnostics.timestamp)
    yield "load as of", _age(diagnostics.load_time, diagnostics.timestamp)
    yield "round trips", _round_trips(diagnostics.pings)
    for dial in diagnostics.failed_dials:
        yield "failed dial", cell(f"{format_time(dial.time)}, {dial.reason}")
    stalls = f"stalled {diagnostics.event_loop_stalls} times"
    yield "event loop lag", cell(f"{diagnostics.event_loop_lag:.0f} ms, {stalls}")
    for decision in diagnostics.decisions:
        yield format_time(decision.time), cell(f"{decision.finding}: {decision.reason}")
        for line in _decision_data(decision):
            yield "", cell(line)


def _decision_data(decision: FailureDecision) -> Iterator[str]:
    yield f"last reply {format_time(decision.last_reply_time) or '-'}"
    yield f"round trips {_round_trips(decision.pings)}"
    for dial in decision.failed_dials:
        yield f"failed dial {format_time(dial.time)}, {dial.reason}"
    if decision.socket_error is not None:
        yield f"socket {decision.socket_error}"
    yield f"event loop lag {decision.event_loop_lag:.0f} ms"


def _age(time: int | None, now: int) -> Text:
    return cell(
        "never" if time is None else f"{format_time(time)}, {(now - time) / 1000:.1f} s ago"
    )


def _round_trips(pings: Sequence[Ping]) -> Text:
    trips = (ping.round_trip_time for ping in pings)
    return cell(", ".join("-" if trip is None else f"{trip:.1f} ms" for trip in trips) or "-")


def autoscaling_report(report: Autoscaling) -> Table:
    """Show the settings, the next decision and the last actions of autoscaling, one a line."""
    table = Table(box=None, pad_edge=False, show_header=False)
    policy, now = report.policy, report.now
    rows = [
        ("autoscaling", "on" if report.enabled else "off"),
        ("nodes", f"{policy.min_nodes} to {policy.max_nodes}"),
        ("load", f"{policy.min_load}% to {policy.max_load}%"),
        ("interval", format_duration(report.interval)),
        ("active nodes", str(now.num_nodes)),
        ("average load", f"{now.avg_load:.2f}%"),
    ]
    if report.idle_reason is not None:
        rows.append(("idle, as", report.idle_reason))
    for node in report.media_nodes:
        load = "unknown" if node.load is None else f"{node.load:.2f}%"
        rows.append((node.id, f"{node.status}, load {load}, {node.sessions} sessions"))
    rows.append(("now", now.reason))
    for decision in report.decisions:
        times = "" if decision.evaluations == 1 else f" ({decision.evaluations} times)"
        rows.append((format_time(decision.timestamp), f"{decision.reason}{times}"))
    for name, value in rows:
        table.add_row(cell(name), cell(value))
    return table


def event_list(events: Iterable[StoredEvent]) -> Table:
    """List events, one in each line."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in _EVENT_COLUMNS:
        table.add_column(heading, no_wrap=True)
    for event in events:
        table.add_row(*map(cell, _event_cells(event)))
    return table


def dead_letter_list(letters: Iterable[DeadLetter]) -> Table:
    """List events that were refused for good, one in each line."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("NUMBER", "TIME", "EVENT", "NODE", "GIVEN-UP", "REASON"):
        table.add_column(heading, no_wrap=True)
    for letter in letters:
        table.add_row(
            cell(letter.sequence),
            cell(format_time(letter.timestamp)),
            cell(letter.event),
            cell(letter.media_node_id or "-"),
            cell(format_time(letter.given_up_time)),
            cell(letter.reason),
        )
    return table


def webhook_table(webhook: WebhookState) -> Table:
    """Show how the webhook does: a line for each property."""
    return _two_columns(_webhook_rows(webhook))


def _webhook_rows(webhook: WebhookState) -> Iterator[tuple[str, Text]]:
    yield "enabled", cell(f"yes, to {webhook.host}") if webhook.enabled else cell("no")
    yield "lag", cell(f"{webhook.lag} event(s)")
    yield "delivered", cell(webhook.delivered)
    yield "failed requests", cell(f"{webhook.failures}, {webhook.consecutive_failures} in a row")
    yield "dead letters", cell(webhook.dead_letters, "red" if webhook.dead_letters else "")
    yield "lost", cell(webhook.lost, "red" if webhook.lost else "")
    yield "problem", cell(webhook.problem or "-", "red" if webhook.problem else "")
    yield "next try", cell(format_time(webhook.next_try_time) or "-")


def event_line(event: StoredEvent) -> str:
    """Describe an event in one line, in the columns of `EVENT_HEADINGS`.

    Objects that hold further objects are left out, such as the figures behind an autoscaling event.
    """
    return _in_columns(_event_cells(event))


def _event_cells(event: StoredEvent) -> tuple[str, ...]:
    details = " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
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


def _two_columns(rows: Iterable[tuple[str, Text]]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    for name, value in rows:
        table.add_row(name, value)
    return table
