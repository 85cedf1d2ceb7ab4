"""Makes texts from outside safe for responses, logs and terminals."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from mediafleet.masking import MAX_CHARACTERS, mask

if TYPE_CHECKING:
    from collections.abc import Sequence

# Controls, line ends, invisible and bidirectional characters, lone surrogates, tags.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_UNSAFE_RUN: Final = re.compile(f"{_UNSAFE.pattern}+")
_PLAIN: Final = re.compile(r"[\w./:@+*\[\]-]+", re.ASCII)
_MORE: Final = "{} more problems."


def one_line(text: str, limit: int) -> str:
    """Return *text* on one line, with at most *limit* characters, safe for any terminal.

    Unsafe characters become spaces. Secrets are masked before anything is cut.
    """
    masked = mask(text[:MAX_CHARACTERS], cut_end=len(text) > MAX_CHARACTERS)
    line = _UNSAFE_RUN.sub(" ", masked[: 2 * limit])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def join_sentences(sentences: Sequence[str], limit: int) -> str:
    """Join whole sentences into at most *limit* characters; those that do not fit are counted."""
    kept: list[str] = []
    left = limit - len(_MORE.format(len(sentences)))
    for sentence in sentences:
        left -= len(sentence) + 1
        if left < 0:
            kept.append(_MORE.format(len(sentences) - len(kept)))
            break
        kept.append(sentence)
    return " ".join(kept)


def printable(text: str) -> str:
    r"""Escape unsafe characters: `\x1b`, `\u202e` instead of the characters. Nothing is masked."""
    return _UNSAFE.sub(_escaped, text)


def shown(value: object) -> str:
    """Format a value of `key=value` on one line; in quotes if it would be ambiguous without."""
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return printable(json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code <= 0xFF:  # noqa: PLR2004 - the last code of two hexadecimal digits
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - of four
