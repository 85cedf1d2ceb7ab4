"""Calls of operations, and the operations of media objects, of pipelines and of the manager."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediafleet.emulator.json_text import as_text, write
from mediafleet.emulator.object_types import MODULES, VERSION
from mediafleet.emulator.registry import LISTING_SESSION
from mediafleet.emulator.rpc_errors import KurentoError, MarshallError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.media_server import MediaServer
    from mediafleet.emulator.registry import MediaObject

    Operation: TypeAlias = "Callable[[Invocation], Json]"

_MIN_INTEGER: Final = -(2**31)
_MAX_INTEGER: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of an operation on a media object.

    Attributes:
        server: The server that executes it.
        target: The object.
        operation: The name of the operation.
        raw: `operationParams` as sent; None when absent.
    """

    server: MediaServer
    target: MediaObject
    operation: str
    raw: Json

    def require_params(self) -> None:
        """Check that `operationParams` is an object; the real server does not check it for setters.

        Raises:
            RpcError: 40001.
        """
        if self.raw is None:
            raise MarshallError("'operationParams' is required")
        if not isinstance(self.raw, dict):
            raise MarshallError("'operationParams' should be an object")

    def given(self, name: str) -> bool:
        """Whether a parameter was sent."""
        return isinstance(self.raw, dict) and name in self.raw

    def _value(self, name: str, kind: str) -> Json:
        if not isinstance(self.raw, dict) or name not in self.raw:
            raise MarshallError(f"'{name}' parameter should be {kind}")
        return self.raw[name]

    def text(self, name: str) -> str:
        """A parameter as a string; other scalars are converted.

        Raises:
            RpcError: 40001: absent, an object or an array.
        """
        text = as_text(self._value(name, "a string"))
        if text is None:
            raise MarshallError(f"'{name}' parameter should be a string")
        return text

    def text_or(self, name: str, default: str) -> str:
        """An optional parameter as a string."""
        return self.text(name) if self.given(name) else default

    def integer(self, name: str) -> int:
        """A parameter as an integer of 32 bits; null and booleans are converted, strings are not.

        Raises:
            RpcError: 40001.
        """
        value = self._value(name, "a integer")
        if value is None or (
            isinstance(value, (bool, int, float)) and _MIN_INTEGER <= value <= _MAX_INTEGER
        ):
            return int(value or 0)
        raise MarshallError(f"'{name}' parameter should be a integer")

    def boolean(self, name: str) -> bool:
        """A parameter as a boolean; null and numbers are converted, strings are not.

        Raises:
            RpcError: 40001.
        """
        value = self._value(name, "a boolean")
        if value is None or isinstance(value, (bool, int, float)):
            return bool(value)
        raise MarshallError(f"'{name}' parameter should be a boolean")

    def parameter_count(self) -> int:
        """The number of parameters."""
        return len(self.raw) if isinstance(self.raw, (dict, list)) else 0


def _set_name(call: Invocation) -> None:
    call.target.name = call.text("name") or call.target.id


def _set_sends_tags(call: Invocation) -> None:
    call.target.sends_tags = call.boolean("sendTagsInEvents")


def _add_tag(call: Invocation) -> None:
    call.require_params()
    key, value = call.text("key"), call.text("value")
    call.target.tags[key] = value


def _remove_tag(call: Invocation) -> None:
    call.require_params()
    call.target.tags.pop(call.text("key"), None)


def _get_tag(call: Invocation) -> str:
    call.require_params()
    try:
        return call.target.tags[call.text("key")]
    except KeyError:
        raise KurentoError("MEDIA_OBJECT_TAG_KEY_NOT_FOUND", "Tag key not found") from None


def _parent(call: Invocation) -> str | None:
    return None if call.target.parent is None else call.target.parent.id


def _pipeline(call: Invocation) -> str | None:
    root = call.target.root()
    return root.id if root.type.name == "MediaPipeline" else None


