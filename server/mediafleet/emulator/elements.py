"""The operations of elements: links between them, and what their endpoints do.

The implementation of an element type belongs here; it is registered by class in `OPERATIONS`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from mediafleet.emulator import webrtc
from mediafleet.emulator.registry import Input, Output
from mediafleet.emulator.rpc_errors import KurentoError, MarshallError, ServerCrashError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.operations import Invocation, Operation
    from mediafleet.emulator.registry import MediaObject

_MEDIA: Final = ("AUDIO", "VIDEO", "DATA")
_DEFAULT: Final = "default"
_MAX_INTEGER: Final = 2**31 - 1


def _sink(call: Invocation) -> MediaObject:
    """The element at the end of a link.

    Raises:
        ServerCrashError: The object is not an element; the real server crashes then.
        RpcError: There is no such object, or it belongs to another pipeline.
    """
    call.require_params()
    sink = call.server.registry.find(call.text("sink"))
    if not sink.type.is_a("MediaElement"):
        raise ServerCrashError
    if sink.root() is not call.target.root():
        raise KurentoError("CONNECT_ERROR", "Media elements do not share pipeline")
    return sink


def media_type(call: Invocation) -> str:
    """The parameter `mediaType`.

    Raises:
        RpcError: 40001: it is absent or no kind of media.
    """
    found = call.text("mediaType")
    if found not in _MEDIA:
        raise MarshallError("Invalid value for 'MediaType'")
    return found


def _media(call: Invocation) -> tuple[str, ...]:
    return (media_type(call),) if call.given("mediaType") else _MEDIA


def _connect(call: Invocation) -> None:
    sink = _sink(call)
    source_name = call.text_or("sourceMediaDescription", _DEFAULT)
    sink_name = call.text_or("sinkMediaDescription", _DEFAULT)
    for media in _media(call):
        sink.inputs[Input(media, sink_name)] = Output(call.target, source_name)
        _emit(call, "ElementConnected", sink, media)
    call.server.registry.relinked.add(sink.root())


def _disconnect(call: Invocation) -> None:
    sink = _sink(call)
    sink_name = call.text_or("sinkMediaDescription", _DEFAULT)
    for media in _media(call):
        key = Input(media, sink_name)
        output = sink.inputs.get(key)
        if output is not None and output.element is call.target:
            del sink.inputs[key]
        _emit(call, "ElementDisconnected", sink, media)
    call.server.registry.relinked.add(sink.root())


def _emit(call: Invocation, event: str, sink: MediaObject, media: str) -> None:
    data: dict[str, Json] = {
        "mediaType": media,
        "sink": sink.id,
        "sinkMediaDescription": call.text_or("sinkMediaDescription", _DEFAULT),
        "sourceMediaDescription": call.text_or("sourceMediaDescription", _DEFAULT),
    }
    call.server.registry.emit(call.target, event, data, typed=True)


def _links_to(sink: MediaObject) -> Iterator[dict[str, Json]]:
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


def _matches(call: Invocation, link: dict[str, Json]) -> bool:
    return not call.given("mediaType") or link["type"] == media_type(call)


def _source_connections(call: Invocation) -> Json:
    return [link for link in _links_to(call.target) if _matches(call, link)]


def _sink_connections(call: Invocation) -> Json:
    return [
        link
        for sink in _descendants(call.target.root())
        for link in _links_to(sink)
        if link["source"] == call.target.id and _matches(call, link)
    ]


def _descendants(root: MediaObject) -> Iterator[MediaObject]:
    for child in root.children_in_order():
        yield child
        yield from _descendants(child)


def _is_flowing(direction: str, call: Invocation) -> bool:
    call.require_params()
    return (direction, media_type(call)) in call.target.flows


_ELEMENT_OPERATIONS: Final[Mapping[str, Operation]] = {
    "connect": _connect,
    "disconnect": _disconnect,
    "getSinkConnections": _sink_connections,
    "getSourceConnections": _source_connections,
    "getStats": lambda _call: None,
    "isMediaFlowingIn": partial(_is_flowing, "In"),
    "isMediaFlowingOut": partial(_is_flowing, "Out"),
    "isMediaTranscoding": lambda call: media_type(call) not in _MEDIA,
}


# The settable properties by class, with the value that the real server begins with.
_PROPERTIES: Final[Mapping[str, Mapping[str, int | str]]] = {
    "MediaElement": {
        "encoderBitrate": 300_000,
        "maxEncoderBitrate": _MAX_INTEGER,
        "minEncoderBitrate": 0,
    },
    "SdpEndpoint": {"maxAudioRecvBandwidth": 0, "maxVideoRecvBandwidth": 0},
    "BaseRtpEndpoint": {
        "maxVideoSendBandwidth": 500,
        "minVideoRecvBandwidth": 100,
        "minVideoSendBandwidth": 100,
        "mtu": 1200,
    },
    "WebRtcEndpoint": {
        "externalIPv4": "",
        "externalIPv6": "",
        "networkInterfaces": "",
        "stunServerAddress": "",
        "stunServerPort": 3478,
        "turnUrl": "",
    },
}


def _accessors(properties: Mapping[str, int | str]) -> dict[str, Operation]:
    operations: dict[str, Operation] = {}
    for name, value in properties.items():
        capitalized = name[0].upper() + name[1:]
        operations[f"get{capitalized}"] = partial(_get_property, name, value)
        operations[f"set{capitalized}"] = partial(_set_property, name, type(value))
    return operations


def _get_property(name: str, default: int | str, call: Invocation) -> Json:
    return call.target.properties.get(name, default)


def _set_property(name: str, kind: type, call: Invocation) -> None:
    call.target.properties[name] = call.integer(name) if kind is int else call.text(name)
    if call.target.endpoint is not None:
        call.target.endpoint.apply_properties()


def _not_implemented(call: Invocation) -> Json:
    raise KurentoError("NOT_IMPLEMENTED", f"'{call.operation}': this server is emulated")


_SDP_OPERATIONS: Final[Mapping[str, Operation]] = {
    "generateOffer": _not_implemented,
    "getLocalSessionDescriptor": _not_implemented,
    "getRemoteSessionDescriptor": _not_implemented,
    "processAnswer": _not_implemented,
    "processOffer": _not_implemented,
}

_RTP_OPERATIONS: Final[Mapping[str, Operation]] = {
    "getConnectionState": lambda _call: "DISCONNECTED",
    "getMediaState": lambda _call: "DISCONNECTED",
}


# Players, recorders and filters move no media: they only keep their state.


def _set_state(state: str, event: str, call: Invocation) -> None:
    """Change the state of a player or recorder.

    Args:
        state: START, PAUSE or STOP.
        event: What the element emits besides, if its class has that event.
        call: The call.
    """
    if call.target.properties.get("state", "STOP") == state:
        return
    call.target.properties["state"] = state
    registry = call.server.registry
    registry.emit(call.target, "UriEndpointStateChanged", {"state": state}, typed=True)
    if event in call.target.type.events:
        registry.emit(call.target, event, {}, typed=True)


_URI_OPERATIONS: Final[Mapping[str, Operation]] = {
    "getState": lambda call: call.target.properties.get("state", "STOP"),
    "getUri": lambda call: call.target.properties.get("uri"),
    "pause": partial(_set_state, "PAUSE", "Paused"),
    "stop": partial(_set_state, "STOP", "Stopped"),
}


def _video_info(_call: Invocation) -> Json:
    return {
        "__module__": "kurento",
        "__type__": "VideoInfo",
        "duration": 0,
        "isSeekable": False,
        "seekableEnd": 0,
        "seekableInit": 0,
    }


_PLAYER_OPERATIONS: Final[Mapping[str, Operation]] = {
    "getPosition": lambda _call: 0,
    "getVideoInfo": _video_info,
    "play": partial(_set_state, "START", ""),
}

_RECORDER_OPERATIONS: Final[Mapping[str, Operation]] = {
    "record": partial(_set_state, "START", "Recording"),
    "stopAndWait": partial(_set_state, "STOP", "Stopped"),
}


def _accept(*names: str) -> Operation:
    """An operation that checks that its parameters are present, and has no effect."""

    def operation(call: Invocation) -> None:
        if names:
            call.require_params()
        for name in names:
            call.text(name)

    return operation


_FILTER_OPERATIONS: Final[Mapping[str, Mapping[str, Operation]]] = {
    "FaceOverlayFilter": {
        "setOverlayedImage": _accept(
            "uri", "offsetXPercent", "offsetYPercent", "widthPercent", "heightPercent"
        ),
        "unsetOverlayedImage": _accept(),
    },
    "GStreamerFilter": {
        "getCommand": lambda call: call.target.properties.get("command"),
        "setElementProperty": _accept("propertyName", "propertyValue"),
    },
    "ImageOverlayFilter": {
        "addImage": _accept(
            "id",
            "uri",
            "offsetXPercent",
            "offsetYPercent",
            "widthPercent",
            "heightPercent",
            "keepAspectRatio",
            "center",
        ),
        "removeImage": _accept("id"),
    },
}

OPERATIONS: Final[Mapping[str, Mapping[str, Operation]]] = {
    name: {**_accessors(_PROPERTIES.get(name, {})), **operations}
    for name, operations in {
        "BaseRtpEndpoint": _RTP_OPERATIONS,
        "MediaElement": _ELEMENT_OPERATIONS,
        "PlayerEndpoint": _PLAYER_OPERATIONS,
        "RecorderEndpoint": _RECORDER_OPERATIONS,
        "SdpEndpoint": _SDP_OPERATIONS,
        "UriEndpoint": _URI_OPERATIONS,
        "WebRtcEndpoint": webrtc.OPERATIONS,
        **_FILTER_OPERATIONS,
    }.items()
}
"""Operations by class and name; an operation of a class replaces that of its superclasses."""
