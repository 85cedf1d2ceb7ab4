from ...types import Operation


def get_openvidu_recording_path() -> Operation[str]:
    """Get one property of the configuration, recording-path

    Answers the folder on the server where recordings are kept, as OpenVidu CE 2.15 does; see `GET /pro/config`.
    The answer is plain text.

    """

    return Operation(
        method="GET",
        path="/config/openvidu-recording-path",
        results={
            200: str,
        },
    )
