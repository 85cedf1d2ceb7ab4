from typing import Any
from urllib.parse import quote

from ...models.open_vidu_media_node import OpenViduMediaNode
from ...types import UNSET, Operation, Unset


def openvidu_get_media_node(
    media_node_id: str,
    *,
    sessions: bool | Unset = False,
    recordings: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> Operation[OpenViduMediaNode]:
    """Get one Media Node, as OpenVidu 2.16 and later

    Like `GET /pro/media-nodes/{mediaNodeId}`. The Media Node and its sessions have the members that later
    versions added, and `recordings=true` asks for `recordingIds` and `broadcasts`.

    Args:
        media_node_id (str):
        sessions (bool | Unset):  Default: False.
        recordings (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.
    """
    params: dict[str, Any] = {}

    params["sessions"] = sessions

    params["recordings"] = recordings

    params["extra-info"] = extra_info

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="GET",
        path="/openvidu/api/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        params=params,
        results={
            200: OpenViduMediaNode.from_dict,
        },
    )
