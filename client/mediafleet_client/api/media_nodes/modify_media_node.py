from typing import Any
from urllib.parse import quote

from ...models.media_node import MediaNode
from ...models.media_node_patch import MediaNodePatch
from ...types import Operation


def modify_media_node(
    media_node_id: str,
    *,
    body: MediaNodePatch,
) -> Operation[MediaNode | None]:
    """Change the status of a Media Node

    Moves a Media Node to another status. These moves can be asked for:

    | from | to | meaning |
    |---|---|---|
    | `launching` | `canceled` | give up the launch; the node is terminated as soon as the launch is over |
    | `canceled` | `launching` | take the cancellation back; the launch was never interrupted |
    | `running` | `waiting-idle-to-terminate` | no new sessions; terminate when the last one has ended |
    | `waiting-idle-to-terminate` | `running` | end that quarantine |
    | `running`, `waiting-idle-to-terminate` | `terminating` | terminate now; sessions end with reason `mediaServerDisconnect` |

    Any other move is answered 400 and changes nothing. Asking for the status that the node already has is
    answered 204. A node sent to `waiting-idle-to-terminate` while it hosts no session is answered with that
    status, and goes on to `terminating` by itself at once.

    The answer never waits for what follows from the move: read the node to see how it goes on. Members of the
    body that are not described here are ignored.

    Args:
        media_node_id (str):
        body (MediaNodePatch): The change to make to a Media Node. Members that are not listed
            here are ignored. Example: {'status': 'waiting-idle-to-terminate'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="PATCH",
        path="/pro/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        body=body.to_dict(),
        results={
            200: MediaNode.from_dict,
            204: lambda _: None,
        },
    )
