from typing import Any

from ...models.open_vidu_session import OpenViduSession
from ...models.open_vidu_session_to_create import OpenViduSessionToCreate
from ...types import UNSET, Operation, Unset


def openvidu_create_session(
    *,
    body: OpenViduSessionToCreate | Unset = UNSET,
) -> Operation[OpenViduSession]:
    """Create a session

    Creates a session, to which participants can then be given tokens. It is not active before the first of them
    joins: only then the server chooses the Media Node that hosts it. A session that nobody joins is deleted after
    `OPENVIDU_SESSIONS_GARBAGE_THRESHOLD` seconds.

    Without a body, or a member of it, the defaults hold. A member that is null counts as absent, and members that
    are not described here are ignored.

     The answer is the whole session.

    Args:
        body (OpenViduSessionToCreate | Unset): What a new session shall be like, as OpenVidu 2.16
            and later take it. Members that are not listed here are ignored, and null counts as
            absent. Example: {'customSessionId': 'physics-101'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/openvidu/api/sessions",
        body=None if isinstance(body, Unset) else body.to_dict(),
        results={
            200: OpenViduSession.from_dict,
        },
    )
