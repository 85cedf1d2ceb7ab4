from urllib.parse import quote

from ...models.media_node_evidence import MediaNodeEvidence
from ...types import Operation


def get_media_node_evidence(
    media_node_id: str,
) -> Operation[MediaNodeEvidence]:
    """Get what a Media Node is judged on

    Answers whether the connection to a Media Node works, what that is known from, and how old the rest of what is
    known of the node is. The server pings each node regularly. A node that does not answer in time is suspect: it
    gets no new sessions, and nothing else happens to it. If it answers none of some quick further pings either, its
    connection is given up and made anew. What was missed while the server itself stood still is never held against
    a node.

    Each such finding is kept as a verdict with all it was based on, the last 16 for each node, until the node
    leaves or the server ends. So is that a node crashed or was given up. When a node leaves, its verdicts are
    logged.

    Args:
        media_node_id (str):
    """

    return Operation(
        method="GET",
        path="/fleet/media-nodes/{media_node_id}/evidence".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        results={
            200: MediaNodeEvidence.from_dict,
        },
    )
