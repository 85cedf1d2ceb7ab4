from urllib.parse import quote

from ...models.media_node_diagnostics import MediaNodeDiagnostics
from ...types import Operation


def get_media_node_diagnostics(
    media_node_id: str,
) -> Operation[MediaNodeDiagnostics]:
    """Get the diagnostics of a Media Node

    Answers whether the connection to a Media Node works, what that is known from, and how old the rest of what is
    known of the node is. The server pings each node regularly. A node that does not answer in time is suspect: it
    gets no new sessions, and nothing else happens to it. If it answers none of some quick further pings either, the
    server closes its connection and opens a new one. Pings that fail while the event loop of the server itself is
    stalled do not count.

    The server keeps each such decision with the data it is based on: the last 16 of each node, until the node
    leaves or the server ends. That a node crashed or was given up is a decision too. When a node leaves, its
    decisions are logged.

    Args:
        media_node_id (str):
    """

    return Operation(
        method="GET",
        path="/fleet/media-nodes/{media_node_id}/diagnostics".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        results={
            200: MediaNodeDiagnostics.from_dict,
        },
    )
