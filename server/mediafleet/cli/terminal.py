"""What reaches the terminal: data on stdout, messages on stderr, control characters escaped."""

import json
import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediafleet.cli.exits import OutputError
from mediafleet.logs import printable

_PIPE_WIDTH: Final = 1_000
_MAX_TEXT: Final = 2_048
_NOT_ASCII: Final = re.compile("[^\n\x20-\x7e]")


def open_closed_streams() -> None:
    """Open the standard streams that the process was started without.

    Else the next file or socket would take their descriptors. What is written to stdout then is
    refused as before; messages that nobody wants to read are written nowhere.
    """
    for name, mode, flags in (
        ("stdin", "r", os.O_RDONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, flags)
            setattr(sys, name, open(nowhere, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - a descriptor


def say(text: str) -> None:
    """Write lines of our own to stdout at once, also into a pipe."""
    _write(_printable(text) + "\n", sys.stdout)


def announce(text: str) -> None:
    """Write to stdout that something serves from now on, which it does whoever can read it."""
    try:
        say(text)
    except OutputError as error:
        complain(f"mediafleet: {error} It goes on nevertheless.")


def complain(text: str) -> None:
    """Write lines to stderr; where that is not possible, nobody is left to be told."""
    with suppress(OutputError):
        _write(_printable(text) + "\n", sys.stderr)


def cell(text: object, style: str = "") -> Text:
    """Make foreign text fit for a table: no markup, no control characters, bounded."""
    plain = str(text)
    cut = plain if len(plain) <= _MAX_TEXT else plain[:_MAX_TEXT] + "…"
    return Text(printable(cut), style=style, overflow="fold")


def show(table: Table) -> None:
    """Print a table to stdout: as wide as the terminal, or without any limit into a pipe."""
    is_terminal = sys.stdout.isatty()
    console = _console(width=None if is_terminal else _PIPE_WIDTH)
    with console.capture() as captured:
        console.print(table)
    text = captured.get()
    if not is_terminal:
        text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    _write(text, sys.stdout)


def show_json(content: bytes) -> None:
    """Print an answer of the API to stdout as it came; for a terminal, in ASCII with escapes."""
    if not content:
        return
    if sys.stdout.isatty():
        text = content.decode("utf-8", "replace")
        _write(_NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n", sys.stdout)
        return
    _write(content + b"\n", sys.stdout)


def finish_output() -> None:
    """Write what others have left for stdout.

    Raises:
        OutputError: It cannot be written.
    """
    _write("", sys.stdout)


def moment(milliseconds: object) -> str:
    """Show a moment given in UTC milliseconds to the second; a senseless one as it is."""
    if not isinstance(milliseconds, int):
        return "" if milliseconds is None else str(milliseconds)
    try:
        shown = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)
    return shown.strftime("%Y-%m-%d %H:%M:%SZ")


def _console(width: int | None) -> Console:
    return Console(highlight=False, markup=False, emoji=False, width=width)


def _printable(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


def _write(content: str | bytes, stream: TextIO) -> None:
    try:
        if isinstance(content, bytes):
            stream.buffer.write(content)
        else:
            stream.write(content)
        stream.flush()
    except OSError as error:
        # The interpreter would try, and fail, to write the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise OutputError(f"The output cannot be written: {error.strerror}.") from error
