from ...models.open_vidu_status import OpenViduStatus
from ...types import Operation


def openvidu_get_status() -> Operation[OpenViduStatus]:
    """Get the server's restarts, as OpenVidu 2.29

    Answers since when the server runs and how often it was restarted with a new configuration. To see that a
    restart is over, wait until `restartCounter` is one higher than before; it answers while one is under way.

    """

    return Operation(
        method="GET",
        path="/openvidu/api/status",
        results={
            200: OpenViduStatus.from_dict,
        },
    )
