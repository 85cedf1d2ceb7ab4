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
from mediafleet.contract.guard_references import Document, allowed_keys
from mediafleet.contract.guard_schemas import recursive_schemas, schema_findings
from mediafleet.contract.parameters import argument_name
from mediafleet.contract.routing import is_below, parameter_names
from mediafleet.contract.texts import pointer

Findings = Iterator[Unserved]

_METHODS = ("get", "put", "post", "delete", "patch")
_PATH_ITEM = {*_METHODS, "summary", "description"}
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
        "deprecated",
        "security",
    ]
)
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
_STATUS = re.compile(r"[2-5][0-9]{2}")
_BODILESS = ("204", "205", "304")
_TAKES_NO_BODY = ("get", "delete")
_FIRST_ERROR = 400
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
        *_security(document, pointer("security"), specification.get("security", [])),
        *_components(document),
        *_paths(document, protected_prefixes),
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


def _security(document: Document, place: str, requirements: list[Any]) -> Findings:
    schemes = document.root.get("components", {}).get("securitySchemes", {})
    if len(requirements) > 1:
        yield Unserved(place, "alternative security requirements; at most one is served")
    for index, requirement in enumerate(requirements):
        if len(requirement) != 1:
            yield Unserved(place + pointer(index), "a requirement must name exactly one scheme")
        for name in requirement:
            if name not in schemes:
                yield Unserved(place + pointer(index, name), "an unknown security scheme")


def _paths(document: Document, protected_prefixes: Sequence[str]) -> Findings:
    servers = document.root.get("servers") or [{"url": ""}]
    base = re.sub(r"^[a-z]+://[^/]*", "", servers[0]["url"]).rstrip("/")
    shapes: dict[str, str] = {}
    operation_ids: dict[str, str] = {}
    links: list[tuple[str, str | None]] = []
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
        if len({_is_secured(document, item[method]) for method in _METHODS if method in item}) > 1:
            yield Unserved(place, "open and secured operations on one path")
        for method in _METHODS:
            if method in item:
                operation, at = item[method], place + pointer(method)
                yield from _operation(document, at, operation, parameter_names(path))
                if method in _TAKES_NO_BODY and "requestBody" in operation:
                    yield Unserved(at + "/requestBody", f"a body of a {method.upper()} request")
                yield from _unique(at, operation, operation_ids)
                links += _links(document, at, operation)
                if is_below(base + path, protected_prefixes):
                    yield from _protection(document, at, operation)
    for place, operation_id in links:
        if operation_id not in operation_ids:
            yield Unserved(place, "a link to an unknown operationId")


def _links(
    document: Document, place: str, operation: Mapping[str, Any]
) -> Iterator[tuple[str, str | None]]:
    """Where links stand, and which operation they lead to."""
    for status, response in operation["responses"].items():
        for name, node in document.resolve(response).get("links", {}).items():
            at = place + pointer("responses", status, "links", name)
            yield at, document.resolve(node).get("operationId")


def _unique(place: str, operation: Mapping[str, Any], seen: dict[str, str]) -> Findings:
    operation_id = operation.get("operationId")
    if operation_id is None:
        yield Unserved(place, "an operation without operationId")
    elif operation_id in seen:
        yield Unserved(place + "/operationId", f"the operationId of {seen[operation_id]}")
    else:
        seen[operation_id] = place


def _protection(document: Document, place: str, operation: Mapping[str, Any]) -> Findings:
    if not _is_secured(document, operation):
        yield Unserved(place + "/security", "open access below the protected prefix")


def _is_secured(document: Document, operation: Mapping[str, Any]) -> bool:
    return bool(operation.get("security", document.root.get("security", [])))


def _operation(
    document: Document, place: str, operation: Mapping[str, Any], in_template: list[str]
) -> Findings:
    yield from allowed_keys(place, operation, _OPERATION, "an operation")
    yield from _security(document, place + "/security", operation.get("security", []))
    parameters = []
    for index, node in enumerate(operation.get("parameters", [])):
        yield from parameter_findings(document, place + pointer("parameters", index), node)
        parameters.append(document.resolve(node))
    yield from _parameter_set(place, parameters, in_template)
    yield from _waits_when(document, place, operation, parameters)
    if "requestBody" in operation:
        yield from request_body_findings(document, place + "/requestBody", operation["requestBody"])
    yield from _responses(document, place + "/responses", operation["responses"])
    documented = set(map(str, operation["responses"]))
    for status in _own_statuses(document, operation) - documented:
        yield Unserved(place + "/responses", f"no response {status}, which the server itself gives")


def _responses(document: Document, place: str, responses: Mapping[str, Any]) -> Findings:
    for status, response in responses.items():
        at = place + pointer(status)
        if str(status).startswith("x-"):
            continue
        if _STATUS.fullmatch(str(status)) is None:
            yield Unserved(at, f"response {status}; each status is named by its number")
            continue
        has_body = bool(document.resolve(response).get("content"))
        if str(status) in _BODILESS and has_body:
            yield Unserved(at + "/content", f"a body with status {status}, which has none")
        if int(status) >= _FIRST_ERROR and not has_body:
            yield Unserved(at, "an error without a body; the server gives each of them one")
        yield from response_findings(document, at, response)


def _own_statuses(document: Document, operation: Mapping[str, Any]) -> set[str]:
    """What the layer itself may answer: a contract that does not tell would be broken by it."""
    statuses = {"400", "500"}
    if _is_secured(document, operation):
        statuses.add("401")
    if "requestBody" in operation:
        statuses |= {"413", "415"}
    return statuses


def _parameter_set(
    place: str, parameters: list[Mapping[str, Any]], in_template: list[str]
) -> Findings:
    in_path = [node["name"] for node in parameters if node["in"] == "path"]
    if sorted(in_path) != sorted(in_template):
        yield Unserved(
            place + "/parameters", f"path parameters {in_path}, but the path has {in_template}"
        )
    taken = {"body": "the request body"}
    for index, node in enumerate(parameters):
        argument = argument_name(node["name"])
        if argument in taken:
            yield Unserved(
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
    yield Unserved(place + "/x-waits-when", "must name a boolean query parameter of the operation")
