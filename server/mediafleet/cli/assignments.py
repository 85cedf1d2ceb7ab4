"""What `mediafleet restart KEY=VALUE…` means: values of the right type, and how they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from mediafleet.cli.exits import UsageFault
from mediafleet.configuration.kinds import JsonValue
from mediafleet.configuration.problems import MASK, UnfitValueError
from mediafleet.configuration.properties import BY_NAME
from mediafleet.texts import printable

SECRET: Final = "OPENVIDU_SECRET"  # noqa: S105 - the name of a property
HEADERS: Final = "OPENVIDU_WEBHOOK_HEADERS"
CHANGEABLE: Final = tuple(name for name, each in BY_NAME.items() if each.modifiable)
"""Names that a restart can change, in the order of the configuration table."""

_NEAR: Final = 3


def read_assignments(items: Sequence[str]) -> dict[str, JsonValue]:
    """Take values as the `.env` file has them, such as `A=true`, `B=70` and `C=["x"]`.

    Returns:
        JSON values by name, in the order given.

    Raises:
        UsageFault: Names every assignment that is wrong; secrets are not repeated.
    """
    values: dict[str, JsonValue] = {}
    problems = []
    for item in items:
        name, equals, text = item.partition("=")
        try:
            if name in values:
                problems.append(f"  {name} is given twice.")
            values[name] = _value(name, text if equals else None)
        except UnfitValueError as error:
            problems.append(f"  {printable(name)[:100]} {error.rule}.")
    if problems:
        raise UsageFault("\n".join(["Nothing was sent to the server:", *problems]))
    return values


def _value(name: str, text: str | None) -> JsonValue:
    if text is None:
        raise UnfitValueError("is no assignment: it must have the form KEY=VALUE")
    known = BY_NAME.get(name)
    if known is None:
        near = get_close_matches(name.upper(), CHANGEABLE, _NEAR)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UnfitValueError(f"is no property{hint}")
    if name == SECRET:
        return text
    if not known.modifiable:
        raise UnfitValueError("cannot be changed by a restart")
    value = known.kind.read(text)
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Difference:
    """What a restart would do to one property.

    Attributes:
        name: Of the property.
        old: Its value now; `None` where the server does not show it.
        new: The value asked for.
    """

    name: str
    old: JsonValue
    new: JsonValue

    @property
    def changes(self) -> bool:
        """Whether the value is another one, as far as can be seen."""
        return self.name != SECRET and self.old != self.new


def differences(
    configuration: Mapping[str, JsonValue], wanted: Mapping[str, JsonValue]
) -> tuple[Difference, ...]:
    """Hold wanted values against those in force, in the order they were asked for."""
    return tuple(Difference(name, configuration.get(name), value) for name, value in wanted.items())


def masked(name: str, value: JsonValue) -> JsonValue:
    """Give a value as it may be seen; what may be a credential is masked."""
    if name == SECRET:
        return MASK
    if name == HEADERS and isinstance(value, Sequence) and not isinstance(value, str):
        return [f"{str(header).partition(':')[0]}: {MASK}" for header in value]
    return value


def shown(name: str, value: JsonValue) -> str:
    """Show a value as the `.env` file would have it; what may be a credential is masked."""
    seen = masked(name, value)
    if seen is None:
        return "(not shown)"
    if isinstance(seen, bool):
        return "true" if seen else "false"
    if isinstance(seen, Sequence) and not isinstance(seen, str):
        return ", ".join(map(str, seen)) or "[]"
    return str(seen) or '""'
