from ...types import Operation


def get_openvidu_version() -> Operation[str]:
    """Get one property of the configuration, version

    Answers the version of OpenVidu CE whose interface this server speaks, as OpenVidu CE 2.15 does; see `GET
    /pro/config`. The answer is plain text.

    """

    return Operation(
        method="GET",
        path="/config/openvidu-version",
        results={
            200: str,
        },
    )
