"""The machine's own time, for the Clock port."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Reads the machine's clocks."""

    def now(self) -> datetime:
        """The moment it is: aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251  # the one place that reads the wall clock

    def monotonic(self) -> float:
        """Seconds on a clock that is never set back."""
        return time.monotonic()
