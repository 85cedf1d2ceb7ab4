"""Lints `openrpc.yaml`: finds what breaks OpenRPC 1.3, and what breaks the rules of this server.

OpenRPC has no marks for what a server sends by itself, nor for errors of all methods: both are
extensions at the document's top.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jsonschema_rs

SCHEMA_KEYWORDS = frozenset(
    (
        *("$ref", "description", "type", "enum", "required", "properties", "additionalProperties"),
        *("items", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"),
    )
)
"""Those that mean the same in JSON Schema draft 4, which compiles them, and draft 7, OpenRPC's."""
_TEXT = {"type": "string", "minLength": 1}
_REFERENCE = {
    "type": "object",
    "required": ["$ref"],
    "additionalProperties": False,
    "properties": {"$ref": {"type": "string", "pattern": "^#/components/"}},
}


def _object(needed: list[str], /, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": needed,
        "additionalProperties": False,
        "properties": properties,
    }


def _or_reference(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [_REFERENCE, schema]}


_DESCRIPTOR = _object(
    ["name", "schema"],
    name=_TEXT,
    summary=_TEXT,
    required={"type": "boolean"},
    schema={"type": "object"},
)
_NOTIFICATION = {
    "name": _TEXT,
    "summary": {"type": "string", "pattern": "\\.$"},
    "paramStructure": {"enum": ["by-name"]},
    "params": {"type": "array", "items": _or_reference(_DESCRIPTOR)},
}
_ERRORS = {"type": "array", "items": _REFERENCE}
_ERROR = _object(["code", "message"], code={"type": "integer"}, message=_TEXT)
FORM = _object(
    ["openrpc", "info", "servers", "methods", "components"],
    openrpc={"type": "string", "pattern": "^1\\.3\\.[0-9]$"},
    info=_object(
        ["title", "version", "description"],
        title=_TEXT,
        version=_TEXT,
        description=_TEXT,
        license=_object(["name"], name=_TEXT, url=_TEXT),
    ),
    servers={
        "type": "array",
        "minItems": 1,
        "items": _object(["url"], name=_TEXT, url=_TEXT, variables={"type": "object"}),
    },
    methods={
        "type": "array",
        "minItems": 1,
        "items": _object(
            ["name", "summary", "paramStructure", "params", "result", "errors"],
            **_NOTIFICATION,
            result=_or_reference(_DESCRIPTOR),
            errors=_ERRORS,
        ),
    },
    **{
        "x-errors-of-all-methods": _ERRORS,
        "x-notifications": {
            "type": "array",
            "items": _object(["name", "summary", "paramStructure", "params"], **_NOTIFICATION),
        },
    },
    components=_object(
        [],
        contentDescriptors={"type": "object", "additionalProperties": _DESCRIPTOR},
        schemas={"type": "object", "additionalProperties": {"type": "object"}},
        errors={"type": "object", "additionalProperties": _ERROR},
    ),
)


def lint(document: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each fault; a wrong form or a lost reference hides all others."""
    found = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in jsonschema_rs.Draft7Validator(FORM).iter_errors(document)
    ]
    return (
        found
        or list(_lost(document))
        or [
            *_unused(document),
            *_names(document),
            *_schemas(document),
        ]
    )


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(reference := node.get("$ref"), str):
            yield reference
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)


def _lost(document: Mapping[str, Any]) -> Iterator[str]:
    for reference in set(_references(document)):
        node: Any = document
        for token in reference.removeprefix("#/").split("/"):
            node = node.get(token) if isinstance(node, Mapping) else None
        if node is None:
            yield f"{reference}: leads nowhere"


def _unused(document: Mapping[str, Any]) -> Iterator[str]:
    used = set(_references(document))
    for kind, components in document["components"].items():
        for name in components:
            if f"#/components/{kind}/{name}" not in used:
                yield f"components/{kind}/{name}: is not used"


def _names(document: Mapping[str, Any]) -> Iterator[str]:
    for place in ("methods", "x-notifications"):
        for name in _repeated(each["name"] for each in document[place]):
            yield f"{place}: {name} is there twice"
    for code in _repeated(each["code"] for each in document["components"]["errors"].values()):
        yield f"components/errors: two errors have the code {code}"
    common = list(_references(document["x-errors-of-all-methods"]))
    for method in document["methods"]:
        if any(_repeated([*common, *_references(method["errors"])])):
            yield f"{method['name']}: names an error twice, or one of all methods"


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _schemas(document: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in document["components"]["schemas"].items():
        yield from _schema(schema, f"components/schemas/{name}")
    for place in ("methods", "x-notifications"):
        for method in document[place]:
            names = [param["name"] for param in method["params"]]
            if _repeated(names):
                yield f"{place}/{method['name']}: two parameters have one name"
            for param in method["params"]:
                where = f"{place}/{method['name']}/{param['name']}"
                yield from _schema(param["schema"], where)
                if place == "methods":
                    yield from _unbounded(document, param["schema"], where)


def _schema(schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if "$ref" in schema and len(schema) > 1:
        yield f"{where}: nothing may stand beside a $ref"
    if unknown := sorted(schema.keys() - SCHEMA_KEYWORDS):
        yield f"{where}: {', '.join(unknown)} is not supported"
    if "$ref" not in schema and "type" not in schema:
        yield f"{where}: has no type"
    for name, part in schema.get("properties", {}).items():
        yield from _schema(part, f"{where}/{name}")
    if missing := sorted(set(schema.get("required", ())) - schema.get("properties", {}).keys()):
        yield f"{where}: requires {', '.join(missing)}, which it does not describe"
    if isinstance(schema.get("items"), Mapping):
        yield from _schema(schema["items"], f"{where}/items")


def _unbounded(document: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> Iterator[str]:
    """Find texts and lists of browsers that have no limit."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    types = schema.get("type", ())
    if "string" in types and not {"maxLength", "enum"} & schema.keys():
        yield f"{where}: a text of browsers needs a maxLength"
    if "array" in types and "maxItems" not in schema:
        yield f"{where}: a list of browsers needs maxItems"
    for name, part in schema.get("properties", {}).items():
        yield from _unbounded(document, part, f"{where}/{name}")
