from ...types import Operation


def get_openvidu_recording() -> Operation[bool]:
    """Get one property of the configuration, recording

    Answers whether sessions can be recorded, as OpenVidu CE 2.15 does; see `GET /pro/config`. The answer is true
    or false.

    """

    return Operation(
        method="GET",
        path="/config/openvidu-recording",
        results={
            200: bool,
        },
    )
