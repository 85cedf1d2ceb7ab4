"""The parameters of the methods in `openrpc.yaml`, compiled once at start-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mediafleet.contract import SchemaValidator, inlined

if TYPE_CHECKING:
    from collections.abc import Mapping


def compiled_methods(document: Mapping[str, Any]) -> dict[str, SchemaValidator]:
    """What accepts the object of the parameters of each method, by name.

    Args:
        document: As loaded from YAML or JSON; its references lead somewhere, without a circle.

    Raises:
        ContractError: A schema does not compile.
    """
    methods = inlined(document, document)["methods"]
    return {method["name"]: compiled_params(method, is_open=True) for method in methods}


def compiled_params(method: Mapping[str, Any], *, is_open: bool) -> SchemaValidator:
    """What accepts the object of a method's parameters.

    Args:
        method: An object of OpenRPC without references.
        is_open: Browsers may send more than is described.

    Raises:
        ContractError: A schema does not compile.
    """
    params = method["params"]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {param["name"]: param["schema"] for param in params},
        "additionalProperties": is_open,
    }
    if required := [param["name"] for param in params if param.get("required")]:
        schema["required"] = required
    return SchemaValidator(schema, None, f"{method['name']} params")
