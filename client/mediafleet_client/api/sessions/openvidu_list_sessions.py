from typing import Any

from ...models.open_vidu_session_list import OpenViduSessionList
from ...types import UNSET, Operation, Unset


def openvidu_list_sessions(
    *,
    web_rtc_stats: bool | Unset = False,
    pending_connections: bool | Unset = False,
) -> Operation[OpenViduSessionList]:
    """List all sessions

    Answers all sessions that were created here, also those that nobody has joined yet. The order has no meaning.
    Sessions that other clients make on the Media Nodes are listed with the Media Nodes only.

    Args:
        web_rtc_stats (bool | Unset):  Default: False.
        pending_connections (bool | Unset):  Default: False.
    """
    params: dict[str, Any] = {}

    params["webRtcStats"] = web_rtc_stats

    params["pendingConnections"] = pending_connections

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="GET",
        path="/openvidu/api/sessions",
        params=params,
        results={
            200: OpenViduSessionList.from_dict,
        },
    )
