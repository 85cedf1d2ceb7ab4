from ...types import Operation


def openvidu_get_openvidu_version() -> Operation[str]:
    """Get one property, version, as OpenVidu 2.16

    Answers the version of OpenVidu CE whose interface this server speaks, as OpenVidu since 2.16 does; see `GET
    /pro/config`. The answer is plain text.

    """

    return Operation(
        method="GET",
        path="/openvidu/api/config/openvidu-version",
        results={
            200: str,
        },
    )
