from typing import Literal, TypeAlias, cast

MediaNodeObject: TypeAlias = Literal["mediaNode",]
"""A newer server may answer other values; they are passed on as they are."""

MEDIA_NODE_OBJECT_VALUES: frozenset[MediaNodeObject] = frozenset(
    {
        "mediaNode",
    }
)


def check_media_node_object(value: object) -> MediaNodeObject:
    """Take a value of an answer as it is, known or not."""
    return cast(MediaNodeObject, value)
