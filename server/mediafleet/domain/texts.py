"""Texts from outside made fit for answers, logs and terminals."""

from __future__ import annotations

import re

from mediafleet.masking import MAX_CHARACTERS, mask

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb]+"
)
"""Control characters, line ends, writing-direction marks, invisible characters, lone surrogates."""


def one_line(text: str, limit: int) -> str:
    """Put a text on one line that any terminal shows harmlessly, in at most *limit* characters.

    Secrets are masked before anything is cut.
    """
    masked = mask(text[:MAX_CHARACTERS], cut_end=len(text) > MAX_CHARACTERS)
    line = _UNSAFE.sub(" ", masked[: 2 * limit])
    return line if len(line) <= limit else line[: limit - 1] + "…"
