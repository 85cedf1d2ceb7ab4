"""The bounds of what one request may cost; what happens at a bound lives where it is met."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a client may send, and how long it may take.

    Attributes:
        body_bytes: Largest request body; a longer one is answered 413.
        body_seconds: Time for the whole body to arrive, from when the layer starts to read it.
        query_bytes: Longest query string as sent (still percent-encoded); a longer one is 400.
        authorization_bytes: Longest ``Authorization`` header looked at; a longer one is 401.
        linger_bytes: How much of an unwanted body is still read and thrown away after the answer,
            so that the client can read the answer before the connection closes.
        linger_seconds: How long that may take.
        waiting: Requests at a time that wait for something to happen (``x-waits-when``); one more
            is answered 503, so that they never take all connections.
    """

    body_bytes: int = 1 << 20
    body_seconds: float = 10.0
    query_bytes: int = 8192
    authorization_bytes: int = 8192
    linger_bytes: int = 8 << 20
    linger_seconds: float = 2.0
    waiting: int = 500
