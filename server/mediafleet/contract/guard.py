"""The start-up guard: finds what a contract asks for and the layer would silently not do.

It reads the document as it was written (references unresolved), so each finding names the place
where somebody has to change something. Connexion has checked the document's form before.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from mediafleet.contract.errors import Unserved, UnservedContractError
from mediafleet.contract.guard_messages import (
    header_findings,
    parameter_findings,
    request_body_findings,
    response_findings,
)
from mediafleet.contract.guard_operations import (
    METHODS,
    is_secured,
    operation_findings,
    security_findings,
)
from mediafleet.contract.guard_references import Document, allowed_keys
from mediafleet.contract.guard_schemas import recursive_schemas, schema_findings
from mediafleet.contract.routing import is_below, parameter_names
from mediafleet.contract.texts import pointer

Findings = Iterator[Unserved]

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


def require_plain_servers(specification: Mapping[str, Any]) -> None:
    """Refuse servers whose base path is not plain; asked before Connexion stumbles over them.

    Raises:
        UnservedContractError: With the place of each.
    """
    findings = []
    for index, server in enumerate(specification.get("servers", [])):
        place = pointer("servers", index)
        if index:
            findings.append(Unserved(place, "a second server; one is served"))
        if "variables" in server:
            findings.append(Unserved(place + "/variables", "server variables"))
        elif _SERVER_URL.fullmatch(str(server.get("url"))) is None:
            feature = "a server's URL is made of an origin, or nothing, and /literal"
            findings.append(Unserved(place + "/url", feature))
    if findings:
        raise UnservedContractError(findings)


def require_served(specification: Mapping[str, Any], protected_prefixes: Sequence[str]) -> None:
    """Refuse a contract that the layer would serve differently from what it says.

    Args:
        specification: OpenAPI 3.0 document, its form checked.
        protected_prefixes: Operations at or below these paths must ask for Basic credentials.

    Raises:
        UnservedContractError: With every feature found, by name and JSON pointer.
    """
    document = Document(specification)
    findings = [
        *security_findings(document, pointer("security"), specification.get("security", [])),
        *_components(document),
        *_paths(document, protected_prefixes),
        *_names(document),
    ]
    if findings:
        raise UnservedContractError(findings)


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
        yield Unserved(place, f"security scheme {what}; only type http, scheme basic is served")


def _paths(document: Document, protected_prefixes: Sequence[str]) -> Findings:
    servers = document.root.get("servers") or [{"url": ""}]
    base = re.sub(r"^[a-z]+://[^/]*", "", servers[0]["url"]).rstrip("/")
    shapes: dict[str, str] = {}
    for path, item in document.root["paths"].items():
        place = pointer("paths", path)
        if path != "/" and _TEMPLATE.fullmatch(path) is None:
            yield Unserved(
                place, "a path is made of /literal and /{parameter} and ends without a slash"
            )
        shape = re.sub(r"\{[^{}]*\}", "{}", path)
        if shape in shapes:
            yield Unserved(place, f"the same path as {shapes[shape]}")
        shapes[shape] = path
        yield from allowed_keys(place, item, _PATH_ITEM, "a path")
        operations = {method: item[method] for method in METHODS if method in item}
        if len({is_secured(document, operation) for operation in operations.values()}) > 1:
            yield Unserved(place, "open and secured operations on one path")
        protected = is_below(base + path, protected_prefixes)
        for method, operation in operations.items():
            at = place + pointer(method)
            yield from operation_findings(document, at, operation, parameter_names(path))
            if protected and not is_secured(document, operation):
                yield Unserved(at + "/security", "open access below the protected prefix")


def _names(document: Document) -> Findings:
    """Find operations without a name of their own, and links to names that nobody has."""
    seen: dict[str, str] = {}
    for place, operation in _operations(document):
        yield from _unique(place, operation, seen)
    for place, operation in _operations(document):
        for at, link in _links(document, place, operation):
            if link.get("operationId") not in seen:
                yield Unserved(at, "a link to an unknown operationId")


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
        yield Unserved(place, "an operation without operationId")
    elif operation_id in seen:
        yield Unserved(place + "/operationId", f"the operationId of {seen[operation_id]}")
    else:
        seen[operation_id] = place
