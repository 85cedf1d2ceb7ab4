"""The JSON-RPC methods of a Media Node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mediafleet.emulator import elements, operations
from mediafleet.emulator.json_text import as_text
from mediafleet.emulator.object_types import find_type
from mediafleet.emulator.operations import Invocation
from mediafleet.emulator.rpc_errors import InternalError, KurentoError, MarshallError, RpcError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.media_server import MediaServer
    from mediafleet.emulator.object_types import ObjectType
    from mediafleet.emulator.registry import MediaObject

    Params: TypeAlias = dict[str, Json]
    Method: TypeAlias = Callable[[MediaServer, Params], dict[str, Json] | None]

_OPERATIONS: Final = {**operations.OPERATIONS, **elements.OPERATIONS}


def _text(params: Params, name: str) -> str:
    if name not in params:
        raise RpcError(-32000, f"'{name}' parameter is required")
    text = as_text(params[name])
    if text is None:
        raise RpcError(-32000, f"'{name}' parameter should be a string")
    return text


def session_in(params: Json) -> str | None:
    """The `sessionId` in `params` as a string; None if it is absent or not a scalar."""
    if not isinstance(params, dict) or "sessionId" not in params:
        return None
    return as_text(params["sessionId"])


def session_or_new(server: MediaServer, params: Params) -> str:
    """The `sessionId` in `params`, or a new id."""
    named = session_in(params)
    return server.new_id() if named is None else named


def _ping(_server: MediaServer, params: Params) -> dict[str, Json]:
    session = session_in(params)
    return {"value": "pong"} if session is None else {"sessionId": session, "value": "pong"}


def _connect(server: MediaServer, params: Params) -> dict[str, Json]:
    named = session_in(params)
    if named is not None and not server.registry.mark(named):
        raise KurentoError("INVALID_SESSION", "Invalid session")
    session = server.new_id() if named is None else named
    return {"serverId": server.server_id, "sessionId": session}


def _create(server: MediaServer, params: Params) -> dict[str, Json]:
    name = _text(params, "type")
    session = session_or_new(server, params)
    kind = find_type(name, server.settings.modules)
    if kind is None:
        raise KurentoError("MEDIA_OBJECT_NOT_AVAILABLE", f"Factory '{name}' not found")
    server.resources.check_limits(server.registry)
    parent = _construct(server, kind, params.get("constructorParams"))
    created = server.registry.create(kind, parent, session)
    given = params.get("constructorParams")
    if isinstance(given, dict):
        created.properties.update({name: as_text(given[name]) for name in kind.texts})
    return {"sessionId": session, "value": created.id}


def _construct(server: MediaServer, kind: ObjectType, given: Json) -> MediaObject | None:
    if given is None and kind.parent is not None:
        raise MarshallError("'constructorParams' is required")
    if given is not None and not isinstance(given, dict):
        raise MarshallError("'constructorParams' should be an object")
    params = given or {}
    parent: MediaObject | None = None
    if kind.parent is not None:
        parent = server.registry.find(_constructor_text(params, kind.parent))
    for name in kind.texts:
        _constructor_text(params, name)
    if parent is not None and not parent.type.is_a(kind.parent_class):
        raise InternalError("bad_weak_ptr")
    return parent


def _constructor_text(params: Params, name: str) -> str:
    text = as_text(params[name]) if name in params else None
    if text is None:
        raise MarshallError(f"'{name}' parameter should be a string")
    return text


def _invoke(server: MediaServer, params: Params) -> dict[str, Json]:
    operation = _text(params, "operation")
    object_id = _text(params, "object")
    session = session_or_new(server, params)
    target = server.registry.use(session, object_id)
    call = Invocation(server, target, operation, params.get("operationParams"))
    for name in target.type.lineage:
        found = _OPERATIONS.get(name, {}).get(operation)
        if found is not None:
            return {"sessionId": session, "value": found(call)}
    raise KurentoError(
        "MALFORMED_TRANSACTION",
        f"Method '{operation}' with {call.parameter_count()} parameters not found",
    )


def _describe(server: MediaServer, params: Params) -> dict[str, Json]:
    session = session_or_new(server, params)
    kind = server.registry.use(session, _text(params, "object")).type
    return {
        "hierarchy": [f"kurento.{name}" for name in kind.ancestors],
        "qualifiedType": f"kurento.{kind.name}",
        "sessionId": session,
        "type": kind.name,
    }


def _subscribe(server: MediaServer, params: Params) -> dict[str, Json]:
    event = _text(params, "type")
    object_id = _text(params, "object")
    session = session_or_new(server, params)
    target = server.registry.use(session, object_id)
    if event not in target.type.events:
        raise KurentoError("MEDIA_OBJECT_EVENT_NOT_SUPPORTED", f"Event '{event}' not supported")
    subscription = server.new_id()
    target.subscribe(event, session, subscription)
    return {"sessionId": session, "value": subscription}


def _unsubscribe(server: MediaServer, params: Params) -> dict[str, Json]:
    object_id = _text(params, "object")
    subscription = _text(params, "subscription")
    session = _text(params, "sessionId")
    target = server.registry.objects.get(object_id)
    if target is not None:
        target.unsubscribe(session, subscription)
    return {"sessionId": session}


def _release(server: MediaServer, params: Params) -> dict[str, Json]:
    object_id = _text(params, "object")
    session = session_or_new(server, params)
    server.registry.release(object_id)
    return {"sessionId": session}


def _ref(server: MediaServer, params: Params) -> dict[str, Json]:
    object_id = _text(params, "object")
    session = _text(params, "sessionId")
    server.registry.use(session, object_id)
    return {"sessionId": session}


def _unref(server: MediaServer, params: Params) -> dict[str, Json]:
    object_id = _text(params, "object")
    session = _text(params, "sessionId")
    target = server.registry.objects.get(object_id)
    if target is not None:
        server.registry.unref(session, target)
    return {"sessionId": session}


def _keep_alive(server: MediaServer, params: Params) -> dict[str, Json]:
    session = _text(params, "sessionId")
    if not server.registry.mark(session):
        raise KurentoError("INVALID_SESSION", "Invalid session")
    return {"sessionId": session}


def _close_session(server: MediaServer, params: Params) -> None:
    session = _text(params, "sessionId")
    release = params.get("release", False)
    server.registry.end_session(session, release=isinstance(release, (bool, int)) and bool(release))


METHODS: Final[Mapping[str, Method]] = {
    "closeSession": _close_session,
    "connect": _connect,
    "create": _create,
    "describe": _describe,
    "invoke": _invoke,
    "keepAlive": _keep_alive,
    "ping": _ping,
    "ref": _ref,
    "release": _release,
    "subscribe": _subscribe,
    "unref": _unref,
    "unsubscribe": _unsubscribe,
}
"""All methods except `transaction`, which calls the others."""

WITHOUT_PARAMS: Final = frozenset({"connect", "ping"})
"""Methods whose `params` may be absent."""
