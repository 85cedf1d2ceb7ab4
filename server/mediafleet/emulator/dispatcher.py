"""Executes requests: the JSON-RPC checks, the request cache, the methods and transactions."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from mediafleet.emulator.json_text import as_text
from mediafleet.emulator.methods import METHODS, WITHOUT_PARAMS, session_in, session_or_new
from mediafleet.emulator.rpc_errors import InternalError, KurentoError, RpcError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.media_server import MediaServer

_TRANSACTION: Final = "transaction"
_CACHE_S: Final = 20.0
_MAX_CACHED: Final = 10_000
_NEW_REFERENCE: Final = re.compile(r"newref:(.+)", re.DOTALL)
_INDEX: Final = re.compile(r"\s*[+-]?\d{1,9}")


class RequestCache:
    """The first reply to each (session, request id), errors included, for 20 seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._replies: OrderedDict[tuple[str, str], tuple[float, dict[str, Json]]] = OrderedDict()

    def find(self, session_id: str, request_id: str) -> dict[str, Json] | None:
        """The reply to an earlier request with this id in this session, if it is cached."""
        self._remove_expired()
        found = self._replies.get((session_id, request_id))
        return None if found is None else found[1]

    def store(self, session_id: str, request_id: str, reply: dict[str, Json]) -> None:
        """Add a reply, unless there is an earlier one."""
        self._remove_expired()
        expiry = self._monotonic() + _CACHE_S
        self._replies.setdefault((session_id, request_id), (expiry, reply))

    def _remove_expired(self) -> None:
        now = self._monotonic()
        while self._replies:
            key, (expiry, _) = next(iter(self._replies.items()))
            if expiry > now and len(self._replies) <= _MAX_CACHED:
                return
            del self._replies[key]


class Dispatcher:
    """Executes the requests of one server."""

    def __init__(self, server: MediaServer, cache: RequestCache | None) -> None:
        self._server = server
        self._cache = cache

    def handle(self, request: Json) -> dict[str, Json] | None:
        """Execute a request from a client.

        Returns:
            The reply; None if the real server sends an empty frame (the request has no id and no
            result).
        """
        if not isinstance(request, dict) or not _is_request(request):
            return _error_reply(None, RpcError(-32600, "Invalid JSON-RPC request."))
        method = request["method"]
        if self._cache is None or not (method in METHODS or method == _TRANSACTION):
            reply: dict[str, Json] | None = self._execute(request)
        else:
            cached = self._cached(self._cache, request)
            if cached is not None:
                return cached
            reply = self._execute(request)
        if self._cache is not None and reply is not None:
            self._store(self._cache, request, reply)
        return reply

    def _cached(self, cache: RequestCache, request: dict[str, Json]) -> dict[str, Json] | None:
        session = session_in(request.get("params"))
        if "id" not in request or session is None:
            return None
        return cache.find(session, as_text(request["id"]) or "")

    def _store(self, cache: RequestCache, request: dict[str, Json], reply: dict[str, Json]) -> None:
        session = session_in(reply.get("result"))
        if session is None:
            session = session_in(request.get("params"))
        if "id" in request and session is not None:
            cache.store(session, as_text(request["id"]) or "", reply)

    def _execute(self, request: dict[str, Json]) -> dict[str, Json] | None:
        request_id = request.get("id")
        try:
            result = self._call(str(request["method"]), request.get("params"))
            if request_id is not None:
                return {"id": request_id, "jsonrpc": "2.0", "result": result}
            if result is None:
                return None
            message = "Ignoring response because of a notification request"
            return _error_reply(None, RpcError(-32000, message, result))
        except RpcError as error:
            return _error_reply(request_id, error)

    def _call(self, name: str, params: Json) -> Json:
        method = METHODS.get(name)
        if method is None and name != _TRANSACTION:
            raise RpcError(-32601, "Method not found.")
        if params is None and name not in WITHOUT_PARAMS:
            raise RpcError(-32602, "'params' is required", {"type": "INVALID_PARAMS"})
        if params is not None and not isinstance(params, dict):
            raise InternalError(
                "in Json::Value::find(begin, end): requires objectValue or nullValue"
            )
        if method is None:
            return _run_transaction(self._server, params or {}, self._execute_inner)
        return method(self._server, params or {})

    def _execute_inner(self, request: Json) -> dict[str, Json]:
        """Execute a request of a transaction; it always has an id, so it always has a reply."""
        if not isinstance(request, dict) or not _is_request(request):
            return _error_reply(None, RpcError(-32600, "Invalid JSON-RPC request."))
        reply = self._execute({**request, "id": "within a transaction"})
        return {} if reply is None else reply


def _is_request(message: dict[str, Json]) -> bool:
    return (
        message.get("jsonrpc") == "2.0"
        and not isinstance(message.get("id"), (list, dict))
        and isinstance(message.get("method"), str)
    )


def _error_reply(request_id: Json, error: RpcError) -> dict[str, Json]:
    return {"error": error.as_json(), "id": request_id, "jsonrpc": "2.0"}


def _run_transaction(
    server: MediaServer, params: dict[str, Json], execute: Callable[[Json], dict[str, Json]]
) -> dict[str, Json]:
    """Execute the operations up to the first that fails; nothing is rolled back.

    Args:
        server: The server.
        params: Those of the outer request.
        execute: Executes one inner request and returns its reply.

    Raises:
        RpcError: The list is invalid (40008 and others); the requests before stay executed.
    """
    session = session_or_new(server, params)
    if "operations" not in params:
        raise RpcError(-32000, "'operations' parameter is required")
    operations = params["operations"]
    if not isinstance(operations, list):
        raise RpcError(-32000, "'operations' parameter should be an array")
    replies: list[dict[str, Json]] = []
    for index, operation in enumerate(operations):
        reply = execute(_prepare(operation, index, session, replies))
        replies.append({**reply, "id": index})
        if "error" in reply:
            break
    return {"sessionId": session, "value": list(replies)}


def _prepare(
    operation: Json, index: int, session: str, replies: list[dict[str, Json]]
) -> dict[str, Json]:
    """The inner request with the session, and with values instead of references."""
    params = operation.get("params") if isinstance(operation, dict) else operation
    if not isinstance(operation, dict) or not isinstance(params, (dict, type(None))):
        raise InternalError("in Json::Value::resolveReference(key, end): requires objectValue")
    if not _is_index(operation.get("id"), index):
        raise KurentoError("MALFORMED_TRANSACTION", f"Id of request '{index}' should be '{index}'")
    inner: Json = {**(params or {}), "sessionId": session}
    return {**operation, "params": _resolve(inner, replies)}


def _is_index(request_id: Json, index: int) -> bool:
    """Null and booleans count as the numbers 0 and 1, as in the real server."""
    if request_id is None or isinstance(request_id, (bool, int, float)):
        number = float(request_id or 0)
        return math.isfinite(number) and int(number) == index
    return False


def _resolve(value: Json, replies: list[dict[str, Json]]) -> Json:
    if isinstance(value, dict):
        return {key: _resolve(item, replies) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, replies) for item in value]
    match = _NEW_REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return value if match is None else _value_of(match.group(1), replies)


def _value_of(reference: str, replies: list[dict[str, Json]]) -> Json:
    number = _INDEX.match(reference)
    if number is None:
        raise KurentoError("MALFORMED_TRANSACTION", f"Invalid index of newref '{reference}'")
    index = int(number.group())
    result = replies[index].get("result") if 0 <= index < len(replies) else None
    if not isinstance(result, dict):
        raise KurentoError("MALFORMED_TRANSACTION", f"Result not found on request {index}")
    return result.get("value")
