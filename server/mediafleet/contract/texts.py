"""Text from outside made fit for a one-line message, a path field or a log line."""

import re

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb]+"
)
"""Control characters, line ends, writing-direction marks, invisible characters, lone surrogates."""


def clean(text: str, limit: int) -> str:
    """Put *text* on one line that any terminal shows harmlessly, in at most *limit* characters."""
    line = _UNSAFE.sub(" ", text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def pointer(*tokens: str | int) -> str:
    """Build the JSON pointer (RFC 6901) of the place that *tokens* lead to."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
