"""The contract of the signalling, `openrpc.yaml`, compiled once at start-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mediafleet.contract import SchemaValidator, inlined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Method:
    """A method that browsers call.

    Attributes:
        name: Of the method.
        params: Accepts the object of its parameters.
        result: Accepts its result.
        errors: Codes of all errors that it may end with.
    """

    name: str
    params: SchemaValidator
    result: SchemaValidator
    errors: frozenset[int]


class SignallingContract:
    """The methods, notifications and errors of an OpenRPC document.

    Args:
        document: As loaded from YAML or JSON; its references lead somewhere, without a circle.

    Attributes:
        methods: By name.
        notifications: What accepts the parameters of each notification, by its name.
        errors: The message of each error, by its code.

    Raises:
        ContractError: A schema does not compile.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        whole = inlined(document, document)
        common = _codes(whole["x-errors-of-all-methods"])
        self.methods: Final = {
            method["name"]: Method(
                method["name"],
                _of_params(method),
                SchemaValidator(method["result"]["schema"], None, f"{method['name']} result"),
                common | _codes(method["errors"]),
            )
            for method in whole["methods"]
        }
        self.notifications: Final = {
            notification["name"]: _of_params(notification, is_open=False)
            for notification in whole["x-notifications"]
        }
        self.errors: Final[Mapping[int, str]] = {
            error["code"]: error["message"] for error in whole["components"]["errors"].values()
        }


def _codes(errors: Sequence[Mapping[str, Any]]) -> frozenset[int]:
    return frozenset(error["code"] for error in errors)


def _of_params(method: Mapping[str, Any], *, is_open: bool = True) -> SchemaValidator:
    """Compile the object of a method's parameters; browsers may send more than are described."""
    params = method["params"]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {param["name"]: param["schema"] for param in params},
        "additionalProperties": is_open,
    }
    if required := [param["name"] for param in params if param.get("required")]:
        schema["required"] = required
    return SchemaValidator(schema, None, f"{method['name']} params")
