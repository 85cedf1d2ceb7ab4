from ...types import Operation


def get_openvidu_publicurl() -> Operation[str]:
    """Get one property of the configuration, publicurl

    Answers the address of this server for browsers. It needs no credentials, as OpenVidu CE 2.15 does; see `GET
    /pro/config`. The answer is plain text.

    """

    return Operation(
        method="GET",
        path="/config/openvidu-publicurl",
        results={
            200: str,
        },
    )
