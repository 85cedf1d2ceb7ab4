from urllib.parse import quote

from ...types import Operation


def stop_recording(
    recording_id: str,
) -> Operation[None]:
    """Stop a recording, as OpenVidu 2.15

    Would stop a recording that is under way. There is none in this version, so it is answered 404. Recording must
    be on (`OPENVIDU_RECORDING`), else the answer is 501. A body is ignored.

    Args:
        recording_id (str):
    """

    return Operation(
        method="POST",
        path="/api/recordings/stop/{recording_id}".format(
            recording_id=quote(str(recording_id), safe=""),
        ),
        results={},
    )
