"""JSON text as Kurento's parser accepts it and as its writer formats it."""

from __future__ import annotations

import json
import math
import re
from typing import Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

# The integers of the real parser; it converts numbers out of this range to floats.
_MIN_INTEGER: Final = -(2**63)
_MAX_INTEGER: Final = 2**64 - 1
_STRING_OR_COMMENT: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


class InvalidFrameError(ValueError):
    """A frame that the real server cannot parse: it ends the connection without a reply."""


def _integer(digits: str) -> int | float:
    value = int(digits)
    return value if _MIN_INTEGER <= value <= _MAX_INTEGER else float(digits)


def _constant(name: str) -> float:
    raise InvalidFrameError(name)


_DECODER: Final = json.JSONDecoder(parse_int=_integer, parse_constant=_constant, strict=False)
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def parse(text: str) -> Json:
    """Parse a frame as the real server does: comments and text after the value are ignored.

    Raises:
        InvalidFrameError: The text does not begin with a value.
    """
    try:
        return _first_value(text)
    except InvalidFrameError:
        if "/" not in text:
            raise
    return _first_value(_STRING_OR_COMMENT.sub(_without_comment, text))


def _first_value(text: str) -> Json:
    try:
        value: Json = _DECODER.raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError) as error:
        raise InvalidFrameError(str(error)) from error
    return value


def _without_comment(match: re.Match[str]) -> str:
    found = match.group()
    return found if found.startswith('"') else " "


def write(value: Json) -> str:
    r"""Compact text, keys in alphabetical order, everything beyond ASCII as \uXXXX.

    As the real server does, it writes NaN as null and infinity as 1e+9999.
    """
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _write_non_finite(value)


def _write_non_finite(value: Json) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "null" if math.isnan(value) else f"{'-' if value < 0 else ''}1e+9999"
    if isinstance(value, list):
        return f"[{','.join(_write_non_finite(item) for item in value)}]"
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}:{_write_non_finite(value[key])}" for key in sorted(value))
        return f"{{{','.join(members)}}}"
    return _ENCODER.encode(value)


def as_text(value: Json) -> str | None:
    """A scalar as a string, converted as the real server does; None for objects and arrays."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, str)):
        return str(value)
    return None
