from typing import Any
from urllib.parse import quote

from ...models.connection import Connection
from ...models.ip_camera_to_publish import IpCameraToPublish
from ...types import Operation


def create_connection(
    session_id: str,
    *,
    body: IpCameraToPublish,
) -> Operation[Connection]:
    """Publish an IP camera, as OpenVidu 2.15

    Adds a camera to a session: the Media Node fetches its stream from `rtspUri` and publishes it in the session.
    The camera may be the first participant; it then makes the session active.

    A member that is null counts as absent, and members that are not described here are ignored.

    Args:
        session_id (str):
        body (IpCameraToPublish): An IP camera. Members that are not listed here are ignored, and
            null counts as absent. Example: {'rtspUri': 'rtsp://192.0.2.15/live'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/api/sessions/{session_id}/connection".format(
            session_id=quote(str(session_id), safe=""),
        ),
        body=body.to_dict(),
        results={
            200: Connection.from_dict,
        },
    )
