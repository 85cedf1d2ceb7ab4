"""OpenAPI 3.0 schemas compiled to validators; where values come from and go to lives elsewhere."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import jsonschema_rs
import orjson

from mediafleet.contract.answers import EncodedJson, JsonValue
from mediafleet.contract.errors import ContractError, ResponseViolationError
from mediafleet.contract.explanations import listed, sentences
from mediafleet.contract.texts import pointer

_COPIED = [
    "type",
    "enum",
    "required",
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
    "example",
]
_COMPOSITIONS = frozenset({"allOf", "anyOf", "oneOf"})
_RANGES = {"int32": (-(1 << 31), (1 << 31) - 1), "int64": (-(1 << 63), (1 << 63) - 1)}
_HELD_BY_NATURE = frozenset({"double", "password"})
_NOTHING: dict[str, Any] = {"not": {}}


class Direction(Enum):
    """Which way a value travels; its value is OpenAPI's mark of properties left out there."""

    REQUEST = "readOnly"
    RESPONSE = "writeOnly"


def to_draft4(
    schema: Mapping[str, Any], direction: Direction, *, is_whole: bool = True
) -> dict[str, Any]:
    """Translate a schema object of OpenAPI 3.0, its references resolved, to JSON Schema draft 4.

    An object of an answer is open in the contract, so that later versions may add members; this
    server sends no other members than those described.

    Args:
        schema: The schema object.
        direction: Which way its values travel.
        is_whole: No other schema describes the same object, as the parts of ``allOf`` do.
    """
    result: dict[str, Any] = {key: schema[key] for key in _COPIED if key in schema}
    compositions = _COMPOSITIONS & schema.keys()
    for key in compositions:
        whole = is_whole and key != "allOf" and "properties" not in schema
        result[key] = [to_draft4(part, direction, is_whole=whole) for part in schema[key]]
    for key in {"not", "items"} & schema.keys():
        result[key] = to_draft4(schema[key], direction, is_whole=key == "items")
    additional = schema.get("additionalProperties")
    if "properties" in schema:
        _properties(schema["properties"], result, direction)
        if additional is None and direction is Direction.RESPONSE and is_whole and not compositions:
            additional = False
    if additional is not None:
        is_schema = isinstance(additional, Mapping)
        result["additionalProperties"] = (
            to_draft4(additional, direction) if is_schema else additional
        )
    _format(schema.get("format"), result)
    if schema.get("nullable") is True:
        _nullable(result)
    return result


def _properties(
    properties: Mapping[str, Any], result: dict[str, Any], direction: Direction
) -> None:
    left_out = {name for name, part in properties.items() if part.get(direction.value) is True}
    result["properties"] = {
        name: _NOTHING if name in left_out else to_draft4(part, direction)
        for name, part in properties.items()
    }
    required = [name for name in result.pop("required", ()) if name not in left_out]
    if required:
        result["required"] = required


def _format(name: str | None, result: dict[str, Any]) -> None:
    if name in _RANGES:
        low, high = _RANGES[name]
        result["minimum"] = max(low, result.get("minimum", low))
        result["maximum"] = min(high, result.get("maximum", high))
    elif name is not None and name not in _HELD_BY_NATURE:
        result["format"] = name


def _nullable(result: dict[str, Any]) -> None:
    result["type"] = [result["type"], "null"]
    if "enum" in result and None not in result["enum"]:
        result["enum"] = [*result["enum"], None]


class SchemaValidator:
    """One schema of the contract, compiled.

    Attributes:
        place: JSON pointer of the schema, for logs and start-up errors.
    """

    __slots__ = ("_accepts", "_schema", "_validator", "place")

    def __init__(self, schema: Mapping[str, Any], direction: Direction | None, place: str) -> None:
        """Compile a schema object; with no direction it is one of JSON Schema draft 4 already."""
        self.place = place
        self._schema = dict(schema) if direction is None else to_draft4(schema, direction)
        try:
            self._validator = jsonschema_rs.Draft4Validator(
                self._schema,
                validate_formats=True,
                ignore_unknown_formats=False,
                offline=True,
            )
        except ValueError as error:
            raise ContractError(f"the schema at {place} does not compile: {error}") from error
        self._accepts: Callable[[Any], bool] = self._validator.is_valid

    def is_valid(self, value: JsonValue) -> bool:
        """Tell whether *value* keeps the schema.

        False also for what no schema can look at: nesting deeper than the validator goes, types
        that JSON does not have.
        """
        try:
            return self._accepts(value)
        except ValueError:
            return False

    @property
    def is_closed(self) -> bool:
        """Whether an object that keeps the schema has no other properties than the described."""
        return self._schema.get("additionalProperties") is False

    def apart(self) -> tuple["SchemaValidator", dict[str, "SchemaValidator"]]:
        """Compile the schema of an open object with any properties, and each of these by itself."""
        properties: dict[str, Any] = self._schema.get("properties", {})
        rest = {**self._schema, "properties": {name: {} for name in properties}}
        if self.is_closed:
            del rest["additionalProperties"]
        return SchemaValidator(rest, None, self.place), {
            name: SchemaValidator(schema, None, self.place + pointer("properties", name))
            for name, schema in properties.items()
        }

    def explain(self, value: JsonValue, where: str, *, every: bool) -> str:
        """Say which rules *value* breaks, bounded; see :meth:`problems`."""
        found = self.problems(value, where, every=every)
        return listed(found, len(found))

    def problems(self, value: JsonValue, where: str, *, every: bool) -> list[str]:
        """Say which rules *value* breaks, a sentence for each.

        Args:
            value: Not valid.
            where: Name of the value in the sentences.
            every: List all broken rules. The validator collects them all before the first can be
                seen, seconds for a megabyte: ask for it only when *value* is small.
        """
        return self._diagnose(value, where, every=every)[1]

    def check(self, value: JsonValue) -> None:
        """Hold an answer of ours against the schema.

        Raises:
            ResponseViolationError: It breaks the schema; names the keyword's place in the contract.
        """
        try:
            kept = self._accepts(value)
        except ValueError:
            kept = False
        if not kept:
            place, found = self._diagnose(value, "response", every=False)
            raise ResponseViolationError(place, found[0])

    def encode(self, value: JsonValue) -> EncodedJson:
        """Check a value once, when it is made, so that handlers can answer it again and again.

        Raises:
            ResponseViolationError: It breaks the schema.
        """
        self.check(value)
        return EncodedJson(orjson.dumps(value))

    def _diagnose(self, value: JsonValue, where: str, *, every: bool) -> tuple[str, list[str]]:
        try:
            if every:
                return self.place, sentences(
                    self._validator.iter_errors(value), where, self._schema
                )
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            place = self.place + pointer(*error.schema_path)
            return place, sentences([error], where, self._schema)
        except ValueError:
            pass
        return self.place, [f"{where}: is nested too deeply, or holds what JSON cannot carry"]
