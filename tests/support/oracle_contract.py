"""The contract, as the oracle reads it for itself: its operations, paths and parameters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from mediafleet.app import load_contract

METHODS = ("get", "put", "post", "delete", "patch")
CONTRACT: Any = load_contract()


def resolve(node: Any) -> Any:
    """Follow a reference of the contract, if *node* is one."""
    while "$ref" in node:
        reference: Any = CONTRACT
        for token in node["$ref"].removeprefix("#/").split("/"):
            reference = reference[token]
        node = reference
    return node


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract."""

    name: str
    method: str
    template: str
    query: Mapping[str, Any]
    body_schema: Any = None
    body_required: bool = False
    open: bool = False
    """It wants no credentials."""
    bodiless: bool = False
    """One of its successes has no body."""

    @property
    def shared_name(self) -> str:
        """Its name without the family of paths that it belongs to."""
        return self.name.removeprefix("openvidu_")

    @property
    def flags(self) -> list[str]:
        """Names of its boolean parameters."""
        return [name for name, schema in self.query.items() if schema["type"] == "boolean"]


@cache
def operations() -> tuple[Operation, ...]:
    """All operations of the contract."""
    return tuple(
        _operation(template, method, item[method])
        for template, item in CONTRACT["paths"].items()
        for method in METHODS
        if method in item
    )


def _operation(template: str, method: str, node: Any) -> Operation:
    parameters = [resolve(parameter) for parameter in node.get("parameters", ())]
    body = node.get("requestBody")
    schema = body["content"]["application/json"]["schema"] if body else None
    successes = [r for status, r in node["responses"].items() if status.startswith("2")]
    return Operation(
        name=node["operationId"],
        method=method.upper(),
        template=template,
        query={p["name"]: resolve(p["schema"]) for p in parameters if p["in"] == "query"},
        body_schema=resolve(schema) if body else None,
        body_required=bool(body and body.get("required", False)),
        open=not node["security"],
        bodiless=any("content" not in resolve(success) for success in successes),
    )


_ID = resolve(CONTRACT["components"]["parameters"]["MediaNodeId"]["schema"])
_TEMPLATES: dict[str, list[str]] = {template: template.split("/") for template in CONTRACT["paths"]}


def template_of(segments: list[str]) -> str | None:
    """The path template that a path, cut at its slashes, belongs to."""
    for template, wanted in _TEMPLATES.items():
        pairs = zip(wanted, segments, strict=False)
        if len(wanted) == len(segments) and all(w == s or (w[:1] == "{" and s) for w, s in pairs):
            return template
    return None


def is_id(segment: str) -> bool:
    """Whether a decoded segment can be the id of a Media Node."""
    return re.fullmatch(_ID["pattern"], segment) is not None and "\n" not in segment


def keeps(schema: Any, value: str) -> bool:
    """Whether the text of a query parameter keeps its schema."""
    if "pattern" in schema:
        return re.fullmatch(schema["pattern"], value) is not None and "\n" not in value
    allowed = ["true", "false"] if schema["type"] == "boolean" else schema["enum"]
    return value in allowed
