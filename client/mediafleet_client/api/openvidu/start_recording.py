from typing import Any

from ...models.recording_to_start import RecordingToStart
from ...types import Operation


def start_recording(
    *,
    body: RecordingToStart,
) -> Operation[None]:
    """Start a recording, as OpenVidu 2.15

    Would start to record a session. This version records nothing: it has no recorder of composed recordings, and
    individual ones come with a later version. So a request is answered 501, with a message that says why.

    Args:
        body (RecordingToStart): A recording to start. Members that are not listed here are
            ignored, and null counts as absent. Example: {'session': 'physics-101', 'outputMode':
            'INDIVIDUAL'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/api/recordings/start",
        body=body.to_dict(),
        results={},
    )
