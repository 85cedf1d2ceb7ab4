"""The `transaction` method: requests run one after the other, later ones naming earlier results."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from mediafleet.emulator import rpc_errors
from mediafleet.emulator.methods import session_or_new

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.emulator.host import Host
    from mediafleet.emulator.json_text import Json

_NEW_REFERENCE = re.compile(r"newref:(.+)", re.DOTALL)
_INDEX = re.compile(r"\s*[+-]?\d{1,9}")


def run_transaction(
    host: Host, params: dict[str, Json], execute: Callable[[Json], dict[str, Json]]
) -> dict[str, Json]:
    """Run the operations up to the first that fails; nothing is rolled back.

    Args:
        host: The server.
        params: Those of the outer request.
        execute: Runs one inner request and returns its reply.

    Raises:
        RpcError: The list cannot be read (40008 and others); what ran until then stays.
    """
    session = session_or_new(host, params)
    if "operations" not in params:
        raise rpc_errors.missing("operations")
    operations = params["operations"]
    if not isinstance(operations, list):
        raise rpc_errors.should_be("operations", "an array")
    replies: list[dict[str, Json]] = []
    for index, operation in enumerate(operations):
        reply = execute(_prepared(operation, index, session, replies))
        replies.append({**reply, "id": index})
        if "error" in reply:
            break
    return {"sessionId": session, "value": list(replies)}


def _prepared(
    operation: Json, index: int, session: str, replies: list[dict[str, Json]]
) -> dict[str, Json]:
    """The inner request with the session in it and references replaced."""
    params = operation.get("params") if isinstance(operation, dict) else operation
    if not isinstance(operation, dict) or not isinstance(params, (dict, type(None))):
        raise rpc_errors.internal(
            "in Json::Value::resolveReference(key, end): requires objectValue"
        )
    if not _is_index(operation.get("id"), index):
        raise rpc_errors.malformed_transaction(f"Id of request '{index}' should be '{index}'")
    inner: Json = {**(params or {}), "sessionId": session}
    return {**operation, "params": _with_references(inner, replies)}


def _is_index(request_id: Json, index: int) -> bool:
    """Null and booleans pass for the numbers 0 and 1, as in the real server."""
    if request_id is None or isinstance(request_id, (bool, int, float)):
        number = float(request_id or 0)
        return math.isfinite(number) and int(number) == index
    return False


def _with_references(value: Json, replies: list[dict[str, Json]]) -> Json:
    if isinstance(value, dict):
        return {key: _with_references(item, replies) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_references(item, replies) for item in value]
    match = _NEW_REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return value if match is None else _referenced(match.group(1), replies)


def _referenced(reference: str, replies: list[dict[str, Json]]) -> Json:
    number = _INDEX.match(reference)
    if number is None:
        raise rpc_errors.malformed_transaction(f"Invalid index of newref '{reference}'")
    index = int(number.group())
    result = replies[index].get("result") if 0 <= index < len(replies) else None
    if not isinstance(result, dict):
        raise rpc_errors.malformed_transaction(f"Result not found on request {index}")
    return result.get("value")
