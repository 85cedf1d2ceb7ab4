"""What a kind of value is, and the kinds that are no text: Booleans and numbers.

Text is in `texts`, arrays in `arrays`, hosts and URLs in `locations`; which property has which
kind is said in the tables.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from typing_extensions import override

from mediafleet.configuration.characters import (
    MAX_VALUE_CHARACTERS,
    forbidden_character,
    printable,
)
from mediafleet.configuration.problems import UnfitValueError

Value: TypeAlias = bool | int | float | str | tuple[str, ...] | None
"""A property's value in memory; `None` means that it has none."""
JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)

MAX_INTEGER: Final = 2_147_483_647
NEVER: Final = -1
_DIGITS: Final = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,20})?", re.ASCII)
_SHOWN_BITS: Final = 64


class Kind(ABC):
    """What values a property takes. All methods are pure, files named by a path apart."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """Say what is allowed, as the rest of "must be …"."""

    @abstractmethod
    def read(self, text: str) -> Value:
        """Turn the literal text of the `.env` file or the environment into a value.

        Raises:
            UnfitValueError: The text stands for no allowed value.
        """

    @abstractmethod
    def check(self, value: object) -> Value:
        """Take a JSON value of the right JSON type; text is not converted to numbers or Booleans.

        Raises:
            UnfitValueError: The type or the value is not allowed.
        """

    def write(self, value: Value) -> str:
        """Write the text that `read` turns into the same value."""
        return "" if value is None else str(value)

    def show(self, value: object) -> str:
        """Show a value, allowed or not, without anything that must stay private."""
        return shown(value)

    def refusal(self) -> UnfitValueError:
        """Build the error that states what is allowed."""
        return UnfitValueError(f"must be {self.allowed}")


def shown(value: object) -> str:
    """Show any JSON value shortly; containers by their type alone."""
    if isinstance(value, str):
        return printable(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _SHOWN_BITS else "(a very large number)"
    if isinstance(value, float):
        return repr(value)
    return "(an object)" if isinstance(value, Mapping) else "(an array)"


def require_clean(text: str, maximum: int = MAX_VALUE_CHARACTERS) -> str:
    """Refuse text that is too long or holds a control or line-separator character."""
    if len(text) > maximum:
        raise UnfitValueError(f"must have at most {maximum} characters")
    found = forbidden_character(text)
    if found is not None:
        raise UnfitValueError(f"may not hold control characters or line separators ({found})")
    return text


@dataclass(frozen=True, slots=True)
class Boolean(Kind):
    """`true` or `false`; in text in any case."""

    @property
    @override
    def allowed(self) -> str:
        return "true or false"

    @override
    def read(self, text: str) -> Value:
        lowered = text.lower()
        if lowered not in {"true", "false"}:
            raise self.refusal()
        return lowered == "true"

    @override
    def check(self, value: object) -> Value:
        if not isinstance(value, bool):
            raise self.refusal()
        return value

    @override
    def write(self, value: Value) -> str:
        return "true" if value else "false"


@dataclass(frozen=True, slots=True)
class Integer(Kind):
    """A whole number within bounds, both included; JSON's `70.0` is one too."""

    minimum: int = 0
    maximum: int = MAX_INTEGER

    @property
    @override
    def allowed(self) -> str:
        return f"a whole number from {self.minimum} to {self.maximum}"

    @override
    def read(self, text: str) -> Value:
        if _DIGITS.fullmatch(text) is None:
            raise self.refusal()
        return self._within(int(text))

    @override
    def check(self, value: object) -> Value:
        if isinstance(value, float) and value.is_integer():
            return self._within(int(value))
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refusal()
        return self._within(value)

    def _within(self, number: int) -> int:
        if not self.minimum <= number <= self.maximum:
            raise self.refusal()
        return number


@dataclass(frozen=True, slots=True)
class IntegerOrNever(Integer):
    """A whole number within bounds, or -1 for never."""

    @property
    @override
    def allowed(self) -> str:
        return f"-1 for never, or a whole number from {self.minimum} to {self.maximum}"

    @override
    def _within(self, number: int) -> int:
        if number != NEVER and not self.minimum <= number <= self.maximum:
            raise self.refusal()
        return number


@dataclass(frozen=True, slots=True)
class Decimal(Kind):
    """A number within bounds, both included, such as seconds with a fraction."""

    minimum: float
    maximum: float

    @property
    @override
    def allowed(self) -> str:
        return f"a number from {self.minimum:g} to {self.maximum:g}"

    @override
    def read(self, text: str) -> Value:
        if _DECIMAL.fullmatch(text) is None:
            raise self.refusal()
        return self.check(float(text))

    @override
    def check(self, value: object) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refusal()
        # NaN is on neither side of a bound.
        if not self.minimum <= value <= self.maximum:
            raise self.refusal()
        return float(value)
