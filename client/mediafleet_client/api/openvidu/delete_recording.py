from urllib.parse import quote

from ...types import Operation


def delete_recording(
    recording_id: str,
) -> Operation[None]:
    """Delete a recording, as OpenVidu 2.15

    Would delete a recording and its files. There is none in this version, so it is answered 404. Recording must
    be on (`OPENVIDU_RECORDING`), else the answer is 501.

    Args:
        recording_id (str):
    """

    return Operation(
        method="DELETE",
        path="/api/recordings/{recording_id}".format(
            recording_id=quote(str(recording_id), safe=""),
        ),
        results={},
    )
