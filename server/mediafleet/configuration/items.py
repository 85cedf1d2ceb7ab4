"""Splits the text of an array into its items, as leniently as files in the wild need it."""

import json
import re
from collections.abc import Iterator

from mediafleet.configuration.problems import UnfitValueError


def split_items(text: str) -> list[str]:
    r"""Split the text of an array as files in the wild write it.

    JSON is taken as it is; else brackets, quotes and backslashes are optional and a comma ends
    an item: `[a, "b", \"c:\ d\"]`, `a,b`. Nothing at all is an empty array.

    Raises:
        UnfitValueError: A bracket or a quote is not closed.
    """
    stripped = text.strip()
    strict = _json_strings(stripped)
    if strict is not None:
        return strict
    inner = re.sub(r"\\(.)", r"\1", stripped)
    if inner.startswith("["):
        if not inner.endswith("]"):
            raise UnfitValueError('must end with "]"')
        inner = inner[1:-1]
    return list(_items(inner)) if inner.strip() else []


def _json_strings(text: str) -> list[str] | None:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(parsed, list) and all(isinstance(item, str) for item in parsed):
        return parsed
    return None


def _items(text: str) -> Iterator[str]:
    quote, item = "", ""
    for character in text:
        if quote:
            quote, item = ("", item) if character == quote else (quote, item + character)
        elif character in "\"'" and not item.strip():
            quote = character
        elif character == ",":
            yield item.strip()
            item = ""
        else:
            item += character
    if quote:
        raise UnfitValueError("must close every quote")
    yield item.strip()
