"""From a parsed request to its reply: JSON-RPC checks, the request cache, the methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediafleet.emulator import rpc_errors
from mediafleet.emulator.json_text import as_text
from mediafleet.emulator.methods import METHODS, WITHOUT_PARAMS, session_in
from mediafleet.emulator.transactions import run_transaction

if TYPE_CHECKING:
    from mediafleet.emulator.host import Host
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.request_cache import RequestCache

_TRANSACTION = "transaction"


class Dispatcher:
    """Answers one request after the other for one server."""

    __slots__ = ("_cache", "_host")

    def __init__(self, host: Host, cache: RequestCache | None) -> None:
        self._host = host
        self._cache = cache

    def handle(self, request: Json) -> dict[str, Json] | None:
        """Execute a request from a client.

        Returns:
            The reply; None where the real server sends an empty frame (a request without an id
            and without a result).
        """
        if not isinstance(request, dict) or not _is_request(request):
            return _error_reply(None, rpc_errors.invalid_request())
        method = request["method"]
        if self._cache is None or not (method in METHODS or method == _TRANSACTION):
            reply: dict[str, Json] | None = self._execute(request)
        else:
            kept = self._find_kept(self._cache, request)
            if kept is not None:
                return kept
            reply = self._execute(request)
        if self._cache is not None and reply is not None:
            self._keep(self._cache, request, reply)
        return reply

    def _find_kept(self, cache: RequestCache, request: dict[str, Json]) -> dict[str, Json] | None:
        session = session_in(request.get("params"))
        if "id" not in request or session is None:
            return None
        return cache.find(session, as_text(request["id"]) or "")

    def _keep(self, cache: RequestCache, request: dict[str, Json], reply: dict[str, Json]) -> None:
        session = session_in(reply.get("result"))
        if session is None:
            session = session_in(request.get("params"))
        if "id" in request and session is not None:
            cache.keep(session, as_text(request["id"]) or "", reply)

    def _execute(self, request: dict[str, Json]) -> dict[str, Json] | None:
        request_id = request.get("id")
        try:
            result = self._call(str(request["method"]), request.get("params"))
            if request_id is not None:
                return {"id": request_id, "jsonrpc": "2.0", "result": result}
            if result is None:
                return None
            raise rpc_errors.notification(result)
        except rpc_errors.RpcError as error:
            return _error_reply(request_id, error)

    def _call(self, name: str, params: Json) -> Json:
        method = METHODS.get(name)
        if method is None and name != _TRANSACTION:
            raise rpc_errors.method_not_found()
        if params is None and name not in WITHOUT_PARAMS:
            raise rpc_errors.params_required()
        if params is not None and not isinstance(params, dict):
            raise rpc_errors.not_an_object()
        if method is None:
            return run_transaction(self._host, params or {}, self._execute_inner)
        return method(self._host, params or {})

    def _execute_inner(self, request: Json) -> dict[str, Json]:
        """One request of a transaction: it always has an id, so it always has a reply."""
        if not isinstance(request, dict) or not _is_request(request):
            return _error_reply(None, rpc_errors.invalid_request())
        reply = self._execute({**request, "id": "within a transaction"})
        return {} if reply is None else reply


def _is_request(message: dict[str, Json]) -> bool:
    return (
        message.get("jsonrpc") == "2.0"
        and not isinstance(message.get("id"), (list, dict))
        and isinstance(message.get("method"), str)
    )


def _error_reply(request_id: Json, error: rpc_errors.RpcError) -> dict[str, Json]:
    return {"error": error.as_json(), "id": request_id, "jsonrpc": "2.0"}
