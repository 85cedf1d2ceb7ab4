from typing import Any
from urllib.parse import quote

from ...models.deletion_strategy import DeletionStrategy
from ...types import UNSET, Operation, Unset


def remove_media_node(
    media_node_id: str,
    *,
    wait: bool | Unset = False,
    deletion_strategy: DeletionStrategy | Unset = UNSET,
) -> Operation[int]:
    """Remove a Media Node

    Takes a Media Node out of the cluster. What happens to the sessions it hosts is the choice of
    `deletion-strategy`:

    | strategy | node hosts no session | node hosts sessions |
    |---|---|---|
    | `if-no-sessions` (default) | 204, removed | 409, nothing changes |
    | `when-no-sessions` | 204, removed | 202, removed when the last session has ended |
    | `now` | 204, removed | 204, removed; its sessions are closed with reason `mediaServerDisconnect` |

    A removed node passes through `terminating` to `terminated` and is then gone. In the environment `on_premise`
    the server only removes the node and its machine keeps running; in the others the machine is ended too.

    With `wait=false` the answer 204 means that the removal has begun: the node may be seen as `terminating` for a
    moment. With `wait=true` the answer comes when the node is terminated, and is 204; under `when-no-sessions`
    this lasts as long as its last session. Should somebody end the quarantine meanwhile (by giving the node the
    status `running` again), the answer is 409.

    Whether it hosts sessions the node itself is asked, when the request comes and once more before it is ended: a
    session that begins meanwhile is never closed but by `now`, and the node stays `terminating` until it ends. A
    node that does not answer is taken for one that hosts sessions, so `if-no-sessions` is 409.

    A node that is `launching` or `canceled` hosts nothing: its launch is cancelled, with any strategy. Removing a
    node that is `terminating` is answered 204 and changes nothing, but that with `now` it does not wait for such
    late sessions any more. Removing a node that `failed` deletes its record, as soon as what its launch may have
    left is ended: until then it is listed as `failed`.

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
        path="/pro/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        params=params,
        results={
            202: lambda _: 202,
            204: lambda _: 204,
        },
    )
