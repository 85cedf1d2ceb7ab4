from typing import Any

from ...models.dead_letter_page import DeadLetterPage
from ...types import UNSET, Operation, Unset


def list_dead_letters(
    *,
    after: int | Unset = UNSET,
    limit: int | Unset = 100,
) -> Operation[DeadLetterPage]:
    """List the events that the webhook's receiver refused

    Answers the dead letters, the oldest first, one page at a time: events that the receiver of the webhook refused
    five times with a status from 400 to 499 (but 408, 425 and 429), so that they are not sent again by themselves.
    They are kept until they are delivered by a replay or deleted, the newest 10,000 of them, also when the events
    themselves are not kept any more.

    Args:
        after (int | Unset):
        limit (int | Unset):  Default: 100.
    """
    params: dict[str, Any] = {}

    params["after"] = after

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="GET",
        path="/fleet/dead-letters",
        params=params,
        results={
            200: DeadLetterPage.from_dict,
        },
    )
