from typing import Any
from urllib.parse import quote

from ...models.labels_to_set import LabelsToSet
from ...models.media_node_labels import MediaNodeLabels
from ...types import Operation


def set_media_node_labels(
    media_node_id: str,
    *,
    body: LabelsToSet,
) -> Operation[MediaNodeLabels]:
    """Set the labels of a Media Node

    Gives a Media Node labels in place of all that it has; none, if the object is empty. They are stored, and go
    when the node leaves the cluster. If that changes them, the event `mediaNodeLabelsChanged` is emitted. Sessions
    and reservations that the node has already stay.

    Args:
        media_node_id (str):
        body (LabelsToSet): All labels that a Media Node gets. Example: {'labels': {'zone':
            'eu-1'}}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="PUT",
        path="/fleet/media-nodes/{media_node_id}/labels".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        body=body.to_dict(),
        results={
            200: MediaNodeLabels.from_dict,
        },
    )
