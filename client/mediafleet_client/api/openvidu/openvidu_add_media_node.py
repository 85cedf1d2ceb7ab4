from typing import Any

from ...models.media_node_to_add import MediaNodeToAdd
from ...models.open_vidu_media_node import OpenViduMediaNode
from ...types import UNSET, Operation, Unset


def openvidu_add_media_node(
    *,
    body: MediaNodeToAdd | Unset = UNSET,
    wait: bool | Unset = False,
) -> Operation[OpenViduMediaNode]:
    """Add a Media Node, as OpenVidu 2.16 and later

    Like `POST /pro/media-nodes`, with the same body. What later versions let a client choose about the machine
    (`environmentId`, `instanceType`, `volumeSize`) is ignored, as every member that is not described is.

    Args:
        wait (bool | Unset):  Default: False.
        body (MediaNodeToAdd | Unset): The Media Node to add. Members that are not listed here are
            ignored. Example: {'uri': 'ws://172.17.0.5:8888/kurento'}.
    """
    params: dict[str, Any] = {}

    params["wait"] = wait

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/openvidu/api/media-nodes",
        params=params,
        body=None if isinstance(body, Unset) else body.to_dict(),
        results={
            200: OpenViduMediaNode.from_dict,
        },
    )
