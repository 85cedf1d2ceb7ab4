from typing import Literal, TypeAlias, cast

ConnectionRole: TypeAlias = Literal[
    "MODERATOR",
    "PUBLISHER",
    "SUBSCRIBER",
]
"""A newer server may answer other values; they are passed on as they are."""

CONNECTION_ROLE_VALUES: frozenset[ConnectionRole] = frozenset(
    {
        "MODERATOR",
        "PUBLISHER",
        "SUBSCRIBER",
    }
)


def check_connection_role(value: object) -> ConnectionRole:
    """Take a value of an answer as it is, known or not."""
    return cast(ConnectionRole, value)
