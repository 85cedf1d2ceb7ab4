"""The guard's part for schemas: keywords, formats and shapes that the compiled validators keep."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from mediafleet.contract.answers import JsonValue
from mediafleet.contract.errors import Unserved
from mediafleet.contract.guard_references import Document, allowed_keys
from mediafleet.contract.texts import pointer

_KEYWORDS = frozenset(
    [
        "type",
        "format",
        "enum",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minProperties",
        "maxProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "nullable",
        "default",
        "readOnly",
        "writeOnly",
        "title",
        "description",
        "example",
        "externalDocs",
        "deprecated",
    ]
)
_FORMATS = {
    "string": frozenset(
        [
            "date",
            "date-time",
            "time",
            "email",
            "hostname",
            "ipv4",
            "ipv6",
            "uri",
            "regex",
            "password",
        ]
    ),
    "integer": {"int32", "int64"},
    "number": {"double"},
}
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
Findings = Iterator[Unserved]


def schema_findings(
    document: Document, place: str, schema: Mapping[str, Any], *, may_be_marked: bool = False
) -> Findings:
    """Find what one schema, written out or referred to, asks for and would not get.

    Args:
        document: Where references lead.
        place: JSON pointer of *schema*.
        schema: Schema object or reference.
        may_be_marked: It stands where readOnly and writeOnly have a meaning: as a property, or as a
            component that may become one.
    """
    if not may_be_marked:
        yield from _marks(place, document.resolve(schema), "outside the properties of an object")
    if "$ref" in schema:
        yield from document.reference_findings(place, schema, "schemas")
        return
    yield from allowed_keys(place, schema, _KEYWORDS, "a schema")
    yield from _format(place, schema)
    yield from _pattern(place, schema)
    yield from _bounds(place, schema)
    if schema.get("nullable") is True and "type" not in schema:
        yield Unserved(place + "/nullable", "nullable without a type beside it")
    for name, part in schema.get("properties", {}).items():
        at = place + pointer("properties", name)
        yield from schema_findings(document, at, part, may_be_marked=True)
        if "default" in document.resolve(part):
            yield Unserved(at, "a default of a property; nobody fills it in")
    for key in ("items", "not", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            yield from schema_findings(document, place + pointer(key), schema[key])
    yield from _compositions(document, place, schema)


def recursive_schemas(document: Document) -> Findings:
    """Find component schemas that contain themselves: Connexion unfolds references."""
    schemas = document.root.get("components", {}).get("schemas", {})
    uses = {name: set(_used(schema)) for name, schema in schemas.items()}
    for name in schemas:
        reached: set[str] = set()
        waiting = set(uses[name])
        while waiting:
            current = waiting.pop()
            if current not in reached:
                reached.add(current)
                waiting |= uses.get(current, set())
        if name in reached:
            yield Unserved(pointer("components", "schemas", name), "a schema that contains itself")


def _used(node: JsonValue) -> Iterator[str]:
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference.rpartition("/")[2]
        for part in node.values():
            yield from _used(part)
    elif isinstance(node, list):
        for part in node:
            yield from _used(part)


def _compositions(document: Document, place: str, schema: Mapping[str, Any]) -> Findings:
    for key in ("allOf", "anyOf", "oneOf"):
        for index, part in enumerate(schema.get(key, [])):
            at = place + pointer(key, index)
            yield from schema_findings(document, at, part)
            # Another part could require the property, which only its own schema is relieved of.
            for name, inner in document.resolve(part).get("properties", {}).items():
                inside = at + pointer("properties", name)
                yield from _marks(inside, document.resolve(inner), f"inside {key}")


def _marks(place: str, schema: Mapping[str, Any], where: str) -> Findings:
    for mark in ("readOnly", "writeOnly"):
        if schema.get(mark) is True:
            yield Unserved(place + pointer(mark), f"{mark} {where}")


def _pattern(place: str, schema: Mapping[str, Any]) -> Findings:
    if "pattern" not in schema:
        return
    try:
        jsonschema_rs.Draft4Validator({"pattern": schema["pattern"]})
    except ValueError:
        yield Unserved(place + "/pattern", "a pattern that does not compile")


def _bounds(place: str, schema: Mapping[str, Any]) -> Findings:
    """An integer of more than 64 bits is read as a float and would be refused as such."""
    if schema.get("type") != "integer" or "format" in schema or "enum" in schema:
        return
    if (
        schema.get("minimum", -math.inf) < _INT64_MIN
        or schema.get("maximum", math.inf) > _INT64_MAX
    ):
        yield Unserved(place, "an integer without minimum and maximum of at most 64 bits")


def _format(place: str, schema: Mapping[str, Any]) -> Findings:
    name = schema.get("format")
    if name is None:
        return
    kind = schema.get("type")
    if name not in _FORMATS.get(str(kind), ()):
        yield Unserved(place + "/format", f"format {name} of type {kind}, which is not enforced")
