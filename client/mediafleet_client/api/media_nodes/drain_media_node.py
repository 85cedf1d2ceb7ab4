from typing import Any
from urllib.parse import quote

from ...models.drain import Drain
from ...models.drain_limit import DrainLimit
from ...types import UNSET, Operation, Unset


def drain_media_node(
    media_node_id: str,
    *,
    body: DrainLimit | Unset = UNSET,
    together_with: str | Unset = UNSET,
    force: bool | Unset = False,
    dry_run: bool | Unset = False,
) -> Operation[Drain]:
    """Drain a Media Node

    Puts a Media Node into quarantine: it gets no new session, and goes when its last one has ended. That is what
    PATCH to `waiting-idle-to-terminate` and DELETE with `when-no-sessions` do too; here the time it may take can be
    limited. Without a body, or with an empty one, it is not limited.

    | `atDeadline` | if the node still hosts sessions at the deadline |
    |---|---|
    | `force` | it is terminated, its sessions are closed with reason `mediaServerDisconnect` |
    | `abort` | it is `running` again |
    | `extend` | it gets the same time once more, as often as needed; `extensions` counts that |

    The deadline outlives a restart of the server, and is not moved by somebody who sets the clock while the server
    runs. A node that is drained already gets the new limit, counted from now, in place of the one it had; PUT
    without a body takes the limit away.

    With `move` the sessions of calls do not have to end: they are placed on other nodes, and their browsers connect
    again there. A session that fits on no other node stays until one accepts it, or it ends. Sessions of other
    clients of the media server are not moved.

    A node is not drained if the others could not carry its load: if no other one is running and connected, or if
    their load, together with that of all nodes that are drained, were more than 100 % for each of them on average.
    To drain several nodes, name the others in `together-with`: then none is begun that could not be ended.
    `force=true` drains it anyway. With `dry-run=true` the response shows what would happen, and nothing is changed.

    Args:
        media_node_id (str):
        together_with (str | Unset):
        force (bool | Unset):  Default: False.
        dry_run (bool | Unset):  Default: False.
        body (DrainLimit | Unset): How long a drain may take, and whether calls are moved. Of
            `deadline` and `atDeadline` both are there, or none for a drain that is not limited.
            Example: {'deadline': 1800, 'atDeadline': 'force'}.
    """
    params: dict[str, Any] = {}

    params["together-with"] = together_with

    params["force"] = force

    params["dry-run"] = dry_run

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    headers: dict[str, Any] = {}

    return Operation(
        method="PUT",
        path="/fleet/media-nodes/{media_node_id}/drain".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        params=params,
        body=None if isinstance(body, Unset) else body.to_dict(),
        results={
            200: Drain.from_dict,
            201: Drain.from_dict,
        },
    )
