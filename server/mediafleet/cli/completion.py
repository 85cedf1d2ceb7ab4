"""What the shell is offered after a TAB; it never fails, and a slow server offers nothing."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import typer

from mediafleet.cli.assignments import CHANGEABLE
from mediafleet.cli.connection import Access, open_server
from mediafleet.cli.exits import CommandError
from mediafleet.cli.starting import DEFAULT_URL
from mediafleet_client.api.media_nodes import list_media_nodes
from mediafleet_client.models import MediaNodeList

_PATIENCE_S: Final = 1.0


def complete_node_id(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids of the server's Media Nodes, each with its status and uri."""
    found: list[tuple[str, str]] = []
    with suppress(CommandError, OSError):
        found.extend(_nodes(context))
    return [(node_id, told) for node_id, told in found if node_id.startswith(incomplete)]


def complete_assignment(incomplete: str) -> list[str]:
    """Names of properties that a restart can change, with the `=` that follows."""
    return [f"{name}=" for name in CHANGEABLE if name.startswith(incomplete.upper())]


def _nodes(context: typer.Context) -> Iterator[tuple[str, str]]:
    files = {name: context.params.get(name) for name in ("secret_file", "ca_file")}
    access = Access(
        url=context.params.get("url") or DEFAULT_URL,
        timeout=_PATIENCE_S,
        **{name: None if given is None else Path(given) for name, given in files.items()},
    )
    with open_server(access) as server:
        answer = server.ask(lambda: list_media_nodes.sync_detailed(client=server.client))
        if isinstance(answer.parsed, MediaNodeList):
            for node in answer.parsed.content:
                yield node.id, f"{node.status} {node.uri or ''}".rstrip()
