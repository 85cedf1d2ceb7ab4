"""Schemas of the contract, compiled to validators, and the messages about invalid values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

import jsonschema_rs
import orjson

from mediafleet.contract.errors import (
    ContractError,
    ErrorDetail,
    ResponseViolationError,
    pointer,
)
from mediafleet.texts import one_line

JsonValue: TypeAlias = Any
"""Whatever JSON can hold; a schema says more."""


class EncodedJson(bytes):
    """A JSON document that was validated against the contract when it was made; sent as it is."""

    __slots__ = ()


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

    An object of a response is open in the contract, so that later versions may add properties; this
    server sends no other properties than those described.

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


@lru_cache(maxsize=256)  # most of a contract's 300 schemas are the same few, of 28 kB each
def _compiled(schema: bytes) -> tuple[dict[str, Any], jsonschema_rs.Draft4Validator]:
    """Compile a schema of JSON Schema draft 4, given as JSON.

    Raises:
        ValueError: It does not compile.
    """
    loaded: dict[str, Any] = orjson.loads(schema)
    return loaded, jsonschema_rs.Draft4Validator(
        loaded, validate_formats=True, ignore_unknown_formats=False, offline=True
    )


class SchemaValidator:
    """One schema of the contract, compiled.

    Attributes:
        place: JSON pointer of the schema, for logs and start-up errors.
    """

    def __init__(self, schema: Mapping[str, Any], direction: Direction | None, place: str) -> None:
        """Compile a schema object; with no direction it is one of JSON Schema draft 4 already."""
        self.place = place
        translated = dict(schema) if direction is None else to_draft4(schema, direction)
        try:
            self._schema, self._validator = _compiled(orjson.dumps(translated))
        except (ValueError, orjson.JSONEncodeError) as error:
            raise ContractError(f"the schema at {place} does not compile: {error}") from error
        self._accepts: Callable[[Any], bool] = self._validator.is_valid

    def is_valid(self, value: JsonValue) -> bool:
        """Return whether *value* is valid.

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
        return listed((each.message for each in found), len(found))

    def problems(self, value: JsonValue, where: str, *, every: bool) -> list[ErrorDetail]:
        """Say which rules *value* breaks, one by one.

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
        if not self.is_valid(value):
            place, found = self._diagnose(value, "response", every=False)
            raise ResponseViolationError(place, found[0].message)

    def encode(self, value: JsonValue) -> EncodedJson:
        """Check a value once, when it is made, so that handlers can answer it again and again.

        Raises:
            ResponseViolationError: It breaks the schema.
        """
        self.check(value)
        return EncodedJson(orjson.dumps(value))

    def _diagnose(
        self, value: JsonValue, where: str, *, every: bool
    ) -> tuple[str, list[ErrorDetail]]:
        try:
            if every:
                return self.place, details(self._validator.iter_errors(value), where, self._schema)
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            place = self.place + pointer(*error.schema_path)
            return place, details([error], where, self._schema)
        except ValueError:
            pass
        sentence = "is nested too deeply, or holds what JSON cannot carry"
        return self.place, [ErrorDetail(f"{where}: {sentence}", _field(where))]


MAX_CHARACTERS = 6144
"""Of all that is said of one value; what does not fit is counted."""

_MAX_NAME_CHARACTERS = 60
_MAX_NAMES_CHARACTERS = 3072
_MAX_DEPTH = 8
_MAX_PATTERN = 60
"""Longer patterns are no help to people."""


def _types(rule: dict[str, Any]) -> str:
    return "must be of type " + " or ".join(rule["types"])


def _options(rule: dict[str, Any]) -> str:
    shown = (o if isinstance(o, str) else orjson.dumps(o).decode() for o in rule["options"])
    return "must be one of: " + ", ".join(shown)


def _count(sentence: str) -> Callable[[dict[str, Any]], str]:
    return lambda rule: sentence.format(rule["limit"])


_SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "type": _types,
    "enum": _options,
    "required": lambda rule: f"property {quoted(rule['property'])} is missing",
    "additionalProperties": lambda rule: unexpected(rule["unexpected"]),
    "falseSchema": lambda _: "takes no properties",
    "not": lambda _: "is not allowed here",
    "minimum": _count("must be {} or more"),
    "maximum": _count("must be {} or less"),
    "exclusiveMinimum": _count("must be more than {}"),
    "exclusiveMaximum": _count("must be less than {}"),
    "multipleOf": lambda rule: f"must be a multiple of {rule['multiple_of']}",
    "minLength": _count("must have at least {} characters"),
    "maxLength": _count("must have at most {} characters"),
    "minItems": _count("must have at least {} items"),
    "maxItems": _count("must have at most {} items"),
    "minProperties": _count("must have at least {} properties"),
    "maxProperties": _count("must have at most {} properties"),
    "uniqueItems": lambda _: "must not hold the same item twice",
    "pattern": lambda rule: f"must match the pattern {rule['pattern']}",
    "format": lambda rule: f"must be a valid {rule['format']}",
    "anyOf": lambda _: "has none of the allowed forms",
    "oneOf": lambda _: "must have exactly one of the allowed forms",
}


def quoted(name: str) -> str:
    """Show a name that a client chose: cleaned, bounded, in quotes."""
    return f"'{one_line(name, _MAX_NAME_CHARACTERS)}'"


def details(
    errors: Iterable[jsonschema_rs.ValidationError], where: str, schema: Mapping[str, Any]
) -> list[ErrorDetail]:
    """Say what is wrong, each thing once.

    Args:
        errors: At least one.
        where: Name of the whole value, e.g. ``body``; the place inside it is appended.
        schema: What was broken; an example in it says more than a long pattern does.
    """
    return list(dict.fromkeys(_detail(error, where, schema) for error in errors))


def _detail(
    error: jsonschema_rs.ValidationError, where: str, schema: Mapping[str, Any]
) -> ErrorDetail:
    rule, place = error.kind.as_dict(), place_in(where, error.instance_path)
    missing = [rule["property"]] if error.kind.name == "required" else []
    return ErrorDetail(f"{place}: {_sentence(error, schema)}", _field(place_in(place, missing)))


def _field(place: str) -> str | None:
    """The place inside a whole value, from one that begins with the name of that value."""
    return place.partition("/")[2] or None


def listed(
    parts: Iterable[str], count: int, *, between: str = "; ", limit: int = MAX_CHARACTERS
) -> str:
    """Join as many whole parts as fit, at least one, and count the others of *count*."""
    listing, left = "", limit
    for number, part in enumerate(parts):
        left -= len(part) + len(between)
        if number and left < 0:
            return f"{listing} and {count - number} more"
        listing += between + part if number else part
    return listing


def _sentence(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> str:
    rule, name = error.kind.as_dict(), error.kind.name
    is_unreadable = name == "pattern" and len(rule["pattern"]) > _MAX_PATTERN
    if is_unreadable and (example := _example(schema, error.schema_path)):
        return f"must have the form of {example}"
    sentence = _SENTENCES.get(name)
    return sentence(rule) if sentence else f"breaks the rule {name}"


def _example(schema: Mapping[str, Any], path: Sequence[str | int]) -> str | None:
    """The example beside the broken rule at this path, if that is a text."""
    at: Any = schema
    for token in path[:-1]:
        try:
            at = at[token]
        except (LookupError, TypeError):
            return None
    example = at.get("example") if isinstance(at, Mapping) else None
    return example if isinstance(example, str) else None


def unexpected(names: Sequence[str]) -> str:
    """Say which names an object does not take."""
    noun = "property" if len(names) == 1 else "properties"
    listing = listed(map(quoted, names), len(names), between=", ", limit=_MAX_NAMES_CHARACTERS)
    return f"takes no {noun} {listing}"


def place_in(where: str, path: Sequence[str | int]) -> str:
    """Name a place inside a value; tokens may come from the client and are cleaned."""
    tokens = [one_line(str(token), _MAX_NAME_CHARACTERS) for token in path[:_MAX_DEPTH]]
    if len(path) > _MAX_DEPTH:
        tokens.append("…")
    return "/".join([where, *tokens])


class ContractSchemas:
    """Compiles schemas of a contract on demand.

    Args:
        specification: OpenAPI 3.0 document as loaded from YAML or JSON, free of recursive schemas.
    """

    def __init__(self, specification: Mapping[str, Any]) -> None:
        self._specification = specification

    def component(self, name: str) -> SchemaValidator:
        """Compile one of ``components/schemas`` for responses.

        Raises:
            KeyError: No such component.
        """
        place = pointer("components", "schemas", name)
        schema = self._specification["components"]["schemas"][name]
        return SchemaValidator(inlined(self._specification, schema), Direction.RESPONSE, place)

    def properties(self, name: str) -> tuple[str, ...]:
        """List the properties of one of ``components/schemas``, in their order.

        Raises:
            KeyError: No such component.
        """
        return tuple(self._specification["components"]["schemas"][name]["properties"])

    def response(self, operation_id: str, status: int) -> SchemaValidator:
        """Compile the JSON body of one documented response.

        Raises:
            KeyError: No such operation, or it documents no such response with a body.
        """
        for path, item in self._specification["paths"].items():
            for method, operation in item.items():
                if operation.get("operationId") == operation_id:
                    place = pointer("paths", path, method, "responses", int(status))
                    response = inlined(
                        self._specification, operation["responses"][str(int(status))]
                    )
                    schema = response["content"]["application/json"]["schema"]
                    return SchemaValidator(schema, Direction.RESPONSE, place)
        raise KeyError(operation_id)


def inlined(document: Mapping[str, Any], node: JsonValue) -> Any:  # noqa: ANN401 - JSON
    """Copy *node* with each reference replaced by what it leads to in *document*."""
    if isinstance(node, Mapping):
        if isinstance(reference := node.get("$ref"), str):
            target: JsonValue = document
            for token in reference.removeprefix("#/").split("/"):
                target = target[token]
            return inlined(document, target)
        return {key: inlined(document, part) for key, part in node.items()}
    if isinstance(node, list):
        return [inlined(document, part) for part in node]
    return node
