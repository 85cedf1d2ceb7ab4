from typing import Literal, TypeAlias, cast

ConnectionStatus: TypeAlias = Literal[
    "active",
    "pending",
]
"""A newer server may answer other values; they are passed on as they are."""

CONNECTION_STATUS_VALUES: frozenset[ConnectionStatus] = frozenset(
    {
        "active",
        "pending",
    }
)


def check_connection_status(value: object) -> ConnectionStatus:
    """Take a value of an answer as it is, known or not."""
    return cast(ConnectionStatus, value)
