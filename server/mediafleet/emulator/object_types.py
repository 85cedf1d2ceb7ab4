"""The classes of media objects a Media Node can create, module by module; no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.emulator.json_text import Json

VERSION = "7.3.0"


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One class of media objects.

    Attributes:
        name: Short name, such as WebRtcEndpoint.
        ancestors: Its superclasses, nearest first.
        parent: The constructor parameter that names the parent object; None for root objects.
        parent_class: What the parent must be.
        texts: Further required constructor parameters, all of them strings.
        events: Events its objects can be asked for.
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


_ROOT = ("MediaObject",)
_ELEMENT = ("MediaElement", *_ROOT)
_ENDPOINT = ("Endpoint", *_ELEMENT)
_SESSION_ENDPOINT = ("SessionEndpoint", *_ENDPOINT)
_RTP = ("BaseRtpEndpoint", "SdpEndpoint", *_SESSION_ENDPOINT)
_URI = ("UriEndpoint", *_ENDPOINT)
_HTTP = ("HttpEndpoint", *_SESSION_ENDPOINT)
_FILTER = ("Filter", *_ELEMENT)
_HUB = ("Hub", *_ROOT)

_EVENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
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
)


def _type(
    name: str,
    ancestors: tuple[str, ...],
    *texts: str,
    parent: str | None = "mediaPipeline",
    parent_class: str = "MediaPipeline",
) -> ObjectType:
    events = frozenset(event for member in (name, *ancestors) for event in _EVENTS.get(member, ()))
    return ObjectType(name, ancestors, parent, parent_class, texts, events)


SERVER_MANAGER = _type("ServerManager", _ROOT, parent=None)
MEDIA_PIPELINE = _type("MediaPipeline", _ROOT, parent=None)
PASS_THROUGH = _type("PassThrough", _ELEMENT)


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the server, as `getInfo` tells of it.

    Attributes:
        name: Its name.
        generated: When it was built, in the words of the compiler.
        types: The classes it can create, by name.
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
    return Module(name, generated, MappingProxyType({item.name: item for item in types}))


MODULES: Mapping[str, Module] = MappingProxyType(
    {
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
)
"""All modules there are, by name; times and factories as a real server told them."""


def find_type(name: str, modules: tuple[str, ...]) -> ObjectType | None:
    """The class a client means by `WebRtcEndpoint` or `kurento.WebRtcEndpoint`.

    Args:
        name: What stood in the request.
        modules: Installed modules.
    """
    short = name.removeprefix("kurento.")
    for module in modules:
        found = MODULES[module].types.get(short)
        if found is not None:
            return found
    return None
