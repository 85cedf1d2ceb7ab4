"""Aware UTC moments to whole milliseconds and back; the wire and the store speak milliseconds."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_milliseconds(moment: datetime) -> int:
    """Whole milliseconds since the epoch; fractions are dropped."""
    return (moment - _EPOCH) // _MILLISECOND


def from_milliseconds(milliseconds: int) -> datetime:
    """The aware UTC moment that many milliseconds after the epoch."""
    return _EPOCH + milliseconds * _MILLISECOND
