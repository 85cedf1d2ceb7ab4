from typing import Literal, TypeAlias, cast

MediaMode: TypeAlias = Literal[
    "RELAYED",
    "ROUTED",
]
"""A newer server may answer other values; they are passed on as they are."""

MEDIA_MODE_VALUES: frozenset[MediaMode] = frozenset(
    {
        "RELAYED",
        "ROUTED",
    }
)


def check_media_mode(value: object) -> MediaMode:
    """Take a value of an answer as it is, known or not."""
    return cast(MediaMode, value)
