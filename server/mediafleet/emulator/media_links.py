"""The links between elements that packets follow, and the events of what flows along them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.media import WebRtcSession
    from mediafleet.emulator.registry import MediaObject, Registry

KINDS: Final = ("audio", "video")
_TRANSPARENT: Final = ("PassThrough", "Filter")


def update_links(registry: Registry, pipeline: MediaObject) -> None:
    """Send the packets of each endpoint along the links of its pipeline, and emit the flows.

    Args:
        registry: The registry of the pipeline.
        pipeline: The pipeline; one that was destroyed has no elements left.
    """
    elements = list(pipeline.children.values())
    flows: dict[MediaObject, dict[tuple[str, str], None]] = {element: {} for element in elements}
    for kind in KINDS:
        _update_kind(kind, elements, flows)
    for element in elements:
        _emit_flows(registry, element, flows[element])


def _update_kind(
    kind: str,
    elements: list[MediaObject],
    flows: dict[MediaObject, dict[tuple[str, str], None]],
) -> None:
    sinks: dict[MediaObject, list[MediaObject]] = {}
    for element in elements:
        for key, output in element.inputs.items():
            if key.media == kind.upper():
                sinks.setdefault(output.element, []).append(element)
    sessions = {element: found for element in elements if (found := _session(element)) is not None}
    upstream: dict[WebRtcSession, WebRtcSession] = {}
    for source, session in sessions.items():
        reached = list(_reach(source, sinks))
        receivers = [sessions[element] for element in reached if element in sessions]
        session.set_routes(kind, receivers)
        upstream.update(dict.fromkeys(receivers, session))
        if kind in session.flowing:
            _mark_flows(kind.upper(), source, reached, flows)
    for session in sessions.values():
        session.set_upstream(kind, upstream.get(session))


def _mark_flows(
    media: str,
    source: MediaObject,
    reached: list[MediaObject],
    flows: dict[MediaObject, dict[tuple[str, str], None]],
) -> None:
    flows[source]["Out", media] = None
    for element in reached:
        flows[element]["In", media] = None
        if _is_transparent(element):
            flows[element]["Out", media] = None


def _session(element: MediaObject) -> WebRtcSession | None:
    return None if element.endpoint is None else element.endpoint.session


def _is_transparent(element: MediaObject) -> bool:
    return any(element.type.is_a(name) for name in _TRANSPARENT)


def _reach(
    source: MediaObject, sinks: Mapping[MediaObject, list[MediaObject]]
) -> Iterator[MediaObject]:
    """The elements that the packets of a source pass or end in, each once, nearest first."""
    seen: set[MediaObject] = set()
    waiting = list(sinks.get(source, ()))
    for element in waiting:
        if element in seen:
            continue
        seen.add(element)
        yield element
        if _is_transparent(element):
            waiting += sinks.get(element, ())


def _emit_flows(
    registry: Registry, element: MediaObject, flows: Mapping[tuple[str, str], None]
) -> None:
    started = [flow for flow in flows if flow not in element.flows]
    ended = sorted(element.flows - flows.keys())
    element.flows = set(flows)
    for direction, media in [*started, *ended]:
        is_flowing = (direction, media) in flows
        data: dict[str, Json] = {
            "mediaType": media,
            "padName": "default",
            "state": "FLOWING" if is_flowing else "NOT_FLOWING",
        }
        registry.emit(element, f"MediaFlow{direction}StateChanged", data, typed=True)
        if element.endpoint is not None:
            element.endpoint.set_flow(direction, media.lower(), is_flowing=is_flowing)
