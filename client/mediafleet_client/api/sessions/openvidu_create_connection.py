from typing import Any
from urllib.parse import quote

from ...models.connection_to_create import ConnectionToCreate
from ...models.open_vidu_connection import OpenViduConnection
from ...types import UNSET, Operation, Unset


def openvidu_create_connection(
    session_id: str,
    *,
    body: ConnectionToCreate | Unset = UNSET,
) -> Operation[OpenViduConnection]:
    """Create a connection

    Creates a connection of a session. One of the type `WEBRTC` is for a participant: its status is `pending`
    until somebody joins with its `token`. One of the type `IPCAM` is a camera, whose stream the Media Node
    fetches from `rtspUri` and publishes in the session; it may be the first participant.

    A member that is null counts as absent, and members that are not described here are ignored.

    Args:
        session_id (str):
        body (ConnectionToCreate | Unset): What a new connection shall be like. Members that are
            not listed here are ignored, and null counts as absent. Example: {'role': 'PUBLISHER',
            'data': 'seat=12'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/openvidu/api/sessions/{session_id}/connection".format(
            session_id=quote(str(session_id), safe=""),
        ),
        body=None if isinstance(body, Unset) else body.to_dict(),
        results={
            200: OpenViduConnection.from_dict,
        },
    )
