from typing import Literal, TypeAlias, cast

DeletionStrategy: TypeAlias = Literal[
    "if-no-sessions",
    "now",
    "when-no-sessions",
]
"""A newer server may answer other values; they are passed on as they are."""

DELETION_STRATEGY_VALUES: frozenset[DeletionStrategy] = frozenset(
    {
        "if-no-sessions",
        "now",
        "when-no-sessions",
    }
)


def check_deletion_strategy(value: object) -> DeletionStrategy:
    """Take a value of an answer as it is, known or not."""
    return cast(DeletionStrategy, value)
