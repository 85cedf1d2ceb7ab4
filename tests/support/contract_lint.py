"""Lints an OpenAPI document: finds what it asks for and the contract layer does not support.

The lint reads the document as it was written (references unresolved), so each finding names the
place that somebody must change.
"""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import jsonschema_rs

from mediafleet.contract.errors import MAX_DETAILS, ErrorDetail, pointer
from mediafleet.contract.parameters import argument_name
from mediafleet.contract.responses import (
    MAX_FIELD_CHARACTERS,
    MAX_MESSAGE_CHARACTERS,
    MAX_PATH_CHARACTERS,
    error_body,
)
from mediafleet.contract.routing import is_below, parameter_names
from mediafleet.contract.schemas import Direction, JsonValue, SchemaValidator


@dataclass(frozen=True, slots=True)
class Finding:
    """One unsupported feature of a contract.

    Attributes:
        place: JSON pointer into the contract as it was written.
        feature: What stands there, and what is allowed instead where that is not obvious.
    """

    place: str
    feature: str


Findings = Iterator[Finding]


def lint(specification: Mapping[str, Any], protected_prefixes: Sequence[str]) -> list[Finding]:
    """Find everything that the contract layer would serve differently from what a contract says.

    A reference that leads nowhere, and an unsupported server, hide all other findings.

    Args:
        specification: Valid OpenAPI 3.0 document as loaded from YAML or JSON.
        protected_prefixes: Operations at or below these paths must ask for Basic credentials.
    """
    document = Document(specification)
    if found := [*_servers(specification), *_dangling_references(document)]:
        return found
    found = [
        *security_findings(document, pointer("security"), specification.get("security", [])),
        *_components(document),
        *_paths(document, protected_prefixes),
        *_names(document),
    ]
    return found or list(_error_responses(document))


def _servers(specification: Mapping[str, Any]) -> Findings:
    for index, server in enumerate(specification.get("servers", [])):
        place = pointer("servers", index)
        if index:
            yield Finding(place, "a second server; one is served")
        if "variables" in server:
            yield Finding(place + "/variables", "server variables")
        elif _SERVER_URL.fullmatch(str(server.get("url"))) is None:
            feature = "a server's URL is made of an origin, or nothing, and /literal"
            yield Finding(place + "/url", feature)


def _dangling_references(document: "Document") -> Findings:
    for place, reference in _references("", document.root):
        if not document.resolve({"$ref": reference}):
            yield Finding(place, "a reference that leads nowhere in #/components/")


def _error_responses(document: "Document") -> Findings:
    """Find error responses that the layer's own error bodies and headers do not match."""
    for at, operation in _operations(document):
        for key, node in operation["responses"].items():
            if str(key).startswith("x-") or int(key) < _FIRST_ERROR:
                continue
            place, status = at + pointer("responses", key), int(key)
            response = document.inlined(node)
            if "content" in response:
                yield from _error_body(place, status, response)
            required = {
                name.lower()
                for name, header in response.get("headers", {}).items()
                if header.get("required")
            }
            missing = sorted(required - _OWN_HEADERS.get(status, set()))
            if status in _OWN_STATUSES and missing:
                names = ", ".join(missing)
                feature = f"the server itself answers {status}, without {names}"
                yield Finding(place + "/headers", feature)


def _error_body(place: str, status: int, response: Mapping[str, Any]) -> Findings:
    place += pointer("content", "application/json", "schema")
    schema = response["content"]["application/json"]["schema"]
    validator = SchemaValidator(schema, Direction.RESPONSE, place)
    longest = _longest_error_body(status)
    if not validator.is_valid(longest):
        yield Finding(place, validator.explain(longest, "error body", every=True))


@cache
def _longest_error_body(status: int) -> dict[str, Any]:
    return error_body(
        status,
        "x" * MAX_MESSAGE_CHARACTERS,
        path="/" * MAX_PATH_CHARACTERS,
        now_ms=1_700_000_000_000,
        errors=[ErrorDetail("x" * MAX_MESSAGE_CHARACTERS, "/" * MAX_FIELD_CHARACTERS)]
        * MAX_DETAILS,
    )


