from typing import Any
from urllib.parse import quote

from ...models.media_node import MediaNode
from ...types import UNSET, Operation, Unset


def get_media_node(
    media_node_id: str,
    *,
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> Operation[MediaNode]:
    """Get one Media Node

    Answers one Media Node of the cluster. A node whose connection is lost is still answered, with
    `connected: false` and the last that was known of it.

    Args:
        media_node_id (str):
        sessions (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.
    """
    params: dict[str, Any] = {}

    params["sessions"] = sessions

    params["extra-info"] = extra_info

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="GET",
        path="/pro/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        params=params,
        results={
            200: MediaNode.from_dict,
        },
    )
