"""Operations of every media object, of pipelines and of the manager."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mediafleet.emulator import rpc_errors
from mediafleet.emulator.json_text import write, write_property_tree
from mediafleet.emulator.object_types import MODULES, VERSION
from mediafleet.emulator.registry import LISTING_SESSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.emulator.invocation import Invocation, Operation
    from mediafleet.emulator.json_text import Json


def _set_name(call: Invocation) -> None:
    call.target.name = call.text("name") or call.target.id


def _set_sends_tags(call: Invocation) -> None:
    call.target.sends_tags = call.boolean("sendTagsInEvents")


def _add_tag(call: Invocation) -> None:
    call.needs_params()
    key, value = call.text("key"), call.text("value")
    call.target.tags[key] = value


def _remove_tag(call: Invocation) -> None:
    call.needs_params()
    call.target.tags.pop(call.text("key"), None)


def _get_tag(call: Invocation) -> str:
    call.needs_params()
    try:
        return call.target.tags[call.text("key")]
    except KeyError:
        raise rpc_errors.tag_not_found() from None


def _parent(call: Invocation) -> str | None:
    return None if call.target.parent is None else call.target.parent.id


def _pipeline(call: Invocation) -> str | None:
    root = call.target.root()
    return root.id if root.type.name == "MediaPipeline" else None


def _children(call: Invocation) -> Json:
    return [child.id for child in call.target.children_in_order()]


OBJECT_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
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
)


def _set_latency_stats(call: Invocation) -> None:
    call.target.latency_stats = call.boolean("latencyStats")


def _gstreamer_dot(call: Invocation) -> str:
    nodes = "".join(f'  "{child.id}";\n' for child in call.target.children_in_order())
    return f'digraph "{call.target.id}" {{\n{nodes}}}\n'


PIPELINE_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "getGstreamerDot": _gstreamer_dot,
        "getLatencyStats": lambda call: call.target.latency_stats,
        "setLatencyStats": _set_latency_stats,
    }
)


def _info(call: Invocation) -> Json:
    return {
        "__module__": "kurento",
        "__type__": "ServerInfo",
        "capabilities": ["transactions"],
        "modules": [MODULES[name].as_json() for name in call.host.settings.modules],
        "type": "KMS",
        "version": VERSION,
    }


def _pipelines(call: Invocation) -> Json:
    registry = call.host.registry
    for held in list(registry.objects.values()):
        registry.hold(LISTING_SESSION, held)
    return [pipeline.id for pipeline in registry.pipelines()]


def _sessions(call: Invocation) -> Json:
    known = sorted(call.host.registry.sessions)
    return [*("" for _ in known), *known]


def _kmd(call: Invocation) -> str:
    call.needs_params()
    name = call.text("moduleName")
    if name not in call.host.settings.modules:
        raise rpc_errors.kmd_not_found()
    classes: Json = [{"name": kind} for kind in MODULES[name].types]
    return write({"name": name, "remoteClasses": classes, "version": VERSION})


def _used_cpu(call: Invocation) -> float | None:
    call.needs_params()
    millis = call.integer("interval")
    call.host.block(max(millis, 0) / 1000)
    return call.host.vitals.used_cpu(millis, call.host.registry)


MANAGER_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "getCpuCount": lambda call: call.host.vitals.cpu_count,
        "getInfo": _info,
        "getKmd": _kmd,
        "getMetadata": lambda call: write_property_tree(call.host.settings.metadata),
        "getPipelines": _pipelines,
        "getSessions": _sessions,
        "getUsedCpu": _used_cpu,
        "getUsedMemory": lambda call: call.host.vitals.used_memory_kib(call.host.registry),
    }
)
