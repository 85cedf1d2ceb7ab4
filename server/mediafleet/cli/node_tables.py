"""How Media Nodes look in a terminal; where they come from is not here."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.table import Table
from rich.text import Text

from mediafleet.cli.terminal import cell, moment
from mediafleet_client.models import KurentoInfo, MediaNode
from mediafleet_client.types import Unset

_MAX_SESSIONS: Final = 1_000
_STATUS_STYLES: Final = {
    "running": "green",
    "launching": "cyan",
    "waiting-idle-to-terminate": "yellow",
    "terminating": "yellow",
    "canceled": "yellow",
    "failed": "red",
}


def list_of(nodes: Iterable[MediaNode], *, wide: bool = False) -> Table:
    """Make a table with one line for each node; `SINCE` is the last change of the connection."""
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
                cell(moment(node.launching_time)),
                cell(moment(_since(node)) or "-"),
                cell(node.environment_id or "-"),
            ]
        table.add_row(*cells)
    return table


def details_of(node: MediaNode) -> Table:
    """Make a table with one line for each property of a node, its sessions and its server's."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    for name, value in _properties(node):
        table.add_row(name, value)
    return table


def _properties(node: MediaNode) -> Iterator[tuple[str, Text]]:
    yield "id", cell(node.id)
    yield "status", _status(node)
    yield "uri", cell(node.uri or "-")
    yield "ip", cell(node.ip or "-")
    yield "environment id", cell(node.environment_id or "-")
    yield "load", cell(f"{node.load:.2f} %")
    yield "launched", cell(moment(node.launching_time))
    yield "connected", _connected(node)
    yield "since", cell(moment(_since(node)) or "-")
    if not isinstance(node.sessions, Unset):
        yield "sessions", cell(len(node.sessions))
        for session in node.sessions[:_MAX_SESSIONS]:
            yield "", cell(f"{session.session_id}  since {moment(session.created_at)}")
    if not isinstance(node.kurento_info, Unset):
        yield from _media_server(node.kurento_info)


def _media_server(info: KurentoInfo) -> Iterator[tuple[str, Text]]:
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
