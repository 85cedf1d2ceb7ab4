from typing import Any

from ...models.media_node_list import MediaNodeList
from ...types import UNSET, Operation, Unset


def list_media_nodes(
    *,
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> Operation[MediaNodeList]:
    """List all Media Nodes

    Answers every Media Node of the cluster, whatever its status. A node leaves the list when it is terminated. A
    node that `failed` stays until it is removed or an hour has passed, and what its launch may have left is ended.
    The order has no meaning and may change from one request to the next.

    The answer shows the cluster at one moment. It is as fast with unreachable nodes as without: only
    `extra-info=true` asks the nodes anything, for a bounded time.

    Args:
        sessions (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.
    """
    params: dict[str, Any] = {}

    params["sessions"] = sessions

    params["extra-info"] = extra_info

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="GET",
        path="/pro/media-nodes",
        params=params,
        results={
            200: MediaNodeList.from_dict,
        },
    )
