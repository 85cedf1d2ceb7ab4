from ...models.media_node_list import MediaNodeList
from ...types import Operation


def autodiscover_media_nodes() -> Operation[MediaNodeList]:
    """Discover Media Nodes

    Looks for running Media Nodes of this cluster's environment that are not members yet, connects to them, and
    makes them members. Answers only the nodes that this request added; running it again right away adds nothing.
    A node that is found but cannot be reached is passed over. A machine of a node that failed or has left is ended.

    In the environment `on_premise` there is nothing to look at and the list is empty, unless an executable
    `openvidu_autodiscover.sh` is in the folder `OPENVIDU_PRO_CLUSTER_PATH`: then that is asked. Use it after starting
    nodes by other means than this API.

    """

    return Operation(
        method="PUT",
        path="/pro/media-nodes",
        results={
            200: MediaNodeList.from_dict,
        },
    )
