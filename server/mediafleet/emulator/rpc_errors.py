"""The errors that a Media Node replies with, by code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediafleet.emulator.json_text import Json


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


class ServerCrashError(Exception):
    """A request that ends the real server by a segmentation fault."""


def invalid_request() -> RpcError:
    """The frame is JSON, but not a JSON-RPC request."""
    return RpcError(-32600, "Invalid JSON-RPC request.")


def method_not_found() -> RpcError:
    """There is no such JSON-RPC method."""
    return RpcError(-32601, "Method not found.")


def params_required() -> RpcError:
    """The method requires `params`; sent only on connections without a session."""
    return RpcError(-32602, "'params' is required", {"type": "INVALID_PARAMS"})


def internal(reason: str) -> RpcError:
    """An unexpected C++ exception."""
    return RpcError(-32603, f"Unexpected error while processing method: {reason}")


def not_an_object() -> RpcError:
    """`params` is an array or a scalar, on a connection without a session."""
    return internal("in Json::Value::find(begin, end): requires objectValue or nullValue")


def wrong_class() -> RpcError:
    """A reference names an object of another class than the constructor requires."""
    return internal("bad_weak_ptr")


def missing(name: str) -> RpcError:
    """A member of `params` is absent."""
    return RpcError(-32000, f"'{name}' parameter is required")


def should_be(name: str, kind: str) -> RpcError:
    """A member of `params` has the wrong type."""
    return RpcError(-32000, f"'{name}' parameter should be {kind}")


def notification(result: Json) -> RpcError:
    """The request was executed and has a result, but no id to reply to."""
    return RpcError(-32000, "Ignoring response because of a notification request", result)


def _kurento(code: int, name: str, message: str) -> RpcError:
    return RpcError(code, message, {"type": name})


def marshalling(message: str) -> RpcError:
    """Parameters of an operation or a constructor cannot be converted."""
    return _kurento(40001, "MARSHALL_ERROR", message)


def connect_failed(message: str) -> RpcError:
    """Two elements cannot be linked."""
    return _kurento(40004, "CONNECT_ERROR", message)


def not_implemented(message: str) -> RpcError:
    """The operation needs media, which the emulator does not have."""
    return _kurento(40006, "NOT_IMPLEMENTED", message)


def invalid_session() -> RpcError:
    """There is no such session."""
    return _kurento(40007, "INVALID_SESSION", "Invalid session")


def malformed_transaction(message: str) -> RpcError:
    """A transaction is invalid; the real server sends this for unknown operations too."""
    return _kurento(40008, "MALFORMED_TRANSACTION", message)


def not_enough_resources(message: str) -> RpcError:
    """The server is above its limit of threads or files."""
    return _kurento(40009, "NOT_ENOUGH_RESOURCES", message)


def invalid_sdp(message: str) -> RpcError:
    """A session description cannot be parsed."""
    return _kurento(40201, "SDP_PARSE_ERROR", message)


def no_local_sdp() -> RpcError:
    """The endpoint has not negotiated."""
    return _kurento(40202, "SDP_END_POINT_NO_LOCAL_SDP_ERROR", "No local SDP")


def no_remote_sdp() -> RpcError:
    """The endpoint has not negotiated."""
    return _kurento(40203, "SDP_END_POINT_NO_REMOTE_SDP_ERROR", "No remote SDP")


def already_negotiated() -> RpcError:
    """The endpoint has negotiated."""
    return _kurento(40208, "SDP_END_POINT_ALREADY_NEGOTIATED", "Endpoint already negotiated")


def no_offer_generated() -> RpcError:
    """The endpoint has made no offer."""
    message = "Offer not generated. It is not possible to process an answer."
    return _kurento(40209, "SDP_END_POINT_NOT_OFFER_GENERATED", message)


def candidate_not_added() -> RpcError:
    """A candidate belongs to no m-line."""
    return _kurento(40401, "ICE_ADD_CANDIDATE_ERROR", "Error adding candidate")


def object_not_found(object_id: str) -> RpcError:
    """There is no object with this id."""
    return _kurento(40101, "MEDIA_OBJECT_NOT_FOUND", f"Object '{object_id}' not found")


def event_not_supported(event: str) -> RpcError:
    """Objects of this class have no such event."""
    return _kurento(40106, "MEDIA_OBJECT_EVENT_NOT_SUPPORTED", f"Event '{event}' not supported")


def factory_not_found(name: str) -> RpcError:
    """No installed module has this type."""
    return _kurento(40108, "MEDIA_OBJECT_NOT_AVAILABLE", f"Factory '{name}' not found")


def reference_without_transaction(object_id: str) -> RpcError:
    """A `newref:` outside a transaction."""
    return _kurento(
        40109,
        "MEDIA_OBJECT_NOT_FOUND_TRANSACTION_NO_COMMIT",
        f"Object '{object_id}' not found. Possibly using a transactional object without "
        "committing the transaction.",
    )


def tag_not_found() -> RpcError:
    """The object has no tag with this key."""
    return _kurento(40110, "MEDIA_OBJECT_TAG_KEY_NOT_FOUND", "Tag key not found")


def kmd_not_found() -> RpcError:
    """No installed module has this name."""
    return _kurento(40500, "UNDEFINED", "Requested kmd module doesn't exist")
