from urllib.parse import quote

from ...types import Operation


def openvidu_close_session(
    session_id: str,
) -> Operation[None]:
    """Close a session

    Ends a session at once: all its participants are disconnected, with the reason `sessionClosedByServer`, and
    its tokens are void. The id can be used again.

    Args:
        session_id (str):
    """

    return Operation(
        method="DELETE",
        path="/openvidu/api/sessions/{session_id}".format(
            session_id=quote(str(session_id), safe=""),
        ),
        results={
            204: lambda _: None,
        },
    )
