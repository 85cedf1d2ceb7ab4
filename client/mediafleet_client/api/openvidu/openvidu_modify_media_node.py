from typing import Any
from urllib.parse import quote

from ...models.media_node_patch import MediaNodePatch
from ...models.open_vidu_media_node import OpenViduMediaNode
from ...types import Operation


def openvidu_modify_media_node(
    media_node_id: str,
    *,
    body: MediaNodePatch,
) -> Operation[OpenViduMediaNode | None]:
    """Change a status, as OpenVidu 2.16 and later

    Like `PATCH /pro/media-nodes/{mediaNodeId}`, with the same body and the same moves. Asking for the status
    that the node already has is answered 204.

    Args:
        media_node_id (str):
        body (MediaNodePatch): The change to make to a Media Node. Members that are not listed
            here are ignored. Example: {'status': 'waiting-idle-to-terminate'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="PATCH",
        path="/openvidu/api/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        body=body.to_dict(),
        results={
            200: OpenViduMediaNode.from_dict,
            204: lambda _: None,
        },
    )
