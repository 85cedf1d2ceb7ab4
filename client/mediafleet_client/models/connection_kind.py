from typing import Literal, TypeAlias, cast

ConnectionKind: TypeAlias = Literal[
    "IPCAM",
    "WEBRTC",
]
"""A newer server may answer other values; they are passed on as they are."""

CONNECTION_KIND_VALUES: frozenset[ConnectionKind] = frozenset(
    {
        "IPCAM",
        "WEBRTC",
    }
)


def check_connection_kind(value: object) -> ConnectionKind:
    """Take a value of an answer as it is, known or not."""
    return cast(ConnectionKind, value)
