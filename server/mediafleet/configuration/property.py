"""Properties, their simple kinds, and which characters a value may have.

Texts and arrays are in `text_kinds` and `array_kinds`, the properties themselves in the tables.
"""

import enum
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from typing_extensions import override

from mediafleet.configuration.errors import MASK, InvalidValueError

MAX_VALUE_CHARACTERS: Final = 8192
"""Longest value of one property, in characters, unless its kind says otherwise."""

_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SHOWN_CHARACTERS: Final = 80


def forbidden_character(text: str) -> str | None:
    """Name the first control character, line or paragraph separator or lone surrogate.

    One such character in a value could start a new line in the `.env` file (and so set another
    property) or steer a terminal that shows it.

    Returns:
        `U+000D` and the like; `None` when the text holds no such character.
    """
    found = _FORBIDDEN.search(text)
    return None if found is None else f"U+{ord(found[0]):04X}"


def printable(text: str, *, limit: int = _SHOWN_CHARACTERS) -> str:
    """Make untrusted text safe for a log, a terminal and a response.

    Returns:
        At most `limit` characters of it plus `…`. In quotes and with escapes, as Python writes it,
        if something in it could not be seen otherwise: blanks around it, invisible characters.
    """
    cut = text[:limit]
    is_plain = cut.isprintable() and cut == cut.strip() and not cut.startswith(("'", '"'))
    return (cut if is_plain else repr(cut)) + ("…" if len(text) > limit else "")


Value: TypeAlias = bool | int | float | str | tuple[str, ...] | None
"""A property's value in memory; `None` means that it has none."""
JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)

T = TypeVar("T")

MAX_INTEGER: Final = 2_147_483_647
NEVER: Final = -1
_DIGITS: Final = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,20})?", re.ASCII)
_SHOWN_BITS: Final = 64


def typed(values: Mapping[str, Value], name: str, kind: type[T]) -> T:
    """Return the value of a property as its type: bool, int, float, str or tuple.

    Raises:
        TypeError: It has no value, or one of another type. The message does not hold the value.
    """
    value = values[name]
    if not isinstance(value, kind):
        raise TypeError(f"{name} is no {kind.__name__}")
    return value


class Kind(ABC):
    """Which values a property takes. All methods are pure, files named by a path apart."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """Say what is allowed, as the rest of "must be …"."""

    @abstractmethod
    def read(self, text: str) -> Value:
        """Turn the literal text of the `.env` file or the environment into a value.

        Raises:
            InvalidValueError: The text stands for no allowed value.
        """

    @abstractmethod
    def check(self, value: object) -> Value:
        """Take a JSON value of the right JSON type; text is not converted to numbers or Booleans.

        Raises:
            InvalidValueError: The type or the value is not allowed.
        """

    def write(self, value: Value) -> str:
        """Write the text that `read` turns into the same value."""
        return "" if value is None else str(value)

    def show(self, value: object) -> str:
        """Show a value, allowed or not, without anything that must stay private."""
        return shown(value)

    def error(self) -> InvalidValueError:
        """Build the error that states what is allowed."""
        return InvalidValueError(f"must be {self.allowed}")


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
        raise InvalidValueError(f"must have at most {maximum} characters")
    found = forbidden_character(text)
    if found is not None:
        raise InvalidValueError(f"may not hold control characters or line separators ({found})")
    return text


@dataclass(frozen=True, slots=True)
class Boolean(Kind):
    """`true` or `false`; in text in any case."""

    allowed = "true or false"

    @override
    def read(self, text: str) -> Value:
        lowered = text.lower()
        if lowered not in {"true", "false"}:
            raise self.error()
        return lowered == "true"

    @override
    def check(self, value: object) -> Value:
        if not isinstance(value, bool):
            raise self.error()
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
            raise self.error()
        return self._within(int(text))

    @override
    def check(self, value: object) -> Value:
        if isinstance(value, float) and value.is_integer():
            return self._within(int(value))
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error()
        return self._within(value)

    def _within(self, number: int) -> int:
        if not self.minimum <= number <= self.maximum:
            raise self.error()
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
            raise self.error()
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
            raise self.error()
        return self.check(float(text))

    @override
    def check(self, value: object) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error()
        # NaN is on neither side of a bound.
        if not self.minimum <= value <= self.maximum:
            raise self.error()
        return float(value)


class Shown(enum.Enum):
    """When GET /pro/config shows a property; a name stands for "if that property is set"."""

    NEVER = "never"
    ALWAYS = "always"
    NOT_EMPTY = "recording on and not empty"
    RECORDING = "OPENVIDU_RECORDING"
    WEBHOOK = "OPENVIDU_WEBHOOK"
    AUTOSCALING = "OPENVIDU_PRO_CLUSTER_AUTOSCALING"
    ELASTICSEARCH = "OPENVIDU_PRO_ELASTICSEARCH_HOST"
    KIBANA = "OPENVIDU_PRO_KIBANA_HOST"


class Use(enum.Enum):
    """How this server uses a property."""

    ACTIVE = "active"
    PLANNED = "planned"
    """Stored and shown; the feature does not exist yet, so setting it deserves a warning."""
    KEPT = "kept"
    """Belongs to another part of an OpenVidu deployment; left in the file, worth one note."""
    REPORTED = "reported"
    """Computed by the server for GET /pro/config; it cannot be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One configuration property.

    Attributes:
        name: Upper snake case, as in the file, in the environment and in JSON.
        kind: Its values.
        default: Value when no source sets it; `None` when it has none.
        doc: One sentence for the table of docs/configuration.md.
        use: What this server makes of it.
        shown: When GET /pro/config shows it.
        secret: Whether its value must never leave the process.
        modifiable: Whether POST /pro/restart may change it.
        aliases: Older names, read when the name itself is not set.
        default_note: What the table shows for a default that is worked out.
    """

    name: str
    kind: Kind
    doc: str
    default: Value = None
    use: Use = Use.ACTIVE
    shown: Shown = Shown.NEVER
    secret: bool = False
    modifiable: bool = False
    aliases: tuple[str, ...] = ()
    default_note: str | None = None

    def show(self, value: object) -> str:
        """Show a value, allowed or not, in a problem or a log; `***` for a secret."""
        return MASK if self.secret else self.kind.show(value)


OPENVIDU_SERVER_VERSION: Final = "2.15.0"
"""The release of OpenVidu whose interface is spoken."""
