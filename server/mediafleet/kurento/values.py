"""Values from the wire made safe: texts, numbers and moments a node tells; never a raw one out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mediafleet.domain.timestamps import from_milliseconds
from mediafleet.masking import MAX_CHARACTERS, mask

EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(hours=1)
_LARGEST = 1e15


def clean(value: object, limit: int) -> str:
    """A text for logs, terminals and answers: no secret, controls escaped, length bounded.

    What is no text becomes the empty one.
    """
    if not isinstance(value, str):
        return ""
    safe = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in mask(value[:MAX_CHARACTERS])[:limit]
    )
    return safe if len(safe) <= limit else safe[:limit]


def number(value: object) -> float | None:
    """A finite number of sane size; ``None`` for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_LARGEST < value < _LARGEST else None


def moment(value: object, *, milliseconds_per_unit: int, now: datetime) -> datetime | None:
    """A moment told in time units since the epoch, as a number or a text of digits.

    Returns:
        The aware UTC moment; ``None`` for one that is no moment, before 2010 or in the future
        beyond what a clock that is wrong may say.
    """
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) <= 20 else None  # noqa: PLR2004  # digits of 2**64
    units = number(value)
    if units is None:
        return None
    milliseconds = units * milliseconds_per_unit
    if not 0 <= milliseconds < _LARGEST / 10:
        return None
    told = from_milliseconds(int(milliseconds))
    return told if EARLIEST <= told <= now + CLOCK_SKEW else None
