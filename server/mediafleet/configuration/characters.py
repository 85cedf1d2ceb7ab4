"""Which characters a value may hold and how any text is shown; it knows no property."""

import re
from typing import Final

MAX_VALUE_CHARACTERS: Final = 8192
"""Longest value of one property, in characters, unless its kind says otherwise."""

_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SHOWN_CHARACTERS: Final = 80


def forbidden_character(text: str) -> str | None:
    """Name the first control character, line or paragraph separator or lone surrogate.

    One such character in a value could start a new line in the `.env` file (and so set another
    property) or steer a terminal that shows it.

    Returns:
        `U+000D` and the like; `None` when the text holds no such character.
    """
    found = _FORBIDDEN.search(text)
    return None if found is None else f"U+{ord(found[0]):04X}"


def printable(text: str, *, limit: int = _SHOWN_CHARACTERS) -> str:
    """Make foreign text fit for a log, a terminal and an answer.

    Returns:
        At most `limit` characters of it plus `…`. In quotes and with escapes, as Python writes it,
        if something in it could not be seen otherwise: blanks around it, invisible characters.
    """
    cut = text[:limit]
    is_plain = cut.isprintable() and cut == cut.strip() and not cut.startswith(("'", '"'))
    return (cut if is_plain else repr(cut)) + ("…" if len(text) > limit else "")
