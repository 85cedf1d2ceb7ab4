"""Many trials of one thing: how many, how they are timed, and the line that reports them."""

import os
import statistics
from collections.abc import Sequence

COUNT = int(os.environ.get("MEDIAFLEET_TRIALS", "3"))
"""Trials of each kind; three by default."""

AT_ONCE = 5


def batches() -> list[int]:
    """How many trials run together, one batch after the other."""
    full, rest = divmod(COUNT, AT_ONCE)
    return [AT_ONCE] * full + [rest] * (rest > 0)


def figures(name: str, seconds: Sequence[float]) -> str:
    """Least, median and most, in one line."""
    least, middle, most = min(seconds), statistics.median(seconds), max(seconds)
    return f"{name}: n={len(seconds)} min={least:.3f} s median={middle:.3f} s max={most:.3f} s"
