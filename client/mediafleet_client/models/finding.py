from typing import Literal, TypeAlias, cast

Finding: TypeAlias = Literal[
    "crashed",
    "disconnected",
    "given-up",
    "machine-ended",
    "suspect",
]
"""A newer server may answer other values; they are passed on as they are."""

FINDING_VALUES: frozenset[Finding] = frozenset(
    {
        "crashed",
        "disconnected",
        "given-up",
        "machine-ended",
        "suspect",
    }
)


def check_finding(value: object) -> Finding:
    """Take a value of an answer as it is, known or not."""
    return cast(Finding, value)
