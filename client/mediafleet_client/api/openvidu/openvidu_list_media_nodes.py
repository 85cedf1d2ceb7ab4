from typing import Any

from ...models.open_vidu_media_node_list import OpenViduMediaNodeList
from ...types import UNSET, Operation, Unset


def openvidu_list_media_nodes(
    *,
    sessions: bool | Unset = False,
    recordings: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> Operation[OpenViduMediaNodeList]:
    """List all Media Nodes, as OpenVidu 2.16 and later

    Like `GET /pro/media-nodes`. Media Nodes and sessions have the members that later versions added, and
    `recordings=true` asks for `recordingIds` and `broadcasts`.

    Args:
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
        path="/openvidu/api/media-nodes",
        params=params,
        results={
            200: OpenViduMediaNodeList.from_dict,
        },
    )
