from ...types import Operation


def openvidu_get_openvidu_recording() -> Operation[bool]:
    """Get one property, recording, as OpenVidu 2.16

    Answers whether sessions can be recorded, as OpenVidu since 2.16 does; see `GET /pro/config`. The answer is true
    or false.

    """

    return Operation(
        method="GET",
        path="/openvidu/api/config/openvidu-recording",
        results={
            200: bool,
        },
    )
