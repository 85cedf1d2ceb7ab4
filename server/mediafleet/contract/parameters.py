"""Parameters in path, query and headers: from bytes of the head to a handler's arguments."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from connexion.decorators.parameter import pythonic

from mediafleet.contract.errors import HttpError, pointer
from mediafleet.contract.schemas import Direction, JsonValue, SchemaValidator, quoted

_MAX_QUERY_BYTES = 8192
BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})").fullmatch
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?").fullmatch
_BOOLEANS = {"true": True, "false": False}


def argument_name(parameter: str) -> str:
    """Name the keyword argument that carries *parameter*: Connexion's rule for pythonic names."""
    name: str = pythonic(parameter)
    return name


def _boolean(text: str) -> bool:
    return _BOOLEANS[text.lower()]  # Python's clients send True and False


def _integer(text: str) -> int:
    if _INTEGER(text) is None:
        raise ValueError
    return int(text)


def _number(text: str) -> int | float:
    if _INTEGER(text) is not None:
        return int(text)
    if _NUMBER(text) is None or not math.isfinite(number := float(text)):
        raise ValueError
    return number


_COERCIONS: dict[str, tuple[Callable[[str], Any], str]] = {
    "boolean": (_boolean, "must be true or false"),
    "integer": (_integer, "must be an integer of at most 19 digits"),
    "number": (_number, "must be a number"),
}


class Parameter:
    """One parameter of a request, or one header of a response, compiled.

    Attributes:
        name: As on the wire.
        argument: The keyword argument of the handler.
        defaults: ``{argument: default}``, or empty when the contract gives none.
        where: What errors call it.
    """

    def __init__(self, parameter: Mapping[str, Any], place: str) -> None:
        schema = parameter["schema"]
        self.name: str = parameter["name"]
        self.argument = argument_name(self.name)
        self.required: bool = parameter.get("required", False)
        self.defaults = {self.argument: schema["default"]} if "default" in schema else {}
        kind = parameter["in"]
        self.where = f"{kind}{'' if kind == 'header' else ' parameter'} '{self.name}'"
        self._coercion = _COERCIONS.get(schema["type"])
        self._validator = SchemaValidator(schema, Direction.REQUEST, place + pointer("schema"))

    def parse(self, text: str) -> JsonValue:
        """Turn the text into the value that the handler gets.

        Raises:
            HttpError: 400, naming the parameter and what is allowed.
        """
        value: JsonValue = text
        if self._coercion is not None:
            coerce, allowed = self._coercion
            try:
                value = coerce(text)
            except (KeyError, ValueError):
                raise HttpError(400, f"{self.where} {allowed}") from None
        if not self._validator.is_valid(value):
            raise HttpError(400, self._validator.explain(value, self.where, every=False))
        return value


class Query:
    """All query parameters of one operation.

    Args:
        parameters: Those that the contract describes.
        ignores_unknown: Others are passed over, instead of refused.
    """

    def __init__(self, parameters: Iterable[Parameter], *, ignores_unknown: bool) -> None:
        self._ignores_unknown = ignores_unknown
        self._parameters = {parameter.name: parameter for parameter in parameters}

    def parse(self, raw: bytes) -> dict[str, Any]:
        """Turn a query string into keyword arguments.

        Raises:
            HttpError: 400 for everything the contract does not allow, repeated names included, and
                unknown ones unless they are passed over.
        """
        if len(raw) > _MAX_QUERY_BYTES:
            raise HttpError(400, f"the query string must have at most {_MAX_QUERY_BYTES} bytes")
        return _arguments(self._given(raw), self._parameters.values())

    def _given(self, raw: bytes) -> Iterator[tuple[Parameter, str]]:
        for pair in filter(None, raw.split(b"&")):  # two "&" in a row have nothing between them
            name, _, text = pair.partition(b"=")
            parameter = self._known(decode_query_part(name))
            if parameter is not None:
                yield parameter, decode_query_part(text)

    def _known(self, name: str) -> Parameter | None:
        parameter = self._parameters.get(name)
        if parameter is None and not self._ignores_unknown:
            allowed = ", ".join(self._parameters) or "none"
            raise HttpError(400, f"unknown query parameter {quoted(name)}; allowed: {allowed}")
        return parameter


class RequestHeaders:
    """All header parameters of one operation."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self._parameters = {parameter.name.lower().encode(): parameter for parameter in parameters}

    def parse(self, headers: Iterable[tuple[bytes, bytes]]) -> dict[str, Any]:
        """Turn the headers of a request into keyword arguments; other headers do not matter.

        Raises:
            HttpError: 400 for everything the contract does not allow, a repeated header included.
        """
        if not self._parameters:
            return {}
        given = (
            (self._parameters[name], value.decode("latin-1"))
            for name, value in headers
            if name in self._parameters
        )
        return _arguments(given, self._parameters.values())


def _arguments(
    given: Iterable[tuple[Parameter, str]], parameters: Iterable[Parameter]
) -> dict[str, Any]:
    """Turn texts into keyword arguments, each parameter once, and add the defaults of others."""
    found: dict[str, Any] = {}
    for parameter, text in given:
        if parameter.argument in found:
            raise HttpError(400, f"{parameter.where} is given twice")
        found[parameter.argument] = parameter.parse(text)
    for parameter in parameters:
        if parameter.argument not in found:
            if parameter.required:
                raise HttpError(400, f"{parameter.where} is missing")
            found |= parameter.defaults
    return found


def decode_query_part(part: bytes) -> str:
    """Decode a name or a value of a query string strictly.

    Raises:
        HttpError: 400 for a wrong percent-encoding or bytes that are not UTF-8.
    """
    if BAD_PERCENT.search(part):
        raise HttpError(400, "the query string is not properly percent-encoded")
    try:
        return unquote_to_bytes(part.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise HttpError(400, "the query string is not UTF-8") from None
