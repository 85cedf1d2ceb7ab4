from typing import Literal, TypeAlias, cast

MediaServerKind: TypeAlias = Literal["kurento",]
"""A newer server may answer other values; they are passed on as they are."""

MEDIA_SERVER_KIND_VALUES: frozenset[MediaServerKind] = frozenset(
    {
        "kurento",
    }
)


def check_media_server_kind(value: object) -> MediaServerKind:
    """Take a value of an answer as it is, known or not."""
    return cast(MediaServerKind, value)
