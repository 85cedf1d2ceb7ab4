from ...models.open_vidu_media_node_list import OpenViduMediaNodeList
from ...types import Operation


def openvidu_autodiscover_media_nodes() -> Operation[OpenViduMediaNodeList]:
    """Discover Media Nodes, as OpenVidu 2.16 and later

    Like `PUT /pro/media-nodes`: finds running Media Nodes of this cluster that are not members yet, makes them
    members, and answers those that this request added.

    """

    return Operation(
        method="PUT",
        path="/openvidu/api/media-nodes",
        results={
            200: OpenViduMediaNodeList.from_dict,
        },
    )
