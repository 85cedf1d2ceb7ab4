"""The modules of a Media Node and their classes of media objects, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.emulator.json_text import Json

VERSION: Final = "7.3.0"


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One class of media objects.

    Attributes:
        name: Short name, such as WebRtcEndpoint.
        ancestors: Its superclasses, nearest first.
        parent: The constructor parameter that names the parent object; None for root objects.
        parent_class: The class of the parent.
        texts: Further required constructor parameters, all of them strings.
        events: The events that its objects emit.
    """

    name: str
    ancestors: tuple[str, ...]
    parent: str | None
    parent_class: str
    texts: tuple[str, ...]
    events: frozenset[str]

    def is_a(self, name: str) -> bool:
        """Whether this is a class or one of its subclasses."""
        return name == self.name or name in self.ancestors

    @property
    def lineage(self) -> tuple[str, ...]:
        """The class and its superclasses, nearest first."""
        return (self.name, *self.ancestors)


_ROOT: Final = ("MediaObject",)
_ELEMENT: Final = ("MediaElement", *_ROOT)
_ENDPOINT: Final = ("Endpoint", *_ELEMENT)
_SESSION_ENDPOINT: Final = ("SessionEndpoint", *_ENDPOINT)
_RTP: Final = ("BaseRtpEndpoint", "SdpEndpoint", *_SESSION_ENDPOINT)
_URI: Final = ("UriEndpoint", *_ENDPOINT)
_HTTP: Final = ("HttpEndpoint", *_SESSION_ENDPOINT)
_FILTER: Final = ("Filter", *_ELEMENT)
_HUB: Final = ("Hub", *_ROOT)

_EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "MediaObject": ("Error",),
    "ServerManager": ("ObjectCreated", "ObjectDestroyed"),
    "MediaElement": (
        "ElementConnected",
        "ElementDisconnected",
        "MediaFlowInStateChanged",
        "MediaFlowOutStateChanged",
        "MediaTranscodingStateChanged",
    ),
    "SessionEndpoint": ("MediaSessionStarted", "MediaSessionTerminated"),
    "BaseRtpEndpoint": ("ConnectionStateChanged", "MediaStateChanged"),
    "WebRtcEndpoint": (
        "DataChannelClosed",
        "DataChannelOpened",
        "IceCandidateFound",
        "IceComponentStateChanged",
        "IceGatheringDone",
        "NewCandidatePairSelected",
    ),
    "UriEndpoint": ("UriEndpointStateChanged",),
    "PlayerEndpoint": ("EndOfStream",),
    "RecorderEndpoint": ("Paused", "Recording", "Stopped"),
    "ZBarFilter": ("CodeFound",),
}


def _type(
    name: str,
    ancestors: tuple[str, ...],
    *texts: str,
    parent: str | None = "mediaPipeline",
    parent_class: str = "MediaPipeline",
) -> ObjectType:
    events = frozenset(event for member in (name, *ancestors) for event in _EVENTS.get(member, ()))
    return ObjectType(name, ancestors, parent, parent_class, texts, events)


SERVER_MANAGER: Final = _type("ServerManager", _ROOT, parent=None)
MEDIA_PIPELINE: Final = _type("MediaPipeline", _ROOT, parent=None)
PASS_THROUGH: Final = _type("PassThrough", _ELEMENT)


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the server, as `getInfo` lists it.

    Attributes:
        name: Its name.
        generated: Its build time, as the compiler formats it.
        types: Its classes, by name.
    """

    name: str
    generated: str
    types: Mapping[str, ObjectType]

    def as_json(self) -> dict[str, Json]:
        """Its ModuleInfo."""
        return {
            "__module__": "kurento",
            "__type__": "ModuleInfo",
            "factories": [*sorted(self.types)],
            "generationTime": self.generated,
            "name": self.name,
            "version": VERSION,
        }


def _module(name: str, generated: str, *types: ObjectType) -> Module:
    return Module(name, generated, {item.name: item for item in types})


MODULES: Final[Mapping[str, Module]] = {
    "core": _module(
        "core",
        "Nov 22 2026 21:26:07",
        _type("HubPort", _ELEMENT, parent="hub", parent_class="Hub"),
        MEDIA_PIPELINE,
        PASS_THROUGH,
    ),
    "elements": _module(
        "elements",
        "Nov 22 2026 21:43:40",
        _type("AlphaBlending", _HUB),
        _type("Composite", _HUB),
        _type("Dispatcher", _HUB),
        _type("DispatcherOneToMany", _HUB),
        _type("HttpPostEndpoint", _HTTP),
        _type("Mixer", _HUB),
        _type("PlayerEndpoint", _URI, "uri"),
        _type("RecorderEndpoint", _URI, "uri"),
        _type("RtpEndpoint", _RTP),
        _type("WebRtcEndpoint", _RTP),
    ),
    "filters": _module(
        "filters",
        "Nov 22 2026 21:46:26",
        _type("FaceOverlayFilter", _FILTER),
        _type("GStreamerFilter", _FILTER, "command"),
        _type("ImageOverlayFilter", _FILTER),
        _type("ZBarFilter", _FILTER),
    ),
}
"""All modules by name; the times and factories are those of a real server."""


def find_type(name: str, modules: tuple[str, ...]) -> ObjectType | None:
    """The class with a name such as `WebRtcEndpoint` or `kurento.WebRtcEndpoint`.

    Args:
        name: The name in a request.
        modules: The names of the installed modules.
    """
    short = name.removeprefix("kurento.")
    for module in modules:
        found = MODULES[module].types.get(short)
        if found is not None:
            return found
    return None
