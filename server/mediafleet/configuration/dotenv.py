r"""The grammar of the `.env` file, read and rewritten as text; files are `dotenv_file`'s matter.

One `KEY=VALUE` per line. A line ends at `\n` and nowhere else; the value is everything after the
first `=`, untrimmed and unquoted; the key is trimmed. Blank lines and lines that begin with `#`
or `//` are kept. When a key is repeated, the last line counts.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from mediafleet.configuration.kinds import require_clean

_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,127}", re.ASCII)
_BYTE_ORDER_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class DotenvLine:
    """One line of the file.

    Attributes:
        number: Its place, from 1.
        text: The line as it stands, without its end.
        key: Trimmed key; `None` for blank lines, comments and lines that are not understood.
        value: Literal text after the first `=`.
        understood: Whether the line follows the grammar.
    """

    number: int
    text: str
    key: str | None = None
    value: str = ""
    understood: bool = True


def parse(text: str) -> tuple[DotenvLine, ...]:
    """Split a file into its lines; none is lost, so that joining them with a newline restores it.

    A byte order mark at the beginning is dropped.
    """
    lines = text.removeprefix(_BYTE_ORDER_MARK).split("\n")
    return tuple(_line(number, line) for number, line in enumerate(lines, start=1))


def last_lines(lines: Iterable[DotenvLine]) -> dict[str, DotenvLine]:
    """Find the line that counts for each key, in the order in which the keys first appear."""
    return {line.key: line for line in lines if line.key is not None}


def rewrite(text: str, changes: Mapping[str, str]) -> str:
    """Set keys in the text of a file and leave everything else as it is.

    A key that is there changes in place (in every line that sets it), another one is appended;
    comments stay comments.

    Args:
        text: The file as it stands; empty when there is none.
        changes: New literal value by key.

    Raises:
        UnfitValueError: A value could not be read back: too long, or it holds a control
            character, a line separator or a lone surrogate.
        ValueError: A key is not upper snake case.
    """
    for key, value in changes.items():
        if _KEY.fullmatch(key) is None:
            raise ValueError("a key of the .env file is upper snake case")
        require_clean(value)
    lines = parse(text)
    present = {line.key for line in lines}
    written = [
        line.text
        if line.key is None or line.key not in changes
        else f"{line.key}={changes[line.key]}"
        for line in lines
    ]
    added = [f"{key}={value}" for key, value in changes.items() if key not in present]
    if added and written[-1] == "":
        written.pop()
    return "\n".join([*written, *added, ""] if added else written)


def _line(number: int, text: str) -> DotenvLine:
    stripped = text.strip()
    if not stripped or stripped.startswith(("#", "//")):
        return DotenvLine(number, text)
    key, mark, value = text.partition("=")
    if not mark or not key.strip():
        return DotenvLine(number, text, understood=False)
    return DotenvLine(number, text, key.strip(), value)
