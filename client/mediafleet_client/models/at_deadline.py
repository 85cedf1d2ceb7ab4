from typing import Literal, TypeAlias, cast

AtDeadline: TypeAlias = Literal[
    "abort",
    "extend",
    "force",
]
"""A newer server may answer other values; they are passed on as they are."""

AT_DEADLINE_VALUES: frozenset[AtDeadline] = frozenset(
    {
        "abort",
        "extend",
        "force",
    }
)


def check_at_deadline(value: object) -> AtDeadline:
    """Take a value of an answer as it is, known or not."""
    return cast(AtDeadline, value)
