from typing import Any
from urllib.parse import quote

from ...models.deletion_strategy import DeletionStrategy
from ...types import UNSET, Operation, Unset


def openvidu_remove_media_node(
    media_node_id: str,
    *,
    wait: bool | Unset = False,
    deletion_strategy: DeletionStrategy | Unset = UNSET,
) -> Operation[int]:
    """Remove a Media Node, as OpenVidu 2.16 and later

    Like `DELETE /pro/media-nodes/{mediaNodeId}`, with one difference: a removal that has begun is answered 200,
    and 204 means that it has come to its end. So `wait=false` is answered 200, and `wait=true` 204.

    Args:
        media_node_id (str):
        wait (bool | Unset):  Default: False.
        deletion_strategy (DeletionStrategy | Unset): What the removal of a Media Node does about
            the sessions that it hosts. `if-no-sessions`: refuse to remove it. `when-no-sessions`: put
            it into quarantine and remove it when the last session has ended. `now`: close them and
            remove it. Example: when-no-sessions.
    """
    params: dict[str, Any] = {}

    params["wait"] = wait

    json_deletion_strategy: str | Unset = UNSET
    if not isinstance(deletion_strategy, Unset):
        json_deletion_strategy = deletion_strategy

    params["deletion-strategy"] = json_deletion_strategy

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="DELETE",
        path="/openvidu/api/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        params=params,
        results={
            200: lambda _: 200,
            202: lambda _: 202,
            204: lambda _: 204,
        },
    )
