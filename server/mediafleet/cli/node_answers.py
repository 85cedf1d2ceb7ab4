"""How `mediafleet nodes` prints what a server answers."""

from typing import Any

from mediafleet.cli.connection import Server
from mediafleet.cli.evidence_tables import evidence_of
from mediafleet.cli.node_tables import details_of, list_of
from mediafleet.cli.terminal import show, show_json
from mediafleet_client.models import MediaNode, MediaNodeEvidence, MediaNodeList
from mediafleet_client.types import Response


def print_answer(server: Server, answer: Response[Any], *, json: bool) -> None:
    """Print an answer as a table, or as it came.

    Raises:
        CommandError: It has not the form that the contract gives it.
    """
    if json:
        show_json(answer.content)
        return
    with server.understanding():
        if isinstance(answer.parsed, MediaNode):
            table = details_of(answer.parsed)
        elif isinstance(answer.parsed, MediaNodeList):
            table = list_of(answer.parsed.content)
        elif isinstance(answer.parsed, MediaNodeEvidence):
            table = evidence_of(answer.parsed)
        else:
            return
    show(table)
