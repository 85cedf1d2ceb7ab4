"""What reaches the terminal: data on stdout, messages on stderr, control characters escaped."""

import json
import re
import sys
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediafleet.logs import printable

_PIPE_WIDTH: Final = 1_000
_MAX_TEXT: Final = 2_048
_NOT_ASCII: Final = re.compile("[^\n\x20-\x7e]")


def say(text: str) -> None:
    """Write lines of our own to stdout at once, also into a pipe."""
    _write(text, error=False)


def complain(text: str) -> None:
    """Write lines to stderr."""
    _write(text, error=True)


def cell(text: object, style: str = "") -> Text:
    """Make foreign text fit for a table: no markup, no control characters, bounded."""
    plain = str(text)
    cut = plain if len(plain) <= _MAX_TEXT else plain[:_MAX_TEXT] + "…"
    return Text(printable(cut), style=style, overflow="fold")


def show(table: Table) -> None:
    """Print a table to stdout: as wide as the terminal, or without any limit into a pipe."""
    if sys.stdout.isatty():
        _console().print(table)
        return
    console = _console(width=_PIPE_WIDTH)
    with console.capture() as captured:
        console.print(table)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def show_json(content: bytes) -> None:
    """Print an answer of the API to stdout as it came; for a terminal, in ASCII with escapes."""
    if not content:
        return
    if sys.stdout.isatty():
        text = content.decode("utf-8", "replace")
        print(_NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content + b"\n")


def moment(milliseconds: object) -> str:
    """Show a moment given in UTC milliseconds to the second; a senseless one as it is."""
    if not isinstance(milliseconds, int):
        return "" if milliseconds is None else str(milliseconds)
    try:
        shown = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)
    return shown.strftime("%Y-%m-%d %H:%M:%SZ")


def _console(width: int | None = None) -> Console:
    return Console(highlight=False, markup=False, emoji=False, width=width)


def _write(text: str, *, error: bool) -> None:
    lines = "\n".join(printable(line) for line in text.split("\n"))
    print(lines, file=sys.stderr if error else sys.stdout, flush=True)
