from typing import Any
from urllib.parse import quote

from ...models.connection_patch import ConnectionPatch
from ...models.open_vidu_connection import OpenViduConnection
from ...types import Operation


def openvidu_modify_connection(
    session_id: str,
    connection_id: str,
    *,
    body: ConnectionPatch,
) -> Operation[OpenViduConnection]:
    """Modify a connection

    Changes what a participant may do: the role, and whether its streams are recorded. It takes effect at once,
    and the participant is notified of each change. A connection that nobody uses yet is changed too.

    Args:
        session_id (str):
        connection_id (str):
        body (ConnectionPatch): What shall change in a connection. Members that are not listed
            here are ignored, and null counts as absent. Example: {'role': 'MODERATOR'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="PATCH",
        path="/openvidu/api/sessions/{session_id}/connection/{connection_id}".format(
            session_id=quote(str(session_id), safe=""),
            connection_id=quote(str(connection_id), safe=""),
        ),
        body=body.to_dict(),
        results={
            200: OpenViduConnection.from_dict,
        },
    )
