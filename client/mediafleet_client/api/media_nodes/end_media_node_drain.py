from urllib.parse import quote

from ...types import Operation


def end_media_node_drain(
    media_node_id: str,
) -> Operation[None]:
    """End the drain of a Media Node

    Ends the quarantine of a Media Node, however it came to be: the node is `running` again and gets new sessions.
    PATCH to `running` does the same. A node that is `terminating` cannot be called back.

    Args:
        media_node_id (str):
    """

    return Operation(
        method="DELETE",
        path="/fleet/media-nodes/{media_node_id}/drain".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        results={
            204: lambda _: None,
        },
    )
