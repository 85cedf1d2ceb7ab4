from urllib.parse import quote

from ...types import Operation


def openvidu_get_recording(
    recording_id: str,
) -> Operation[None]:
    """Get one recording

    Would answer a recording. There is none in this version, so it is answered 404. Recording must be on
    (`OPENVIDU_RECORDING`), else the answer is 501.

    Args:
        recording_id (str):
    """

    return Operation(
        method="GET",
        path="/openvidu/api/recordings/{recording_id}".format(
            recording_id=quote(str(recording_id), safe=""),
        ),
        results={},
    )
