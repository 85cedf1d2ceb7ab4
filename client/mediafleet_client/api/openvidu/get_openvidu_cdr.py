from ...types import Operation


def get_openvidu_cdr() -> Operation[bool]:
    """Get one property of the configuration, cdr

    Answers whether call detail records are written, as OpenVidu CE 2.15 does; see `GET /pro/config`. The answer
    is true or false.

    """

    return Operation(
        method="GET",
        path="/config/openvidu-cdr",
        results={
            200: bool,
        },
    )
