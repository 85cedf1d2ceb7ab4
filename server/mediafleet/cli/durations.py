"""Lengths of time as people write them: `90`, `90s`, `30m`, `1h30m`, `2d`."""

import re
from typing import Final

import typer

_FORM: Final = re.compile(
    r"(?:(?P<d>\d{1,4})d)?(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,8})m)?(?:(?P<s>\d{1,8})s?)?", re.ASCII
)
_SECONDS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LONGEST_S: Final = 30 * 86_400


def seconds_of(text: str) -> int:
    """Read a length of time in whole seconds, 1 second to 30 days.

    Raises:
        typer.BadParameter: It has another form, or is out of these bounds.
    """
    found = _FORM.fullmatch(text.strip())
    if not text.strip() or found is None:
        raise typer.BadParameter("must be like 90s, 30m, 1h30m or 2d; a number alone is seconds")
    seconds = sum(int(found[unit] or 0) * size for unit, size in _SECONDS.items())
    if not 1 <= seconds <= _LONGEST_S:
        raise typer.BadParameter("must be from 1s to 30d")
    return seconds


def shown(seconds: int) -> str:
    """Show a length of time with its two greatest units: `1h 30m`."""
    parts = []
    left = max(0, seconds)
    for unit, size in _SECONDS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"
