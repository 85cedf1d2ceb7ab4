"""Frames of browsers, right and wrong, drawn from `openrpc.yaml`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mediafleet.app import load_contract
from mediafleet.contract import inlined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DOCUMENT = load_contract("openrpc.yaml")
METHODS: Sequence[Mapping[str, Any]] = inlined(DOCUMENT, DOCUMENT["methods"])
OFFER = "\r\n".join(
    [
        *("v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"),
        *("m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendrecv"),
        *("a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdefghijklmn", "a=setup:actpass"),
        *(
            "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
            "a=rtcp-mux",
            "a=rtpmap:111 opus/48000/2",
        ),
        *("m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=mid:1", "a=sendrecv"),
        *("a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdefghijklmn", "a=setup:actpass"),
        *("a=fingerprint:sha-256 " + ":".join(["AB"] * 32), "a=rtcp-mux", "a=rtpmap:96 VP8/90000"),
        "",
    ]
)


class Id(int):
    """Stands for an id that is known when a request is sent; a larger number for an older one."""


_TEXTS = st.text(max_size=40)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
LIKELY: Mapping[str, list[Any]] = {
    "sdpOffer": [OFFER],
    "sdpString": [OFFER],
    "candidate": ["candidate:1 1 UDP 2130706431 127.0.0.1 40000 typ host"],
    "message": ['{"to":[],"type":"signal:chat","data":"hi"}', '{"to":["con_unknown"]}', "[]", "{"],
    "videoDimensions": ['{"width":640,"height":480}'],
    "options": ['{"command":"videoflip method=vertical-flip"}'],
    "type": ["GStreamerFilter"],
    "interval": [5000],
}
"""Values that get further than those that are drawn."""


def of_schema(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema accepts; large ones seldom."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema["type"]
    drawn = [_of_type(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return st.one_of(drawn)


def _of_type(kind: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "string":
        least, most = schema.get("minLength", 0), schema.get("maxLength", 1000)
        return st.text(min_size=least, max_size=min(most, 60)) | st.just("x" * most)
    if kind == "integer":
        return st.integers(schema.get("minimum", -(1 << 40)), schema.get("maximum", 1 << 40))
    if kind == "number":
        low, high = schema.get("minimum"), schema.get("maximum")
        return st.floats(low, high, allow_nan=False, allow_infinity=False) | st.integers(-5, 60)
    if kind == "boolean":
        return st.booleans()
    assert kind == "object", kind
    required = schema.get("required", [])
    parts = {name: of_schema(part) for name, part in schema.get("properties", {}).items()}
    return st.fixed_dictionaries(
        {name: parts[name] for name in required},
        optional={name: part for name, part in parts.items() if name not in required},
    )


@st.composite
def params_of(draw: st.DrawFn, method: Mapping[str, Any], known: Sequence[Id]) -> Mapping[str, Any]:
    """Parameters that the contract accepts; ids are mostly of those to be known."""
    drawn: dict[str, Any] = {}
    for param in method["params"]:
        if not param.get("required") and draw(st.booleans()):
            continue
        name = param["name"]
        likely: list[Any] = list(
            LIKELY.get(name, known if param["schema"].get("maxLength") == 512 else [])
        )
        if likely and draw(st.sampled_from([True, True, False])):
            chosen: st.SearchStrategy[Any] = st.sampled_from(likely)
            drawn[name] = draw(chosen)
        else:
            drawn[name] = draw(of_schema(param["schema"]))
    return drawn


@st.composite
def wrong_params(draw: st.DrawFn, method: Mapping[str, Any], known: Sequence[Id]) -> Any:
    """Parameters of which one is missing or something else, or that are no object."""
    drawn = dict(draw(params_of(method, known)))
    if not drawn or not draw(st.integers(0, 4)):
        return draw(ANYTHING)
    name = draw(st.sampled_from(sorted(drawn)))
    if draw(st.booleans()):
        del drawn[name]
    else:
        drawn[name] = draw(ANYTHING)
    return drawn


WRONG_FRAMES = st.one_of(
    ANYTHING.map(json.dumps),
    st.text(max_size=200),
    st.fixed_dictionaries(
        {"jsonrpc": st.sampled_from(["2.0", "1.0", 2]), "id": ANYTHING, "method": ANYTHING},
        optional={"params": ANYTHING},
    ).map(json.dumps),
    st.integers(1, 30_000).map(lambda depth: "[" * depth),
)
"""Texts that are no requests, or hardly ever."""
