"""The guard's part for what travels: parameters, bodies, responses, headers, media types."""

from collections.abc import Iterator, Mapping
from typing import Any

from mediafleet.contract.errors import Unserved
from mediafleet.contract.guard_references import Document, allowed_keys
from mediafleet.contract.guard_schemas import schema_findings
from mediafleet.contract.texts import pointer

Findings = Iterator[Unserved]

_PARAMETER = frozenset(
    ["name", "in", "description", "required", "deprecated", "schema", "example", "examples"]
)
_HEADER = _PARAMETER - {"name", "in"}
_MEDIA_TYPE = {"schema", "example", "examples"}
_PRIMITIVES = ("boolean", "integer", "number", "string")


def parameter_findings(document: Document, place: str, node: Mapping[str, Any]) -> Findings:
    """Find what one parameter, written out or referred to, asks for and would not get."""
    if "$ref" in node:
        yield from document.reference_findings(place, node, "parameters")
        return
    yield from allowed_keys(place, node, _PARAMETER, "a parameter")
    if node["in"] not in ("path", "query"):
        yield Unserved(place + "/in", f"a {node['in']} parameter; path and query are served")
    schema = node.get("schema")
    if schema is None:
        return
    yield from _text_findings(document, place + "/schema", schema, "a parameter")


def header_findings(document: Document, place: str, node: Mapping[str, Any]) -> Findings:
    """Find what one response header asks for and would not get."""
    if "$ref" in node:
        yield from document.reference_findings(place, node, "headers")
        return
    yield from allowed_keys(place, node, _HEADER, "a header")
    if "schema" in node:
        yield from _text_findings(document, place + "/schema", node["schema"], "a header")


def _text_findings(
    document: Document, place: str, schema: Mapping[str, Any], what: str
) -> Findings:
    """Find what the schema of a value that travels as plain text would not get."""
    yield from schema_findings(document, place, schema)
    resolved = document.resolve(schema)
    if resolved.get("type") not in _PRIMITIVES:
        kind = resolved.get("type", "of no type")
        yield Unserved(
            place, f"the schema {kind} of {what}; one of {', '.join(_PRIMITIVES)} is served"
        )
    for keyword in sorted({"nullable", "allOf", "anyOf", "oneOf", "not"} & set(resolved)):
        yield Unserved(place, f"{keyword} in the schema of {what}")


def request_body_findings(document: Document, place: str, node: Mapping[str, Any]) -> Findings:
    """Find what one request body asks for and would not get."""
    if "$ref" in node:
        yield from document.reference_findings(place, node, "requestBodies")
        return
    if "application/json" not in node["content"]:
        yield Unserved(place + "/content", "a request body without application/json")
    yield from _content(document, place + "/content", node["content"])


def response_findings(document: Document, place: str, node: Mapping[str, Any]) -> Findings:
    """Find what one response asks for and would not get."""
    if "$ref" in node:
        yield from document.reference_findings(place, node, "responses")
        return
    for name, header in node.get("headers", {}).items():
        yield from header_findings(document, place + pointer("headers", name), header)
    yield from _content(document, place + "/content", node.get("content", {}))


def _content(document: Document, place: str, content: Mapping[str, Any]) -> Findings:
    for media_type, media in content.items():
        at = place + pointer(media_type)
        if media_type != "application/json":
            yield Unserved(at, f"media type {media_type}; application/json is served")
        yield from allowed_keys(at, media, _MEDIA_TYPE, "a media type")
        if "schema" not in media:
            yield Unserved(at, "a media type without a schema")
        else:
            yield from schema_findings(document, at + "/schema", media["schema"])
