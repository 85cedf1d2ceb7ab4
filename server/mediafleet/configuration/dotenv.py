r"""The grammar of the `.env` file, read and rewritten as text; files are `dotenv_file`'s matter.

One `KEY=VALUE` or `export KEY=VALUE` per line. A line ends at `\n` or `\r\n` and nowhere else; the
value is everything after the first `=`, untrimmed and unquoted; the key is trimmed. Blank lines and
lines that begin with `#` or `//` are kept. When a key is repeated, the last line counts.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from mediafleet.configuration.kinds import require_clean

_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,127}", re.ASCII)
_EXPORT: Final = re.compile(r"export\s+")
_BYTE_ORDER_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class DotenvLine:
    """One line of the file.

    Attributes:
        number: Its place, from 1.
        text: The line as it stands, without its newline.
        key: Trimmed key; `None` for blank lines, comments and lines that are not understood.
        value: Literal text after the first `=`.
        understood: Whether the line follows the grammar.
        prefix: What stands before the key, `export ` or nothing.
        end: What stands before the newline, a carriage return or nothing.
    """

    number: int
    text: str
    key: str | None = None
    value: str = ""
    understood: bool = True
    prefix: str = ""
    end: str = ""


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
        else f"{line.prefix}{line.key}={changes[line.key]}{line.end}"
        for line in lines
    ]
    added = [f"{key}={value}{lines[0].end}" for key, value in changes.items() if key not in present]
    if added and written[-1] == "":
        written.pop()
    return "\n".join([*written, *added, ""] if added else written)


def _line(number: int, text: str) -> DotenvLine:
    content = text.removesuffix("\r")
    end = text[len(content) :]
    stripped = content.strip()
    if not stripped or stripped.startswith(("#", "//")):
        return DotenvLine(number, text, end=end)
    name, mark, value = content.partition("=")
    exported = _EXPORT.match(name.strip())
    key = name.strip() if exported is None else name.strip()[exported.end() :]
    if not mark or not key:
        return DotenvLine(number, text, understood=False, end=end)
    prefix = "" if exported is None else "export "
    return DotenvLine(number, text, key, value, prefix=prefix, end=end)
