from typing import Any

from ...models.event_page import EventPage
from ...types import UNSET, Operation, Unset


def list_events(
    *,
    after: int | Unset = UNSET,
    limit: int | Unset = 100,
) -> Operation[EventPage]:
    """List events

    Answers what happened to the cluster, the oldest event first, one page at a time. Ask without `after` for the
    first page, and then with `after` as the `next` of the page before; a page that is shorter than `limit` is the
    last one for now. Each event was stored together with the change it is about, so none is missing and none is
    of a change that was not made.

    Events have numbers, `sequence`, without gaps. The newest ones are kept, as many as are configured, by default
    200,000. A cursor from before the oldest one is answered 410, so that no event is skipped unnoticed.

    The hash of an event covers the event and the hash of the one before it. So an event cannot be changed, added
    or removed without changing the hashes of all later ones; see `StoredEvent`.

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
        path="/fleet/events",
        params=params,
        results={
            200: EventPage.from_dict,
        },
    )