_OWN_STATUSES = frozenset({400, 401, 403, 413, 415, 500, 503})
"""Errors of an operation that the layer itself may answer."""
_OWN_HEADERS = {401: {"www-authenticate"}, 503: {"retry-after"}}
_TARGET = re.compile(r"#/components/([A-Za-z]+)/([A-Za-z0-9._-]+)")
_MAX_CHAIN = 10


@dataclass(frozen=True, slots=True)
class Document:
    """A contract as it was written."""

    root: Mapping[str, Any]

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow references from *node*; an empty mapping when they lead nowhere."""
        for _ in range(_MAX_CHAIN):
            if "$ref" not in node:
                return node
            node = self._target(node["$ref"]) or {}
        return {}

    def inlined(self, node: JsonValue) -> Any:
        """Copy *node* with each reference replaced by what it leads to."""
        if isinstance(node, Mapping):
            return {key: self.inlined(part) for key, part in self.resolve(node).items()}
        if isinstance(node, list):
            return [self.inlined(part) for part in node]
        return node

    def reference_findings(
        self, place: str, node: Mapping[str, Any], kind: str
    ) -> Iterator[Finding]:
        """Find what is wrong with one reference.

        Args:
            place: JSON pointer of *node*.
            node: Has a ``$ref``.
            kind: The part of ``components`` it has to lead to.
        """
        for key in node:
            if key != "$ref":
                yield Finding(place + pointer(key), f"{key} beside $ref, which hides it")
        found = _TARGET.fullmatch(node["$ref"])
        if found is None or found[1] != kind:
            yield Finding(place + pointer("$ref"), f"a reference out of #/components/{kind}/")

    def _target(self, reference: str) -> Mapping[str, Any] | None:
        found = _TARGET.fullmatch(reference)
        if found is None:
            return None
        target: Mapping[str, Any] | None = (
            self.root.get("components", {}).get(found[1], {}).get(found[2])
        )
        return target


def _references(place: str, node: JsonValue) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield place + "/$ref", node["$ref"]
        for key, part in node.items():
            yield from _references(place + pointer(key), part)
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from _references(place + pointer(index), part)


def allowed_keys(
    place: str, node: Mapping[str, Any], allowed: Collection[str], what: str
) -> Iterator[Finding]:
    """Find the keys of an object that the layer does not know; extensions are ignored."""
    for key in node:
        if key not in allowed and not str(key).startswith("x-"):
            yield Finding(place + pointer(key), f"{key} of {what}")


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
        "discriminator",
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
        yield Finding(place + "/nullable", "nullable without a type beside it")
    for name, part in schema.get("properties", {}).items():
        at = place + pointer("properties", name)
        yield from schema_findings(document, at, part, may_be_marked=True)
        if "default" in document.resolve(part):
            yield Finding(at, "a default of a property; nobody fills it in")
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
            yield Finding(pointer("components", "schemas", name), "a schema that contains itself")


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
            yield Finding(place + pointer(mark), f"{mark} {where}")


def _pattern(place: str, schema: Mapping[str, Any]) -> Findings:
    if "pattern" not in schema:
        return
    try:
        jsonschema_rs.Draft4Validator({"pattern": schema["pattern"]})
    except ValueError:
        yield Finding(place + "/pattern", "a pattern that does not compile")


def _bounds(place: str, schema: Mapping[str, Any]) -> Findings:
    """An integer of more than 64 bits is read as a float and would be refused as such."""
    if schema.get("type") != "integer" or "format" in schema or "enum" in schema:
        return
    if (
        schema.get("minimum", -math.inf) < _INT64_MIN
        or schema.get("maximum", math.inf) > _INT64_MAX
    ):
        yield Finding(place, "an integer without minimum and maximum of at most 64 bits")


def _format(place: str, schema: Mapping[str, Any]) -> Findings:
    name = schema.get("format")
    if name is None:
        return
    kind = schema.get("type")
    if name not in _FORMATS.get(str(kind), ()):
        yield Finding(place + "/format", f"format {name} of type {kind}, which is not enforced")


_PARAMETER = frozenset(
    ["name", "in", "description", "required", "deprecated", "schema", "example", "examples"]
)
_NO_PARAMETERS = ("accept", "authorization", "content-type")
_HEADER = _PARAMETER - {"name", "in"}
_MEDIA_TYPE = {"schema", "example", "examples"}
_PRIMITIVES = ("boolean", "integer", "number", "string")


def parameter_findings(document: Document, place: str, node: Mapping[str, Any]) -> Findings:
    """Find what one parameter, written out or referred to, asks for and would not get."""
    if "$ref" in node:
        yield from document.reference_findings(place, node, "parameters")
        return
    yield from allowed_keys(place, node, _PARAMETER, "a parameter")
    if node["in"] not in ("path", "query", "header"):
        feature = f"a {node['in']} parameter; path, query and header are served"
        yield Finding(place + "/in", feature)
    if node["in"] == "header" and node["name"].lower() in _NO_PARAMETERS:
        yield Finding(place + "/name", f"{node['name']} is no parameter in OpenAPI")
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
        yield Finding(
            place, f"the schema {kind} of {what}; one of {', '.join(_PRIMITIVES)} is served"
        )
    for keyword in sorted({"nullable", "allOf", "anyOf", "oneOf", "not"} & set(resolved)):
        yield Finding(place, f"{keyword} in the schema of {what}")


def request_body_findings(document: Document, place: str, node: Mapping[str, Any]) -> Findings:
    """Find what one request body asks for and would not get."""
    if "$ref" in node:
        yield from document.reference_findings(place, node, "requestBodies")
        return
    if "application/json" not in node["content"]:
        yield Finding(place + "/content", "a request body without application/json")
    yield from _content(document, place + "/content", node["content"], _JSON)


def response_findings(document: Document, place: str, node: Mapping[str, Any]) -> Findings:
    """Find what one response asks for and would not get."""
    if "$ref" in node:
        yield from document.reference_findings(place, node, "responses")
        return
    for name, header in node.get("headers", {}).items():
        yield from header_findings(document, place + pointer("headers", name), header)
    content = node.get("content", {})
    if len(content) > 1:
        yield Finding(place + "/content", "several media types of one answer; one is served")
    yield from _content(document, place + "/content", content, _JSON + _TEXT)
    for media_type in _TEXT:
        text = content.get(media_type, {}).get("schema", {})
        if text and document.resolve(text).get("type") != "string":
            at = place + pointer("content", media_type, "schema")
            yield Finding(at, "text that is no string")


def _content(
    document: Document, place: str, content: Mapping[str, Any], served: Sequence[str]
) -> Findings:
    for media_type, media in content.items():
        at = place + pointer(media_type)
        if media_type not in served:
            yield Finding(at, f"media type {media_type}; {' or '.join(served)} is served")
        yield from allowed_keys(at, media, _MEDIA_TYPE, "a media type")
        if "schema" not in media:
            yield Finding(at, "a media type without a schema")
        else:
            yield from schema_findings(document, at + "/schema", media["schema"])


_JSON = ("application/json",)
_TEXT = ("text/plain", "text/event-stream")

METHODS = ("get", "put", "post", "delete", "patch")
"""Those that the layer serves; HEAD and OPTIONS it answers by itself."""

_TAKES_NO_BODY = ("get", "delete")
_OPERATION = frozenset(
    [
        "tags",
        "summary",
        "description",
        "externalDocs",
        "operationId",
        "parameters",
        "requestBody",
        "responses",
        "callbacks",
        "deprecated",
        "security",
    ]
)
_STATUS = re.compile(r"[2-5][0-9]{2}")
_BODILESS = ("204", "205", "304")
_FIRST_ERROR = 400


def is_secured(document: Document, operation: Mapping[str, Any]) -> bool:
    """Return whether an operation asks for credentials."""
    return bool(operation.get("security", document.root.get("security", [])))


def operation_findings(
    document: Document, place: str, operation: Mapping[str, Any], in_template: list[str]
) -> Findings:
    """Find what one operation asks for and would not get.

    Args:
        document: Where references lead.
        place: JSON pointer of *operation*; its last token is the method.
        operation: Operation object.
        in_template: Parameters of its path's template.
    """
    yield from allowed_keys(place, operation, _OPERATION, "an operation")
    yield from security_findings(document, place + "/security", operation.get("security", []))
    parameters = []
    for index, node in enumerate(operation.get("parameters", [])):
        yield from parameter_findings(document, place + pointer("parameters", index), node)
        parameters.append(document.resolve(node))
    yield from _parameter_set(place, parameters, in_template)
    yield from _waits_when(document, place, operation, parameters)
    if "requestBody" in operation:
        yield from request_body_findings(document, place + "/requestBody", operation["requestBody"])
        if place.endswith(_TAKES_NO_BODY):
            yield Finding(place + "/requestBody", "a body of a request that has none")
    yield from _responses(document, place + "/responses", operation["responses"])
    documented = set(map(str, operation["responses"]))
    method = place.rpartition("/")[2]
    for status in sorted(_own_statuses(document, operation, method) - documented):
        yield Finding(place + "/responses", f"no response {status}, which the server itself gives")


def _responses(document: Document, place: str, responses: Mapping[str, Any]) -> Findings:
    for status, response in responses.items():
        at = place + pointer(status)
        if str(status).startswith("x-"):
            continue
        if _STATUS.fullmatch(str(status)) is None:
            yield Finding(at, f"response {status}; each status is named by its number")
            continue
        has_body = bool(document.resolve(response).get("content"))
        if str(status) in _BODILESS and has_body:
            yield Finding(at + "/content", f"a body with status {status}, which has none")
        if int(status) in _OWN_STATUSES and not has_body:
            yield Finding(at, "an error without a body; the server itself gives this one a body")
        yield from response_findings(document, at, response)


def _own_statuses(document: Document, operation: Mapping[str, Any], method: str) -> set[str]:
    """What the layer itself may answer: a contract without them would be broken."""
    statuses = {"400", "500"}
    if is_secured(document, operation):
        statuses.add("401")
        if method != "get":
            statuses.add("403")
    if "requestBody" in operation:
        statuses |= {"413", "415"}
    return statuses


def _parameter_set(
    place: str, parameters: list[Mapping[str, Any]], in_template: list[str]
) -> Findings:
    in_path = [node["name"] for node in parameters if node["in"] == "path"]
    if sorted(in_path) != sorted(in_template):
        yield Finding(
            place + "/parameters", f"path parameters {in_path}, but the path has {in_template}"
        )
    taken = {"body": "the request body"}
    for index, node in enumerate(parameters):
        argument = argument_name(node["name"])
        if argument in taken:
            yield Finding(
                place + pointer("parameters", index, "name"),
                f"{node['name']} reaches the handler as {argument}, like {taken[argument]}",
            )
        taken[argument] = node["name"]


def _waits_when(
    document: Document,
    place: str,
    operation: Mapping[str, Any],
    parameters: list[Mapping[str, Any]],
) -> Findings:
    if "x-waits-when" not in operation:
        return
    for node in parameters:
        named = node["name"] == operation["x-waits-when"] and node["in"] == "query"
        if named and document.resolve(node["schema"]).get("type") == "boolean":
            return
    yield Finding(place + "/x-waits-when", "must name a boolean query parameter of the operation")


def security_findings(document: Document, place: str, requirements: list[Any]) -> Findings:
    """Find what a list of security requirements asks for and would not get."""
    schemes = document.root.get("components", {}).get("securitySchemes", {})
    if len(requirements) > 1:
        yield Finding(place, "alternative security requirements; at most one is served")
    for index, requirement in enumerate(requirements):
        if len(requirement) != 1:
            yield Finding(place + pointer(index), "a requirement must name exactly one scheme")
        for name in requirement:
            if name not in schemes:
                yield Finding(place + pointer(index, name), "an unknown security scheme")


_PATH_ITEM = {*METHODS, "summary", "description"}
_COMPONENTS = frozenset(
    [
        "schemas",
        "responses",
        "parameters",
        "examples",
        "requestBodies",
        "headers",
        "securitySchemes",
        "links",
    ]
)
_TEMPLATE = re.compile(r"(/([A-Za-z0-9._~-]+|\{[^{}/]+\}))+")
_SERVER_URL = re.compile(r"([a-z]+://[^/?#{}]+)?((/[A-Za-z0-9._~-]+)+/?|/)?")


def _components(document: Document) -> Findings:
    components = document.root.get("components", {})
    yield from allowed_keys(pointer("components"), components, _COMPONENTS, "components")
    checks: dict[str, Callable[[Document, str, Any], Findings]] = {
        "schemas": partial(schema_findings, may_be_marked=True),
        "parameters": parameter_findings,
        "headers": header_findings,
        "requestBodies": request_body_findings,
        "responses": response_findings,
        "securitySchemes": _security_scheme,
    }
    for kind, check in checks.items():
        for name, node in components.get(kind, {}).items():
            yield from check(document, pointer("components", kind, name), node)
    yield from recursive_schemas(document)


def _security_scheme(document: Document, place: str, node: Mapping[str, Any]) -> Findings:
    del document
    scheme = str(node.get("scheme", "")).lower()
    if node.get("type") != "http" or scheme != "basic":
        what = scheme or node.get("type")
        yield Finding(place, f"security scheme {what}; only type http, scheme basic is served")


def _paths(document: Document, protected_prefixes: Sequence[str]) -> Findings:
    servers = document.root.get("servers") or [{"url": ""}]
    base = re.sub(r"^[a-z]+://[^/]*", "", servers[0]["url"]).rstrip("/")
    shapes: dict[str, str] = {}
    for path, item in document.root["paths"].items():
        place = pointer("paths", path)
        if path != "/" and _TEMPLATE.fullmatch(path) is None:
            yield Finding(
                place, "a path is made of /literal and /{parameter} and ends without a slash"
            )
        shape = re.sub(r"\{[^{}]*\}", "{}", path)
        if shape in shapes:
            yield Finding(place, f"the same path as {shapes[shape]}")
        shapes[shape] = path
        yield from allowed_keys(place, item, _PATH_ITEM, "a path")
        operations = {method: item[method] for method in METHODS if method in item}
        if len({is_secured(document, operation) for operation in operations.values()}) > 1:
            yield Finding(place, "open and secured operations on one path")
        protected = is_below(base + path, protected_prefixes)
        for method, operation in operations.items():
            at = place + pointer(method)
            yield from operation_findings(document, at, operation, parameter_names(path))
            if protected and not is_secured(document, operation):
                yield Finding(at + "/security", "open access below the protected prefix")


def _names(document: Document) -> Findings:
    """Find operations without a name of their own, and links to names that nobody has."""
    seen: dict[str, str] = {}
    for place, operation in _operations(document):
        yield from _unique(place, operation, seen)
    for place, operation in _operations(document):
        for at, link in _links(document, place, operation):
            if link.get("operationId") not in seen:
                yield Finding(at, "a link to an unknown operationId")


def _operations(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, item in document.root["paths"].items():
        for method in METHODS:
            if method in item:
                yield pointer("paths", path, method), item[method]


def _links(
    document: Document, place: str, operation: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for status, response in operation["responses"].items():
        for name, node in document.resolve(response).get("links", {}).items():
            yield place + pointer("responses", status, "links", name), document.resolve(node)


def _unique(place: str, operation: Mapping[str, Any], seen: dict[str, str]) -> Findings:
    operation_id = operation.get("operationId")
    if operation_id is None:
        yield Finding(place, "an operation without operationId")
    elif operation_id in seen:
        yield Finding(place + "/operationId", f"the operationId of {seen[operation_id]}")
    else:
        seen[operation_id] = place
