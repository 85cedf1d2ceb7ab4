"""The contract's schemas for those who make answers ahead of time, when something changes."""

from collections.abc import Mapping
from typing import Any

from connexion.spec import Specification

from mediafleet.contract.responses import Responses
from mediafleet.contract.schemas import Direction, SchemaValidator
from mediafleet.contract.texts import pointer

_METHODS = ("get", "put", "post", "delete", "patch")


class ContractSchemas:
    """Compiles schemas of a contract on demand; loading the document is slow: keep the object."""

    def __init__(self, specification: Mapping[str, Any]) -> None:
        """Load a contract.

        Args:
            specification: OpenAPI 3.0 document as loaded from YAML or JSON.

        Raises:
            connexion.exceptions.InvalidSpecification: The document is not OpenAPI 3.0.
        """
        self._document: Mapping[str, Any] = Specification.load(dict(specification))

    def component(self, name: str) -> SchemaValidator:
        """Compile one of ``components/schemas`` as a response has to keep it.

        Raises:
            KeyError: No such component.
        """
        schema = self._document["components"]["schemas"][name]
        return SchemaValidator(schema, Direction.RESPONSE, pointer("components", "schemas", name))

    def response(self, operation_id: str, status: int) -> SchemaValidator:
        """Compile the body of one documented response.

        Raises:
            KeyError: No such operation, or the response has no body.
            ResponseViolationError: The operation does not document the status.
        """
        for path, item in self._document["paths"].items():
            for method in _METHODS:
                operation = item.get(method)
                if operation and operation.get("operationId") == operation_id:
                    place = pointer("paths", path, method, "responses")
                    validator = Responses(operation["responses"], place).body_validator(status)
                    if validator is None:
                        raise KeyError(status)
                    return validator
        raise KeyError(operation_id)
