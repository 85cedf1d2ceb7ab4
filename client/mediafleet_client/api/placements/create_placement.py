from typing import Any

from ...models.placed_session import PlacedSession
from ...models.session_to_place import SessionToPlace
from ...types import UNSET, Operation, Unset


def create_placement(
    *,
    body: SessionToPlace | Unset = UNSET,
) -> Operation[PlacedSession]:
    """Place a session

    Answers on which Media Node a new session should begin, and reserves its place there. The node is the one with
    the least effective load among those that are `running`, connected, answer pings, and have all `labels`; with
    equal loads, the one that joined first. The effective load is the measured one together with the estimated loads
    of the reservations, so that a burst of sessions spreads. An unknown load is never taken for a low one: such a
    node comes after all others.

    A reservation counts until `expiresTime`, until it is deleted, or until its node accepts no sessions any more.
    If `sessionId` was given and that session appears on the node, it counts for two load intervals from then on,
    whatever `ttl` was, and then the measured load includes the session. A second request for the same `sessionId`
    gets the same reservation, renewed, if it still fits. The server reserves only: it makes no session, and stores
    nothing, so a restart ends all reservations.

    A node that is being removed or drained is not chosen, from the moment when that is decided. It can still be
    removed or crash right after the answer: if the session cannot begin there, place it again.

    Args:
        body (SessionToPlace | Unset): What a session needs. Example: {'sessionId':
            'physics-101'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/fleet/placements",
        body=None if isinstance(body, Unset) else body.to_dict(),
        results={
            200: PlacedSession.from_dict,
        },
    )
