"""What a person sees while a command waits for the server, and what Ctrl-C means then."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from mediafleet.cli import program
from mediafleet.cli.connection import UnknownOutcomeError
from mediafleet.cli.exits import CommandError, ExitCode
from mediafleet.texts import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mediafleet.cli.connection import Server
    from mediafleet.cli.following import Look
    from mediafleet_client.models import MediaNode

_PICTURES_A_SECOND: Final = 4
_LOOKS_EVERY_S: Final = 0.5


def can_be_seen() -> bool:
    """Whether a person sees what is written to stderr."""
    return sys.stderr.isatty()


class Following:
    """Looks at a node again and again.

    Attributes:
        seen: The node as it was at the last look that saw it.
    """

    def __init__(self, server: Server, look: Look) -> None:
        self.seen: MediaNode | None = None
        self._server = server
        self._look = look

    @contextmanager
    def telling(self, tell: Callable[[str], None]) -> Iterator[None]:
        """Tell the node's status whenever it was looked at; that looks fail is not told."""
        over = threading.Event()
        # A daemon: neither the end of the wait nor Ctrl-C waits for a look.
        threading.Thread(target=self._go_on, args=(tell, over), daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def _go_on(self, tell: Callable[[str], None], over: threading.Event) -> None:
        with self._server.beside() as beside:
            while not over.is_set():
                with suppress(CommandError):
                    self.seen = self._look(beside) or self.seen
                if self.seen is not None:
                    tell(printable(f"{self.seen.id} is {self.seen.status}"))
                over.wait(_LOOKS_EVERY_S)


@contextmanager
def waiting(
    for_what: str,
    *,
    shown: bool,
    what: str,
    look_with: str = "nodes list",
    following: Following | None = None,
) -> Iterator[None]:
    """Show on the terminal, if stderr is one, that and how long a command waits.

    Args:
        for_what: One line; it goes away when the wait is over.
        shown: Whether anything is to be shown at all.
        what: The change that was asked for, such as "The removal"; it goes on without an answer.
        look_with: The command of this program that shows what became of it.
        following: Tells the node's present status, in place of the line.

    Raises:
        CommandError: The person interrupted the wait, or the answer was lost.
    """
    try:
        if not shown or not can_be_seen():
            yield
            return
        with spinner() as progress:
            task = progress.add_task(printable(for_what), total=None)
            if following is None:
                yield
                return
            with following.telling(lambda told: progress.update(task, description=told)):
                yield
    except KeyboardInterrupt:
        message = f"{what} goes on. {_hint(look_with, following)}"
        raise CommandError(message, ExitCode.INTERRUPTED) from None
    except UnknownOutcomeError as error:
        told = error.what if error.likely is None else f"{error.what} {what} {error.likely}."
        raise CommandError(f"{told} {_hint(look_with, following)}") from error


def _hint(look_with: str, following: Following | None) -> str:
    if following is not None and following.seen is not None:
        look_with = f"nodes get {following.seen.id}"
    return f"Look at it with: {program.line(look_with)}"


def spinner() -> Progress:
    """A line for each thing waited for, with how long it has lasted; gone at the end."""
    return Progress(
        SpinnerColumn("line"),  # in ASCII
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False, markup=False, emoji=False),
        transient=True,
        refresh_per_second=_PICTURES_A_SECOND,
    )
