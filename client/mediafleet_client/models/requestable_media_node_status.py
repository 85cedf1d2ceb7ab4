from typing import Literal, TypeAlias, cast

RequestableMediaNodeStatus: TypeAlias = Literal[
    "canceled",
    "launching",
    "running",
    "terminating",
    "waiting-idle-to-terminate",
]
"""A newer server may answer other values; they are passed on as they are."""

REQUESTABLE_MEDIA_NODE_STATUS_VALUES: frozenset[RequestableMediaNodeStatus] = frozenset(
    {
        "canceled",
        "launching",
        "running",
        "terminating",
        "waiting-idle-to-terminate",
    }
)


def check_requestable_media_node_status(value: object) -> RequestableMediaNodeStatus:
    """Take a value of an answer as it is, known or not."""
    return cast(RequestableMediaNodeStatus, value)
