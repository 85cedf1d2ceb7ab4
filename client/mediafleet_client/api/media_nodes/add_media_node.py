from typing import Any

from ...models.media_node import MediaNode
from ...models.media_node_to_add import MediaNodeToAdd
from ...types import UNSET, Operation, Unset


def add_media_node(
    *,
    body: MediaNodeToAdd | Unset = UNSET,
    wait: bool | Unset = False,
) -> Operation[MediaNode]:
    """Add a Media Node

    Adds one Media Node to the cluster.

    **In the environment `on_premise`** the node must be running already, and the body must name its `uri`. The
    server connects to the node before it answers, with either value of `wait`: a node that cannot be reached is
    refused with 404 and leaves no trace. A node that is a member already is refused with 409, be it under the
    same `uri` or the same media server under another name. Two uris are the same if scheme, host, port and path
    are, without regard to the letter case of scheme and host, and with the default port filled in. A node that
    `failed` or is terminated no longer holds its uri. If two members turn out to be one media server only later,
    because the first was disconnected, the younger one leaves, and no session is ended by that. A member added
    this way survives a restart of the server and keeps its `id`.

    **In the other environments** the server launches a new node, and ignores `uri`. The body may be left out.
    With `wait=false` the answer comes at once with the node in status `launching`, and a later failure is seen
    only by its status `failed`. With `wait=true` the answer comes when the node is `running`; a launch that fails
    is then answered 502, and a launch that somebody cancelled meanwhile 409.

    Members of the body that are not described here are ignored.

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
        path="/pro/media-nodes",
        params=params,
        body=None if isinstance(body, Unset) else body.to_dict(),
        results={
            200: MediaNode.from_dict,
        },
    )
