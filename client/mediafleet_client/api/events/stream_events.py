from typing import Any

from ...types import UNSET, Operation, Unset


def stream_events(
    *,
    after: int | Unset = UNSET,
    limit: int | Unset = UNSET,
    duration: int | Unset = UNSET,
    last_event_id: int | Unset = UNSET,
) -> Operation[str]:
    """Follow the events

    Sends events as they happen, as Server-Sent Events (WHATWG HTML, `text/event-stream`), without a gap from the
    cursor on; without a cursor, those that happen from now on. Of each event `id` is its `sequence`, `event` its
    name and `data`, in one line, the `StoredEvent` as `GET /fleet/events` answers it. A comment is sent at least
    every 15 seconds, so that proxies keep the connection and a broken one is noticed.

    A client that lost its connection sends the last `id` it has seen in the header `Last-Event-ID`, as browsers do
    by themselves, and misses nothing; that header counts before `after`. If events after it are deleted already
    the answer is 410. A stream that has fallen behind so far is ended, and so is one whose client does not read
    for 20 seconds. All streams are ended when the server stops.

    At most 100 streams are served at a time; one more is answered 503.

    Args:
        after (int | Unset):
        limit (int | Unset):
        duration (int | Unset):
        last_event_id (int | Unset):
    """
    params: dict[str, Any] = {}

    params["after"] = after

    params["limit"] = limit

    params["duration"] = duration

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    headers: dict[str, Any] = {}
    if not isinstance(last_event_id, Unset):
        headers["Last-Event-ID"] = str(last_event_id)

    return Operation(
        method="GET",
        path="/fleet/events/stream",
        params=params,
        headers=headers,
        results={
            200: str,
        },
    )
