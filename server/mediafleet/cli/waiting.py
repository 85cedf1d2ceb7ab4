"""What a person sees while a command waits for the server, and what Ctrl-C means then."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from mediafleet.cli.exits import CommandError, ExitCode
from mediafleet.logs import printable

_PICTURES_A_SECOND: Final = 4


@contextmanager
def waiting(for_what: str, *, shown: bool, if_interrupted: str) -> Iterator[None]:
    """Show on the terminal, if stderr is one, that and how long a command waits.

    Args:
        for_what: One line; it goes away when the wait is over.
        shown: Whether anything is to be shown at all.
        if_interrupted: What becomes of the matter after Ctrl-C, and how to look at it.

    Raises:
        CommandError: The person interrupted the wait.
    """
    try:
        if not shown or not sys.stderr.isatty():
            yield
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        progress = Progress(
            *columns,
            TimeElapsedColumn(),
            console=console,
            transient=True,
            refresh_per_second=_PICTURES_A_SECOND,
        )
        with progress:
            progress.add_task(printable(for_what), total=None)
            yield
    except KeyboardInterrupt:
        raise CommandError(if_interrupted, ExitCode.INTERRUPTED) from None
