"""Sentences for broken schema rules: they name the place and the rule, never the received value."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jsonschema_rs
import orjson

from mediafleet.texts import one_line

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


def sentences(
    errors: Iterable[jsonschema_rs.ValidationError], where: str, schema: Mapping[str, Any]
) -> list[str]:
    """Say what is wrong, each thing once.

    Args:
        errors: At least one.
        where: Name of the whole value, e.g. ``body``; the place inside it is appended.
        schema: What was broken; an example in it says more than a long pattern does.
    """
    told = (f"{place(where, error.instance_path)}: {_sentence(error, schema)}" for error in errors)
    return list(dict.fromkeys(told))


def listed(
    parts: Iterable[str], count: int, *, between: str = "; ", limit: int = MAX_CHARACTERS
) -> str:
    """Join as many whole parts as fit, at least one, and count the others of *count*."""
    told, left = "", limit
    for number, part in enumerate(parts):
        left -= len(part) + len(between)
        if number and left < 0:
            return f"{told} and {count - number} more"
        told += between + part if number else part
    return told


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
    told = listed(map(quoted, names), len(names), between=", ", limit=_MAX_NAMES_CHARACTERS)
    return f"takes no {noun} {told}"


def place(where: str, path: Sequence[str | int]) -> str:
    """Name a place inside a value; tokens may come from the client and are cleaned."""
    tokens = [one_line(str(token), _MAX_NAME_CHARACTERS) for token in path[:_MAX_DEPTH]]
    if len(path) > _MAX_DEPTH:
        tokens.append("…")
    return "/".join([where, *tokens])