def _children(call: Invocation) -> Json:
    return [child.id for child in call.target.children_in_order()]


_OBJECT_OPERATIONS: Final[Mapping[str, Operation]] = {
    "addTag": _add_tag,
    "getChildren": _children,
    "getCreationTime": lambda call: call.target.created,
    "getId": lambda call: call.target.id,
    "getMediaPipeline": _pipeline,
    "getName": lambda call: call.target.name,
    "getParent": _parent,
    "getSendTagsInEvents": lambda call: call.target.sends_tags,
    "getTag": _get_tag,
    "getTags": lambda call: call.target.tags_as_json(),
    "removeTag": _remove_tag,
    "setName": _set_name,
    "setSendTagsInEvents": _set_sends_tags,
}


def _set_latency_stats(call: Invocation) -> None:
    call.target.latency_stats = call.boolean("latencyStats")


def _gstreamer_dot(call: Invocation) -> str:
    nodes = "".join(f'  "{child.id}";\n' for child in call.target.children_in_order())
    return f'digraph "{call.target.id}" {{\n{nodes}}}\n'


_PIPELINE_OPERATIONS: Final[Mapping[str, Operation]] = {
    "getGstreamerDot": _gstreamer_dot,
    "getLatencyStats": lambda call: call.target.latency_stats,
    "setLatencyStats": _set_latency_stats,
}


def _info(call: Invocation) -> Json:
    return {
        "__module__": "kurento",
        "__type__": "ServerInfo",
        "capabilities": ["transactions"],
        "modules": [MODULES[name].as_json() for name in call.server.settings.modules],
        "type": "KMS",
        "version": VERSION,
    }


def _pipelines(call: Invocation) -> Json:
    registry = call.server.registry
    for target in list(registry.objects.values()):
        registry.ref(LISTING_SESSION, target)
    return [pipeline.id for pipeline in registry.pipelines()]


def _sessions(call: Invocation) -> Json:
    known = sorted(call.server.registry.sessions)
    return [*("" for _ in known), *known]


def _kmd(call: Invocation) -> str:
    call.require_params()
    name = call.text("moduleName")
    if name not in call.server.settings.modules:
        raise KurentoError("UNDEFINED", "Requested kmd module doesn't exist")
    classes: Json = [{"name": kind} for kind in MODULES[name].types]
    return write({"name": name, "remoteClasses": classes, "version": VERSION})


def _used_cpu(call: Invocation) -> float | None:
    call.require_params()
    interval_ms = call.integer("interval")
    call.server.delay_reply(max(interval_ms, 0) / 1000)
    return call.server.resources.used_cpu(interval_ms, call.server.registry)


def _property_tree(tree: Mapping[str, Json]) -> str:
    """The metadata of a configuration as text: indented, and every scalar as a string."""
    if not tree:
        return ""
    text = json.dumps(_stringified(dict(tree)), indent=4)
    return text.replace("/", "\\/") + "\n"


def _stringified(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _stringified(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stringified(item) for item in value]
    return "null" if value is None else as_text(value)


_MANAGER_OPERATIONS: Final[Mapping[str, Operation]] = {
    "getCpuCount": lambda call: call.server.resources.cpu_count,
    "getInfo": _info,
    "getKmd": _kmd,
    "getMetadata": lambda call: _property_tree(call.server.settings.metadata),
    "getPipelines": _pipelines,
    "getSessions": _sessions,
    "getUsedCpu": _used_cpu,
    "getUsedMemory": lambda call: call.server.resources.used_memory_kib(call.server.registry),
}

OPERATIONS: Final[Mapping[str, Mapping[str, Operation]]] = {
    "MediaObject": _OBJECT_OPERATIONS,
    "MediaPipeline": _PIPELINE_OPERATIONS,
    "ServerManager": _MANAGER_OPERATIONS,
}
"""Operations by class and name, without those of elements."""
