from ...models.open_vidu_health import OpenViduHealth
from ...types import Operation


def openvidu_get_health() -> Operation[OpenViduHealth]:
    """Get the cluster's health, as OpenVidu 2.16 and later

    Answers by its status whether the cluster can host sessions, for load balancers and watchdogs. It answers while
    a restart is under way, too. A cluster is healthy if it has a Media Node that is `running` and connected, and
    if the server can do its own work. Which components of the server fail is listed only if some do.

    """

    return Operation(
        method="GET",
        path="/openvidu/api/health",
        results={
            200: OpenViduHealth.from_dict,
            409: OpenViduHealth.from_dict,
            503: OpenViduHealth.from_dict,
        },
    )
