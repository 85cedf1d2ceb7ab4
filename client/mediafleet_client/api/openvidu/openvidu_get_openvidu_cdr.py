from ...types import Operation


def openvidu_get_openvidu_cdr() -> Operation[bool]:
    """Get one property, cdr, as OpenVidu 2.16

    Answers whether call detail records are written, as OpenVidu since 2.16 does; see `GET /pro/config`. The answer
    is true or false.

    """

    return Operation(
        method="GET",
        path="/openvidu/api/config/openvidu-cdr",
        results={
            200: bool,
        },
    )
