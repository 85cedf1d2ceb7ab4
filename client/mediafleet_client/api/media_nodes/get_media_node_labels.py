from urllib.parse import quote

from ...models.media_node_labels import MediaNodeLabels
from ...types import Operation


def get_media_node_labels(
    media_node_id: str,
) -> Operation[MediaNodeLabels]:
    """Get the labels of a Media Node

    Answers the labels of a Media Node. They have no meaning but the one that operators give them; placements can
    ask for nodes that have some.

    Args:
        media_node_id (str):
    """

    return Operation(
        method="GET",
        path="/fleet/media-nodes/{media_node_id}/labels".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        results={
            200: MediaNodeLabels.from_dict,
        },
    )
