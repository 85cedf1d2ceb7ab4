from urllib.parse import quote

from ...types import Operation


def openvidu_close_connection(
    session_id: str,
    connection_id: str,
) -> Operation[None]:
    """Disconnect a participant

    Disconnects a participant or a camera, with the reason `forceDisconnectByServer`. The token of a connection
    that nobody uses yet becomes void. An unknown session is answered 400, an unknown connection 404.

    Args:
        session_id (str):
        connection_id (str):
    """

    return Operation(
        method="DELETE",
        path="/openvidu/api/sessions/{session_id}/connection/{connection_id}".format(
            session_id=quote(str(session_id), safe=""),
            connection_id=quote(str(connection_id), safe=""),
        ),
        results={
            204: lambda _: None,
        },
    )
