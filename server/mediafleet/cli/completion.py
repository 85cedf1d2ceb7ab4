"""What the shell is offered after a TAB; it never fails, and a slow server offers nothing."""

import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

import typer

from mediafleet.cli.assignments import CHANGEABLE
from mediafleet.cli.connection import Access, open_server
from mediafleet.cli.node_ids import is_node_id
from mediafleet.cli.starting import DEFAULT_URL

_PATIENCE_S: Final = 0.8
_HARMLESS: Final = re.compile(r"[\w.:/\[\]-]{1,200}", re.ASCII)

Offers: TypeAlias = list[tuple[str, str]]


def complete_node_id(context: typer.Context, incomplete: str) -> Offers:
    """Ids of the server's Media Nodes, each with its status and uri."""
    offers: Offers = []

    def ask() -> None:
        # Whoever is in the middle of a line cannot use any error, and must not lose the line.
        with suppress(Exception):
            offers[:] = _nodes(context)

    # A timeout of the connection bounds neither name servers, nor pipes, nor drops of an answer.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_PATIENCE_S)
    return [(node_id, told) for node_id, told in offers if node_id.startswith(incomplete)]


def complete_assignment(incomplete: str) -> list[str]:
    """Names of properties that a restart can change, with the `=` that follows."""
    return [f"{name}=" for name in CHANGEABLE if name.startswith(incomplete.upper())]


def _nodes(context: typer.Context) -> Offers:
    files = {name: context.params.get(name) for name in ("secret_file", "ca_file")}
    access = Access(
        url=context.params.get("url") or DEFAULT_URL,
        timeout=_PATIENCE_S,
        **{name: None if given is None else Path(given) for name, given in files.items()},
    )
    with open_server(access) as server:
        found = server.ask(lambda client: client.media_nodes.list())
    # The shell evaluates what it is offered.
    return [(node.id, _told(node.status, node.uri)) for node in found if is_node_id(node.id)]


def _told(status: str, uri: str | None) -> str:
    return f"{status} {uri}" if uri is not None and _HARMLESS.fullmatch(uri) else str(status)
