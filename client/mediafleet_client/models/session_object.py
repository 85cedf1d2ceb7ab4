from typing import Literal, TypeAlias, cast

SessionObject: TypeAlias = Literal["session",]
"""A newer server may answer other values; they are passed on as they are."""

SESSION_OBJECT_VALUES: frozenset[SessionObject] = frozenset(
    {
        "session",
    }
)


def check_session_object(value: object) -> SessionObject:
    """Take a value of an answer as it is, known or not."""
    return cast(SessionObject, value)
