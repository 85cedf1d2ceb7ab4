"""Standard streams: data on stdout, messages on stderr, control characters escaped."""

import codecs
import json
import os
import re
import shlex
import shutil
import sys
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Final, TextIO

from mediafleet.cli.errors import OutputError
from mediafleet.texts import printable

PROGRAM: Final = "mediafleet"
UNITS_S: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
"""Seconds by unit, from the longest unit to the shortest."""

_IN_ASCII: Final = str.maketrans({"→": "->", "…": "...", "—": "-", "–": "-"})
_NOT_ASCII: Final = re.compile("[^\n\x20-\x7e]")
_OPTIONS: Final = {"force=true": "--force", "deletion-strategy=": "--strategy "}


def prepare_streams() -> None:
    """Open the standard streams that are closed, and make all of them accept any text.

    Otherwise the next file or socket would get the descriptor of a closed stream. Writing to a
    closed stdout still fails; messages for a closed stderr are discarded. Characters that the
    encoding of a stream lacks are written in ASCII.
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


def print_lines(text: str) -> None:
    """Write lines to stdout and flush it, also if it is a pipe."""
    write(_printable(text) + "\n", sys.stdout)


def print_ready(text: str) -> None:
    """Write to stdout that a server is ready; the server continues if that fails."""
    try:
        print_lines(text)
    except OutputError as error:
        print_message(f"mediafleet: {error} The server continues.")


def print_message(text: str) -> None:
    """Write lines to stderr; a failure is ignored."""
    with suppress(OutputError):
        write(_printable(text) + "\n", sys.stderr)


def print_json(content: bytes) -> None:
    """Write a response body to stdout as it is; for a terminal in ASCII with escapes."""
    if not content:
        return
    if sys.stdout.isatty():
        text = content.decode("utf-8", "replace")
        write(_NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n", sys.stdout)
        return
    write(content + b"\n", sys.stdout)


def flush_output() -> None:
    """Write what is still buffered for stdout.

    Raises:
        OutputError: It cannot be written.
    """
    write("", sys.stdout)


def format_time(milliseconds: object) -> str:
    """Format UTC milliseconds to the second; a value that is not a time is shown as it is."""
    if not isinstance(milliseconds, int):
        return "" if milliseconds is None else str(milliseconds)
    try:
        time = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)
    return time.strftime("%Y-%m-%d %H:%M:%SZ")


def format_duration(seconds: int) -> str:
    """Format a duration with its two largest units: `1h 30m`."""
    parts = []
    left = max(0, seconds)
    for unit, size in UNITS_S.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def command_line(arguments: str) -> str:
    """Return the line that runs a command of this program in another terminal.

    Args:
        arguments: What follows the name of the program, already quoted.
    """
    return f"{_program()} {arguments}"


def with_options(text: str) -> str:
    """Replace query parameters in a message of the server by the options of this program."""
    for parameter, option in _OPTIONS.items():
        text = text.replace(parameter, option)
    return text


def _program() -> str:
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m {PROGRAM}"
    found = shutil.which(PROGRAM)
    if found is not None and called.exists() and called.samefile(found):
        return PROGRAM
    return shlex.quote(str(called.absolute()))


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Replace characters that an encoding lacks, as an error handler of :mod:`codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_IN_ASCII)
    return text.encode("ascii", "backslashreplace").decode(), error.end


def _printable(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


def write(content: str | bytes, stream: TextIO) -> None:
    """Write to a standard stream and flush it.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        if isinstance(content, bytes):
            stream.buffer.write(content)
        else:
            stream.write(content)
        stream.flush()
    except OSError as error:
        # At its end the interpreter would try to write the rest, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise OutputError(f"The output cannot be written: {error.strerror}.") from error
