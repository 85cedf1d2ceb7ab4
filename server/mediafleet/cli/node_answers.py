"""How `mediafleet nodes` prints what a server answers."""

from collections.abc import Callable
from typing import TypeVar

from rich.table import Table

from mediafleet.cli.connection import Server
from mediafleet.cli.terminal import show, show_json

T = TypeVar("T")


def print_answer(
    server: Server,
    answer: T,
    table_of: Callable[[T], Table],
    *,
    json: bool,
    in_place: bool = False,
) -> None:
    """Print the last answer of a server as a table, or as it came.

    Args:
        server: Which has answered.
        answer: What it has answered.
        table_of: Makes the table.
        json: As it came.
        in_place: A table replaces what is on the screen, if stdout is one.

    Raises:
        CommandError: It has not the form that the contract gives it.
    """
    if json:
        show_json(server.content)
        return
    with server.understanding():
        table = table_of(answer)
    show(table, in_place=in_place)
