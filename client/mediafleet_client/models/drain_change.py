from typing import Literal, TypeAlias, cast

DrainChange: TypeAlias = Literal[
    "aborted",
    "extended",
    "forced",
    "limited",
    "unlimited",
]
"""A newer server may answer other values; they are passed on as they are."""

DRAIN_CHANGE_VALUES: frozenset[DrainChange] = frozenset(
    {
        "aborted",
        "extended",
        "forced",
        "limited",
        "unlimited",
    }
)


def check_drain_change(value: object) -> DrainChange:
    """Take a value of an answer as it is, known or not."""
    return cast(DrainChange, value)
