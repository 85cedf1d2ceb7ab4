"""What can go wrong, as exceptions of one family.

MediafleetError
├── ConnectionFailed       there is no answer: no connection, or it broke
├── RequestTimedOut        there is no answer in time; also a TimeoutError
├── StatusNotReached       a wait for a status is over; also a TimeoutError
├── InvalidResponse        an answer that the API does not have
└── ApiStatusError         the server, or a proxy before it, refused
    ├── BadRequest 400 · Unauthorized 401 · Forbidden 403 · NotFound 404 · MethodNotAllowed 405
    ├── NotAcceptable 406 · Conflict 409 · Gone 410 · ContentTooLarge 413 · UnsupportedMediaType 415
    └── InternalServerError 500 · NotSupported 501 · BadGateway 502 · Unavailable 503 · GatewayTimeout 504
"""

from typing import Final

from mediafleet_client.models import ErrorDetail


class MediafleetError(Exception):
    """Every error of this client.

    Attributes:
        may_go_on: Whether the change that was asked for may have been made, or may go on,
            nevertheless. Never for a request that only reads.
    """

    may_go_on = False


class ConnectionFailed(MediafleetError):
    """There is no answer, for there is no connection or it broke."""


class RequestTimedOut(MediafleetError, TimeoutError):
    """There is no answer within the time given for it."""


class StatusNotReached(MediafleetError, TimeoutError):
    """A Media Node did not come to what was waited for in time.

    Attributes:
        media_node_id: Which one.
        status: The last status seen; `None` if none was.
    """

    def __init__(self, media_node_id: str, status: str | None, seconds: float) -> None:
        super().__init__(f"Media Node {media_node_id} is {status or 'unknown'} after {seconds:g} s")
        self.media_node_id = media_node_id
        self.status = status


class InvalidResponse(MediafleetError):
    """The answer is none of this API, as if the URL were not the one of a Mediafleet server.

    Attributes:
        status: Of HTTP.
        what: What came instead.
    """

    def __init__(self, status: int, url: str, what: str) -> None:
        super().__init__(f"{url} gave {what}")
        self.status = status
        self.what = what


class ApiStatusError(MediafleetError):
    """The server refused, or could not do it. The common statuses have a class of their own.

    Attributes:
        status: Of HTTP.
        reason: The name of that status.
        message: What the server says is wrong, or the name of the status if it says nothing; empty if a proxy before it
            answered.
        path: Of the request, as the server saw it.
        retry_after: Seconds after which it may be tried again; `None` if nothing is known.
        from_server: Whether the answer has the form of the API; else a proxy made it.
        errors: The problems of the request's body one by one, each with a message and, if one field
            is at fault, the field; empty for other errors and older servers.
        body: The answer's JSON, whatever its form; `None` if it is none.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str = "",
        path: str = "",
        *,
        retry_after: float | None = None,
        from_server: bool = True,
        errors: tuple[ErrorDetail, ...] = (),
        body: object = None,
    ) -> None:
        text = message or "answered by a proxy, not by the server"
        super().__init__(f"{text} ({status} {reason})")
        self.status = status
        self.reason = reason
        self.message = message
        self.path = path
        self.retry_after = retry_after
        self.from_server = from_server
        self.errors = errors
        self.body = body


class BadRequest(ApiStatusError):
    """400: something in the request is not allowed."""


class Unauthorized(ApiStatusError):
    """401: the secret is not the server's."""


class Forbidden(ApiStatusError):
    """403: the request is not allowed from there."""


class NotFound(ApiStatusError):
    """404: there is no such Media Node, session or connection, or a node cannot be reached."""


class MethodNotAllowed(ApiStatusError):
    """405: it cannot be done with this one, such as the stream of a camera."""


class NotAcceptable(ApiStatusError):
    """406: nobody is in the session, or somebody who was named is not."""


class Conflict(ApiStatusError):
    """409: the state of the cluster forbids it, or the id of a session is taken."""


class Gone(ApiStatusError):
    """410: events after the given one are deleted already; the message says where to go on."""


class ContentTooLarge(ApiStatusError):
    """413: the body is too large."""


class UnsupportedMediaType(ApiStatusError):
    """415: the body is not declared as JSON."""


class InternalServerError(ApiStatusError):
    """500: the server failed, which says nothing about the state of the cluster."""


class NotSupported(ApiStatusError):
    """501: the environment of the cluster, or this version, cannot do that."""


class BadGateway(ApiStatusError):
    """502: what the server relies on failed; or a proxy got no proper answer of the server."""


class Unavailable(ApiStatusError):
    """503: the server cannot do it now; or a proxy has no server to ask."""


class GatewayTimeout(ApiStatusError):
    """504: a proxy got no answer of the server in time."""


BY_STATUS: Final[dict[int, type[ApiStatusError]]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    406: NotAcceptable,
    409: Conflict,
    410: Gone,
    413: ContentTooLarge,
    415: UnsupportedMediaType,
    500: InternalServerError,
    501: NotSupported,
    502: BadGateway,
    503: Unavailable,
    504: GatewayTimeout,
}
