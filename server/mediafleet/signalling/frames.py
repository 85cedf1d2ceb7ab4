"""The frames of JSON-RPC 2.0, as the SDKs of OpenVidu write and read them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import orjson

from mediafleet.texts import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.contract import SchemaValidator

_MAX_ID_CHARACTERS: Final = 64
_MAX_NAME_CHARACTERS: Final = 60
_MAX_MESSAGE_CHARACTERS: Final = 500


class Code(IntEnum):
    """Codes of errors that no error of the domain stands for."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -1
    INTERNAL_ERROR = -32603
    TOO_MANY_REQUESTS = -32000
    MEDIA_FAILURE = 303
    NOT_JOINED = 803
    ALREADY_JOINED = 804
    NOT_IN_THIS_EDITION = 997
    BUSY = 999
    RECONNECTION_ERROR = 40007


class RpcError(Exception):
    """A request that is answered with an error.

    Attributes:
        code: Of the error.
        message: A sentence; bounded and cleaned when it is sent.
        request_id: Of the request; ``None`` where none could be read.
    """

    def __init__(self, code: int, message: str, request_id: int | str | None = None) -> None:
        super().__init__(code, message)
        self.code, self.message, self.request_id = code, message, request_id


@dataclass(frozen=True, slots=True)
class Request:
    """A request that keeps the contract.

    Attributes:
        id: As the browser chose it.
        method: One of the contract's.
        params: Without members that were null.
        size: Characters of its frame.
    """

    id: int | str
    method: str
    params: Mapping[str, Any]
    size: int


def read(text: str, methods: Mapping[str, SchemaValidator]) -> Request:
    """Read a frame of a browser.

    Args:
        text: The frame.
        methods: What accepts the parameters of each method, by name.

    Raises:
        RpcError: It is no request, or breaks the contract.
    """
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RpcError(Code.PARSE_ERROR, "The frame is no JSON text") from None
    match frame:
        case {"jsonrpc": "2.0", "method": str(name), "id": int() | str() as request_id} if (
            not isinstance(request_id, bool) and len(str(request_id)) <= _MAX_ID_CHARACTERS
        ):
            pass
        case _:
            raise RpcError(
                Code.INVALID_REQUEST,
                "A frame must be an object with jsonrpc, which is 2.0, id, method and params",
            )
    params = methods.get(name)
    if params is None:
        named = one_line(name, _MAX_NAME_CHARACTERS)
        raise RpcError(Code.METHOD_NOT_FOUND, f"There is no method {named}", request_id)
    given = frame.get("params")
    if given is None:
        given = {}
    elif isinstance(given, dict):
        given = {key: value for key, value in given.items() if value is not None}
    if not params.is_valid(given):
        reason = params.explain(given, "params", every=False)
        raise RpcError(Code.INVALID_PARAMS, reason, request_id)
    return Request(request_id, name, given, len(text))


def result(request_id: int | str, value: Mapping[str, Any]) -> str:
    """Return the frame that answers a request."""
    return orjson.dumps({"id": request_id, "result": value, "jsonrpc": "2.0"}).decode()


def error(failure: RpcError) -> str:
    """Return the frame that answers a request with an error."""
    described = {
        "code": failure.code,
        "message": one_line(failure.message, _MAX_MESSAGE_CHARACTERS),
    }
    return orjson.dumps({"id": failure.request_id, "error": described, "jsonrpc": "2.0"}).decode()


def notification(method: str, params: Mapping[str, Any]) -> str:
    """Return the frame of a notification."""
    return orjson.dumps({"method": method, "params": params, "jsonrpc": "2.0"}).decode()
