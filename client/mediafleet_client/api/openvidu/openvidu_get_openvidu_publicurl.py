from ...types import Operation


def openvidu_get_openvidu_publicurl() -> Operation[str]:
    """Get one property, publicurl, as OpenVidu 2.16

    Answers the address of this server for browsers. Unlike `/config/openvidu-publicurl` it needs credentials. The answer is plain text.

    """

    return Operation(
        method="GET",
        path="/openvidu/api/config/openvidu-publicurl",
        results={
            200: str,
        },
    )
