from typing import Literal, TypeAlias, cast

ConnectionObject: TypeAlias = Literal["connection",]
"""A newer server may answer other values; they are passed on as they are."""

CONNECTION_OBJECT_VALUES: frozenset[ConnectionObject] = frozenset(
    {
        "connection",
    }
)


def check_connection_object(value: object) -> ConnectionObject:
    """Take a value of an answer as it is, known or not."""
    return cast(ConnectionObject, value)
