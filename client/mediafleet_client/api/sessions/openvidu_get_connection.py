from typing import Any
from urllib.parse import quote

from ...models.open_vidu_connection import OpenViduConnection
from ...types import UNSET, Operation, Unset


def openvidu_get_connection(
    session_id: str,
    connection_id: str,
    *,
    web_rtc_stats: bool | Unset = False,
) -> Operation[OpenViduConnection]:
    """Get one connection

    Answers one connection of a session, also one that nobody uses yet. An unknown session is answered 400, an
    unknown connection 404.

    Args:
        session_id (str):
        connection_id (str):
        web_rtc_stats (bool | Unset):  Default: False.
    """
    params: dict[str, Any] = {}

    params["webRtcStats"] = web_rtc_stats

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="GET",
        path="/openvidu/api/sessions/{session_id}/connection/{connection_id}".format(
            session_id=quote(str(session_id), safe=""),
            connection_id=quote(str(connection_id), safe=""),
        ),
        params=params,
        results={
            200: OpenViduConnection.from_dict,
        },
    )
