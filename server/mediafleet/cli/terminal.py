"""What reaches the terminal: data on stdout, messages on stderr, control characters escaped."""

import codecs
import json
import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediafleet.cli.exits import OutputError
from mediafleet.texts import printable

_WIDTH: Final = 8_192
_MAX_TEXT: Final = 2_048
_PADDING: Final = re.compile(r" +(?=(?:\x1b\[[0-9;]*m)*$)", re.MULTILINE)
_CLEAR: Final = "\x1b[H\x1b[2J\x1b[3J"
_IN_ASCII: Final = str.maketrans({"→": "->", "…": "...", "—": "-", "–": "-"})
_NOT_ASCII: Final = re.compile("[^\n\x20-\x7e]")


def prepare_streams() -> None:
    """Open the standard streams that the process was started without, and let them take any text.

    Else the next file or socket would take their descriptors. What is written to stdout then is
    refused as before; messages that nobody wants to read are written nowhere. A character that
    the terminal's encoding lacks is written in ASCII.
    """
    for name, mode, flags in (
        ("stdin", "r", os.O_RDONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, flags)
            setattr(sys, name, open(nowhere, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - a descriptor
    codecs.register_error("mediafleet.ascii", _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="mediafleet.ascii")


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
    return Text(printable(cut), style=style)


def show(table: Table, *, in_place: bool = False) -> None:
    """Print a table to stdout without breaking lines, so that every value can be copied whole.

    Args:
        table: One line for each row; a terminal breaks long ones itself.
        in_place: Replace what is on the screen, if stdout is one.
    """
    console = Console(highlight=False, markup=False, emoji=False, width=_WIDTH)
    with console.capture() as captured:
        console.print(table)
    clear = _CLEAR if in_place and sys.stdout.isatty() else ""
    _write(clear + _PADDING.sub("", captured.get()), sys.stdout)


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


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding lacks, as an error handler of :mod:`codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_IN_ASCII)
    return text.encode("ascii", "backslashreplace").decode(), error.end


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
