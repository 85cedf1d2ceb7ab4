from urllib.parse import quote

from ...models.drain import Drain
from ...types import Operation


def get_media_node_drain(
    media_node_id: str,
) -> Operation[Drain]:
    """Get how far a drain has come

    Answers what a Media Node on its way out still waits for: sessions that are left, the limit of the drain, and in
    one line why the node is not gone. It can be read while the node is `waiting-idle-to-terminate`, however it came
    to be, and while it is `terminating`. When the node is gone, or running again, there is no drain any more: 404.

    Args:
        media_node_id (str):
    """

    return Operation(
        method="GET",
        path="/fleet/media-nodes/{media_node_id}/drain".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        results={
            200: Drain.from_dict,
        },
    )
