"""The JSON-RPC methods of a Media Node, on its registry; framing and caching are elsewhere."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mediafleet.emulator import rpc_errors
from mediafleet.emulator.element_operations import (
    ELEMENT_OPERATIONS,
    RTP_OPERATIONS,
    SDP_OPERATIONS,
    WEBRTC_OPERATIONS,
)
from mediafleet.emulator.invocation import Invocation
from mediafleet.emulator.json_text import as_text
from mediafleet.emulator.object_operations import (
    MANAGER_OPERATIONS,
    OBJECT_OPERATIONS,
    PIPELINE_OPERATIONS,
)
from mediafleet.emulator.object_types import find_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from mediafleet.emulator.host import Host
    from mediafleet.emulator.invocation import Operation
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.media_object import MediaObject
    from mediafleet.emulator.object_types import ObjectType

    Params: TypeAlias = dict[str, Json]
    Method: TypeAlias = Callable[[Host, Params], dict[str, Json] | None]

_OPERATIONS: Mapping[str, Mapping[str, Operation]] = MappingProxyType(
    {
        "BaseRtpEndpoint": RTP_OPERATIONS,
        "MediaElement": ELEMENT_OPERATIONS,
        "MediaObject": OBJECT_OPERATIONS,
        "MediaPipeline": PIPELINE_OPERATIONS,
        "SdpEndpoint": SDP_OPERATIONS,
        "ServerManager": MANAGER_OPERATIONS,
        "WebRtcEndpoint": WEBRTC_OPERATIONS,
    }
)


def _text(params: Params, name: str) -> str:
    if name not in params:
        raise rpc_errors.missing(name)
    text = as_text(params[name])
    if text is None:
        raise rpc_errors.should_be(name, "a string")
    return text


def session_in(params: Json) -> str | None:
    """The session named in `params`, if it is there and can be a string."""
    if not isinstance(params, dict) or "sessionId" not in params:
        return None
    return as_text(params["sessionId"])


def session_or_new(host: Host, params: Params) -> str:
    """The session named in `params`, else the id for a new one."""
    named = session_in(params)
    return host.new_id() if named is None else named


def _ping(_host: Host, params: Params) -> dict[str, Json]:
    session = session_in(params)
    return {"value": "pong"} if session is None else {"sessionId": session, "value": "pong"}


def _connect(host: Host, params: Params) -> dict[str, Json]:
    named = session_in(params)
    if named is not None and not host.registry.mark(named):
        raise rpc_errors.invalid_session()
    session = host.new_id() if named is None else named
    return {"serverId": host.server_id, "sessionId": session}


def _create(host: Host, params: Params) -> dict[str, Json]:
    name = _text(params, "type")
    session = session_or_new(host, params)
    kind = find_type(name, host.settings.modules)
    if kind is None:
        raise rpc_errors.factory_not_found(name)
    host.vitals.check_capacity(host.registry)
    parent = _construct(host, kind, params.get("constructorParams"))
    created = host.registry.create(kind, parent, session)
    return {"sessionId": session, "value": created.id}


def _construct(host: Host, kind: ObjectType, given: Json) -> MediaObject | None:
    if given is None and kind.parent is not None:
        raise rpc_errors.marshalling("'constructorParams' is required")
    if given is not None and not isinstance(given, dict):
        raise rpc_errors.marshalling("'constructorParams' should be an object")
    params = given or {}
    parent: MediaObject | None = None
    if kind.parent is not None:
        parent = host.registry.find(_constructor_text(params, kind.parent))
    for name in kind.texts:
        _constructor_text(params, name)
    if parent is not None and not parent.type.is_a(kind.parent_class):
        raise rpc_errors.wrong_class()
    return parent


def _constructor_text(params: Params, name: str) -> str:
    text = as_text(params[name]) if name in params else None
    if text is None:
        raise rpc_errors.marshalling(f"'{name}' parameter should be a string")
    return text


def _invoke(host: Host, params: Params) -> dict[str, Json]:
    operation = _text(params, "operation")
    object_id = _text(params, "object")
    session = session_or_new(host, params)
    target = host.registry.use(session, object_id)
    call = Invocation(host, target, operation, params.get("operationParams"))
    for name in target.type.lineage:
        found = _OPERATIONS.get(name, {}).get(operation)
        if found is not None:
            return {"sessionId": session, "value": found(call)}
    raise rpc_errors.malformed_transaction(
        f"Method '{operation}' with {call.parameter_count()} parameters not found"
    )


def _describe(host: Host, params: Params) -> dict[str, Json]:
    session = session_or_new(host, params)
    kind = host.registry.use(session, _text(params, "object")).type
    return {
        "hierarchy": [f"kurento.{name}" for name in kind.ancestors],
        "qualifiedType": f"kurento.{kind.name}",
        "sessionId": session,
        "type": kind.name,
    }


def _subscribe(host: Host, params: Params) -> dict[str, Json]:
    event = _text(params, "type")
    object_id = _text(params, "object")
    session = session_or_new(host, params)
    target = host.registry.use(session, object_id)
    if event not in target.type.events:
        raise rpc_errors.event_not_supported(event)
    subscription = host.new_id()
    target.subscribe(event, session, subscription)
    return {"sessionId": session, "value": subscription}


def _unsubscribe(host: Host, params: Params) -> dict[str, Json]:
    object_id = _text(params, "object")
    subscription = _text(params, "subscription")
    session = _text(params, "sessionId")
    target = host.registry.objects.get(object_id)
    if target is not None:
        target.unsubscribe(session, subscription)
    return {"sessionId": session}


def _release(host: Host, params: Params) -> dict[str, Json]:
    object_id = _text(params, "object")
    session = session_or_new(host, params)
    host.registry.release(object_id)
    return {"sessionId": session}


def _ref(host: Host, params: Params) -> dict[str, Json]:
    object_id = _text(params, "object")
    session = _text(params, "sessionId")
    host.registry.use(session, object_id)
    return {"sessionId": session}


def _unref(host: Host, params: Params) -> dict[str, Json]:
    object_id = _text(params, "object")
    session = _text(params, "sessionId")
    target = host.registry.objects.get(object_id)
    if target is not None:
        host.registry.let_go(session, target)
    return {"sessionId": session}


def _keep_alive(host: Host, params: Params) -> dict[str, Json]:
    session = _text(params, "sessionId")
    if not host.registry.mark(session):
        raise rpc_errors.invalid_session()
    return {"sessionId": session}


def _close_session(host: Host, params: Params) -> None:
    session = _text(params, "sessionId")
    release = params.get("release", False)
    host.registry.end_session(session, release=isinstance(release, (bool, int)) and bool(release))


METHODS: Mapping[str, Method] = MappingProxyType(
    {
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
)
"""All methods but `transaction`, which is made of the others."""

WITHOUT_PARAMS = frozenset({"connect", "ping"})
"""Methods that do not mind when `params` is absent."""
