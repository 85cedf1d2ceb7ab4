from typing import Any
from urllib.parse import quote

from ...models.open_vidu_connection_list import OpenViduConnectionList
from ...types import UNSET, Operation, Unset


def openvidu_list_connections(
    session_id: str,
    *,
    web_rtc_stats: bool | Unset = False,
    pending_connections: bool | Unset = True,
) -> Operation[OpenViduConnectionList]:
    """List the connections of a session

    Answers the connections of a session: those of its participants and cameras and, unless `pendingConnections`
    is false, those whose tokens nobody has used yet.

    Args:
        session_id (str):
        web_rtc_stats (bool | Unset):  Default: False.
        pending_connections (bool | Unset):  Default: True.
    """
    params: dict[str, Any] = {}

    params["webRtcStats"] = web_rtc_stats

    params["pendingConnections"] = pending_connections

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="GET",
        path="/openvidu/api/sessions/{session_id}/connection".format(
            session_id=quote(str(session_id), safe=""),
        ),
        params=params,
        results={
            200: OpenViduConnectionList.from_dict,
        },
    )
