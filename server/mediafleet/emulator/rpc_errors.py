"""The errors that a Media Node replies with; codes and texts are those of the real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.emulator.json_text import Json

_CODES: Final[Mapping[str, int]] = {
    "MARSHALL_ERROR": 40001,
    "CONNECT_ERROR": 40004,
    "NOT_IMPLEMENTED": 40006,
    "INVALID_SESSION": 40007,
    "MALFORMED_TRANSACTION": 40008,
    "NOT_ENOUGH_RESOURCES": 40009,
    "MEDIA_OBJECT_NOT_FOUND": 40101,
    "MEDIA_OBJECT_EVENT_NOT_SUPPORTED": 40106,
    "MEDIA_OBJECT_NOT_AVAILABLE": 40108,
    "MEDIA_OBJECT_NOT_FOUND_TRANSACTION_NO_COMMIT": 40109,
    "MEDIA_OBJECT_TAG_KEY_NOT_FOUND": 40110,
    "SDP_PARSE_ERROR": 40201,
    "SDP_END_POINT_NO_LOCAL_SDP_ERROR": 40202,
    "SDP_END_POINT_NO_REMOTE_SDP_ERROR": 40203,
    "SDP_END_POINT_ALREADY_NEGOTIATED": 40208,
    "SDP_END_POINT_NOT_OFFER_GENERATED": 40209,
    "ICE_ADD_CANDIDATE_ERROR": 40401,
    "UNDEFINED": 40500,
}


class RpcError(Exception):
    """A request fails; the server replies with an error.

    Attributes:
        code: JSON-RPC or Kurento error code.
        message: The message of the reply.
        data: Further data of the reply; None omits it.
    """

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.data = data

    def as_json(self) -> dict[str, Json]:
        """The `error` member of the reply."""
        error: dict[str, Json] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error


class KurentoError(RpcError):
    """An error with a type of Kurento."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(_CODES[kind], message, {"type": kind})


class MarshallError(KurentoError):
    """Parameters of an operation or a constructor cannot be converted."""

    def __init__(self, message: str) -> None:
        super().__init__("MARSHALL_ERROR", message)


class InternalError(RpcError):
    """An unexpected C++ exception."""

    def __init__(self, reason: str) -> None:
        super().__init__(-32603, f"Unexpected error while processing method: {reason}")


class ServerCrashError(Exception):
    """A request that ends the real server by a segmentation fault."""
