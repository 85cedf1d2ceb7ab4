from typing import Literal, TypeAlias, cast

MediaNodeStatus: TypeAlias = Literal[
    "canceled",
    "failed",
    "launching",
    "running",
    "terminated",
    "terminating",
    "waiting-idle-to-terminate",
]
"""A newer server may answer other values; they are passed on as they are."""

MEDIA_NODE_STATUS_VALUES: frozenset[MediaNodeStatus] = frozenset(
    {
        "canceled",
        "failed",
        "launching",
        "running",
        "terminated",
        "terminating",
        "waiting-idle-to-terminate",
    }
)


def check_media_node_status(value: object) -> MediaNodeStatus:
    """Take a value of an answer as it is, known or not."""
    return cast(MediaNodeStatus, value)
