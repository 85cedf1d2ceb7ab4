from urllib.parse import quote

from ...types import Operation


def close_connection(
    session_id: str,
    connection_id: str,
) -> Operation[None]:
    """Disconnect a participant, as OpenVidu 2.15

    Disconnects a participant or a camera, with the reason `forceDisconnectByServer`. An unknown session is
    answered 400, an unknown connection 404.

    Args:
        session_id (str):
        connection_id (str):
    """

    return Operation(
        method="DELETE",
        path="/api/sessions/{session_id}/connection/{connection_id}".format(
            session_id=quote(str(session_id), safe=""),
            connection_id=quote(str(connection_id), safe=""),
        ),
        results={
            204: lambda _: None,
        },
    )
