"""JSON as Kurento's parser reads it and as its writer writes it; knows nothing of JSON-RPC."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

# What the real parser keeps as an integer; anything beyond becomes a float.
_LEAST, _MOST = -(2**63), 2**64 - 1
_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


class NotJsonError(ValueError):
    """A frame that cannot be parsed: the real server drops the connection without a word."""


def _integer(digits: str) -> int | float:
    value = int(digits)
    return value if _LEAST <= value <= _MOST else float(digits)


def _constant(name: str) -> float:
    raise NotJsonError(name)


_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=_constant, strict=False)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def parse(text: str) -> Json:
    """Read a frame as leniently as the real server: comments and trailing garbage are ignored.

    Raises:
        NotJsonError: No value stands at the beginning of the text.
    """
    try:
        return _first_value(text)
    except NotJsonError:
        if "/" not in text:
            raise
    return _first_value(_STRING_OR_COMMENT.sub(_without_comment, text))


def _first_value(text: str) -> Json:
    try:
        value: Json = _DECODER.raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from error
    return value


def _without_comment(match: re.Match[str]) -> str:
    found = match.group()
    return found if found.startswith('"') else " "


def write(value: Json) -> str:
    r"""Compact text, keys in alphabetical order, everything beyond ASCII as \uXXXX.

    NaN becomes null and an infinity 1e+9999, which are the real server's spellings.
    """
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _write_numbers_apart(value)


def _write_numbers_apart(value: Json) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "null" if math.isnan(value) else f"{'-' if value < 0 else ''}1e+9999"
    if isinstance(value, list):
        return f"[{','.join(_write_numbers_apart(item) for item in value)}]"
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}:{_write_numbers_apart(value[key])}" for key in sorted(value))
        return f"{{{','.join(members)}}}"
    return _ENCODER.encode(value)


def as_text(value: Json) -> str | None:
    """A scalar as a string, the way the real server converts it; None for objects and arrays."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, str)):
        return str(value)
    return None


def write_property_tree(tree: Mapping[str, Json]) -> str:
    """The metadata of a configuration as text: indented, and every scalar a string."""
    if not tree:
        return ""
    text = json.dumps(_stringified(dict(tree)), indent=4)
    return text.replace("/", "\\/") + "\n"


def _stringified(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _stringified(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stringified(item) for item in value]
    return "null" if value is None else as_text(value)
