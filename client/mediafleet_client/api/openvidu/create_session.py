from typing import Any

from ...models.created_session import CreatedSession
from ...models.session_to_create import SessionToCreate
from ...types import UNSET, Operation, Unset


def create_session(
    *,
    body: SessionToCreate | Unset = UNSET,
) -> Operation[CreatedSession]:
    """Create a session, as OpenVidu 2.15

    Creates a session, to which participants can then be given tokens. It is not active before the first of them
    joins: only then the server chooses the Media Node that hosts it. A session that nobody joins is deleted after
    `OPENVIDU_SESSIONS_GARBAGE_THRESHOLD` seconds.

    Without a body, or a member of it, the defaults hold. A member that is null counts as absent, and members that
    are not described here are ignored.

     The answer has the id and the time of creation only.

    Args:
        body (SessionToCreate | Unset): What a new session shall be like. Members that are not
            listed here are ignored, and null counts as absent. Example: {'customSessionId':
            'physics-101'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/api/sessions",
        body=None if isinstance(body, Unset) else body.to_dict(),
        results={
            200: CreatedSession.from_dict,
        },
    )
