from ...types import Operation


def openvidu_get_openvidu_recording_path() -> Operation[str]:
    """Get one property, recording-path, as OpenVidu 2.16

    Answers the folder on the server where recordings are kept, as OpenVidu since 2.16 does; see `GET /pro/config`.
    The answer is plain text.

    """

    return Operation(
        method="GET",
        path="/openvidu/api/config/openvidu-recording-path",
        results={
            200: str,
        },
    )
