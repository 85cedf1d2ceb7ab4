"""What a command shows while it waits for the server, and what Ctrl-C does then."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from mediafleet.cli.errors import CommandError, ExitCode, UnknownOutcomeError
from mediafleet.cli.terminal import command_line
from mediafleet.texts import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mediafleet.cli.connection import Server
    from mediafleet_client.models import MediaNode

    Lookup: TypeAlias = Callable[[Server], MediaNode | None]

_REFRESHES_PER_SECOND: Final = 4
_POLL_INTERVAL_S: Final = 0.5


def stderr_is_terminal() -> bool:
    """Whether a user sees what is written to stderr."""
    return sys.stderr.isatty()


def spinner() -> Progress:
    """Make a line for each task with its duration; the lines are removed at the end."""
    return Progress(
        SpinnerColumn("line"),  # in ASCII
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False, markup=False, emoji=False),
        transient=True,
        refresh_per_second=_REFRESHES_PER_SECOND,
    )


@contextmanager
def waiting(
    description: str,
    *,
    shown: bool,
    what: str,
    look_with: str = "nodes list",
    poller: NodePoller | None = None,
) -> Iterator[None]:
    """Show on stderr, if it is a terminal, that a command waits and for how long.

    Args:
        description: One line; it is removed when the wait is over.
        shown: Whether anything is shown at all.
        what: The requested change, such as "The removal"; it goes on without a response.
        look_with: The command that shows the outcome.
        poller: Replaces the line by the current status of a node.

    Raises:
        CommandError: The user interrupted the wait, or the response was lost.
    """
    try:
        if not shown or not stderr_is_terminal():
            yield
            return
        with spinner() as progress:
            task = progress.add_task(printable(description), total=None)
            if poller is None:
                yield
                return
            with poller.running(lambda line: progress.update(task, description=line)):
                yield
    except KeyboardInterrupt:
        message = f"{what} goes on. {_hint(look_with, poller)}"
        raise CommandError(message, ExitCode.INTERRUPTED) from None
    except UnknownOutcomeError as error:
        reason = error.what if error.likely is None else f"{error.what} {what} {error.likely}."
        raise CommandError(f"{reason} {_hint(look_with, poller)}") from error


class NodePoller:
    """Polls a node over a second connection, while a request waits for its response.

    Attributes:
        node: The node as it was last seen.
    """

    def __init__(self, server: Server, lookup: Lookup) -> None:
        self.node: MediaNode | None = None
        self._server = server
        self._lookup = lookup

    @contextmanager
    def running(self, show: Callable[[str], None]) -> Iterator[None]:
        """Show the status of the node after each poll; failed polls are ignored."""
        over = threading.Event()
        # A daemon, so that neither the end of the wait nor Ctrl-C waits for a poll.
        threading.Thread(target=self._poll, args=(show, over), daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def _poll(self, show: Callable[[str], None], over: threading.Event) -> None:
        with self._server.second_connection() as connection:
            while not over.is_set():
                with suppress(CommandError):
                    self.node = self._lookup(connection) or self.node
                if self.node is not None:
                    show(printable(f"{self.node.id} is {self.node.status}"))
                over.wait(_POLL_INTERVAL_S)


def added_node(server: Server, uri: str | None) -> Lookup:
    """Look up the node that the next request adds; only the response says its id.

    Args:
        server: Lists the members before the request.
        uri: Of the node, if it is known.

    Raises:
        CommandError: The server does not respond, or rejects the request.
    """
    before = {node.id for node in _members(server)}

    def lookup(connection: Server) -> MediaNode | None:
        new = [node for node in _members(connection) if node.id not in before]
        # Others may add nodes at the same time; a wrong one would be worse than none.
        likely = [node for node in new if node.uri == uri] or new
        return likely[0] if len(likely) == 1 else None

    return lookup


def known_node(media_node_id: str) -> Lookup:
    """Look up a node by its id."""
    return lambda connection: connection.ask(lambda client: client.media_nodes.get(media_node_id))


def _members(server: Server) -> list[MediaNode]:
    return server.ask(lambda client: client.media_nodes.list())


def _hint(look_with: str, poller: NodePoller | None) -> str:
    if poller is not None and poller.node is not None:
        look_with = f"nodes get {poller.node.id}"
    return f"Look at it with: {command_line(look_with)}"
