from typing import Any

from ...models.session_list import SessionList
from ...types import UNSET, Operation, Unset


def list_sessions(
    *,
    web_rtc_stats: bool | Unset = False,
) -> Operation[SessionList]:
    """List all sessions, as OpenVidu 2.15

    Answers all sessions that were created here, also those that nobody has joined yet. The order has no meaning.
    Sessions that other clients make on the Media Nodes are listed with the Media Nodes only.

    Args:
        web_rtc_stats (bool | Unset):  Default: False.
    """
    params: dict[str, Any] = {}

    params["webRtcStats"] = web_rtc_stats

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="GET",
        path="/api/sessions",
        params=params,
        results={
            200: SessionList.from_dict,
        },
    )
