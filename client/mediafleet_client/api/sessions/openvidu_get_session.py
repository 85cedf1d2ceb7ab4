from typing import Any
from urllib.parse import quote

from ...models.open_vidu_session import OpenViduSession
from ...types import UNSET, Operation, Unset


def openvidu_get_session(
    session_id: str,
    *,
    web_rtc_stats: bool | Unset = False,
    pending_connections: bool | Unset = False,
) -> Operation[OpenViduSession]:
    """Get one session

    Answers a session with its participants, and the streams that each of them sends and receives.
    `webRtcStats=true` adds what is known about the media connection of each stream.

    Args:
        session_id (str):
        web_rtc_stats (bool | Unset):  Default: False.
        pending_connections (bool | Unset):  Default: False.
    """
    params: dict[str, Any] = {}

    params["webRtcStats"] = web_rtc_stats

    params["pendingConnections"] = pending_connections

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="GET",
        path="/openvidu/api/sessions/{session_id}".format(
            session_id=quote(str(session_id), safe=""),
        ),
        params=params,
        results={
            200: OpenViduSession.from_dict,
        },
    )
