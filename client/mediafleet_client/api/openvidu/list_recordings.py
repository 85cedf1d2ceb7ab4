from ...models.recording_list import RecordingList
from ...types import Operation


def list_recordings() -> Operation[RecordingList]:
    """List all recordings, as OpenVidu 2.15

    Answers all recordings that there are. This version makes none, so the list is empty. Recording must be on
    (`OPENVIDU_RECORDING`), else the answer is 501.

    """

    return Operation(
        method="GET",
        path="/api/recordings",
        results={
            200: RecordingList.from_dict,
        },
    )
