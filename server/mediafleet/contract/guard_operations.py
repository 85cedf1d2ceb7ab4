"""The guard's part for one operation: what it asks for, answers, and who may call it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mediafleet.contract.errors import Unserved
from mediafleet.contract.guard_messages import (
    parameter_findings,
    request_body_findings,
    response_findings,
)
from mediafleet.contract.guard_references import Document, allowed_keys
from mediafleet.contract.parameters import argument_name
from mediafleet.contract.texts import pointer

Findings = Iterator[Unserved]

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
        "deprecated",
        "security",
    ]
)
_STATUS = re.compile(r"[2-5][0-9]{2}")
_BODILESS = ("204", "205", "304")
_FIRST_ERROR = 400


def is_secured(document: Document, operation: Mapping[str, Any]) -> bool:
    """Tell whether an operation asks for credentials."""
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
            yield Unserved(place + "/requestBody", "a body of a request that has none")
    yield from _responses(document, place + "/responses", operation["responses"])
    documented = set(map(str, operation["responses"]))
    method = place.rpartition("/")[2]
    for status in sorted(_own_statuses(document, operation, method) - documented):
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


def _own_statuses(document: Document, operation: Mapping[str, Any], method: str) -> set[str]:
    """What the layer itself may answer: a contract that does not tell would be broken by it."""
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


def security_findings(document: Document, place: str, requirements: list[Any]) -> Findings:
    """Find what a list of security requirements asks for and would not get."""
    schemes = document.root.get("components", {}).get("securitySchemes", {})
    if len(requirements) > 1:
        yield Unserved(place, "alternative security requirements; at most one is served")
    for index, requirement in enumerate(requirements):
        if len(requirement) != 1:
            yield Unserved(place + pointer(index), "a requirement must name exactly one scheme")
        for name in requirement:
            if name not in schemes:
                yield Unserved(place + pointer(index, name), "an unknown security scheme")
