"""Operations of elements: links between them, and the little of WebRTC that needs no media."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mediafleet.emulator import rpc_errors
from mediafleet.emulator.media_object import Input, Output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mediafleet.emulator.invocation import Invocation, Operation
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.media_object import MediaObject

_MEDIA = ("AUDIO", "VIDEO", "DATA")
_DEFAULT = "default"


def _sink(call: Invocation) -> MediaObject:
    """The element a link leads to.

    Raises:
        ServerCrashError: The id names an object that is no element; the real server dies of it.
        RpcError: There is no such object, or it belongs to another pipeline.
    """
    call.needs_params()
    sink = call.host.registry.find(call.text("sink"))
    if not sink.type.is_a("MediaElement"):
        raise rpc_errors.ServerCrashError
    if sink.root() is not call.target.root():
        raise rpc_errors.connect_failed("Media elements do not share pipeline")
    return sink


def _media(call: Invocation) -> tuple[str, ...]:
    return (call.text("mediaType"),) if call.given("mediaType") else _MEDIA


def _connect(call: Invocation) -> None:
    sink = _sink(call)
    source_name = call.text_or("sourceMediaDescription", _DEFAULT)
    sink_name = call.text_or("sinkMediaDescription", _DEFAULT)
    for media in _media(call):
        sink.inputs[Input(media, sink_name)] = Output(call.target, source_name)
        _announce(call, "ElementConnected", sink, media)


def _disconnect(call: Invocation) -> None:
    sink = _sink(call)
    sink_name = call.text_or("sinkMediaDescription", _DEFAULT)
    for media in _media(call):
        key = Input(media, sink_name)
        output = sink.inputs.get(key)
        if output is not None and output.element is call.target:
            del sink.inputs[key]
        _announce(call, "ElementDisconnected", sink, media)


def _announce(call: Invocation, event: str, sink: MediaObject, media: str) -> None:
    data: dict[str, Json] = {
        "mediaType": media,
        "sink": sink.id,
        "sinkMediaDescription": call.text_or("sinkMediaDescription", _DEFAULT),
        "sourceMediaDescription": call.text_or("sourceMediaDescription", _DEFAULT),
    }
    call.host.registry.emit(call.target, event, data, typed=True)


def _links_into(sink: MediaObject) -> Iterator[dict[str, Json]]:
    for (media, description), output in sorted(sink.inputs.items(), key=lambda item: item[0]):
        yield {
            "__module__": "kurento",
            "__type__": "ElementConnectionData",
            "sink": sink.id,
            "sinkDescription": description,
            "source": output.element.id,
            "sourceDescription": output.description,
            "type": media,
        }


def _wanted(call: Invocation, link: dict[str, Json]) -> bool:
    return not call.given("mediaType") or link["type"] == call.text("mediaType")


def _source_connections(call: Invocation) -> Json:
    return [link for link in _links_into(call.target) if _wanted(call, link)]


def _sink_connections(call: Invocation) -> Json:
    return [
        link
        for sink in _family(call.target.root())
        for link in _links_into(sink)
        if link["source"] == call.target.id and _wanted(call, link)
    ]


def _family(root: MediaObject) -> Iterator[MediaObject]:
    for child in root.children_in_order():
        yield child
        yield from _family(child)


ELEMENT_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "connect": _connect,
        "disconnect": _disconnect,
        "getSinkConnections": _sink_connections,
        "getSourceConnections": _source_connections,
        "getStats": lambda _call: None,
        "isMediaFlowingIn": lambda _call: False,
        "isMediaFlowingOut": lambda _call: False,
    }
)


def _no_media(call: Invocation) -> Json:
    raise rpc_errors.not_implemented(f"'{call.operation}': this server is emulated, without media")


SDP_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "generateOffer": _no_media,
        "getLocalSessionDescriptor": _no_media,
        "getRemoteSessionDescriptor": _no_media,
        "processAnswer": _no_media,
        "processOffer": _no_media,
    }
)

RTP_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "getConnectionState": lambda _call: "DISCONNECTED",
        "getMediaState": lambda _call: "DISCONNECTED",
    }
)


def _gather_candidates(call: Invocation) -> None:
    call.host.registry.emit(call.target, "IceGatheringDone", {}, typed=True)


WEBRTC_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "addIceCandidate": lambda _call: None,
        "gatherCandidates": _gather_candidates,
    }
)
