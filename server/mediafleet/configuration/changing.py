"""Changes asked of a running server (the body of POST /pro/restart): checked, applied, stored."""

import hmac
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from mediafleet.configuration.characters import MAX_VALUE_CHARACTERS, printable
from mediafleet.configuration.configuration import Configuration, Origin
from mediafleet.configuration.dotenv_file import write_dotenv
from mediafleet.configuration.kinds import JsonValue, Value
from mediafleet.configuration.problems import (
    MASK,
    ConfigurationError,
    ConfigurationProblem,
    UnfitValueError,
)
from mediafleet.configuration.properties import BY_NAME
from mediafleet.configuration.property import Property, Use
from mediafleet.configuration.reading import require_readable
from mediafleet.configuration.rules import conflicts

MAX_UNKNOWN_TOLD: Final = 20
_SECRET: Final = "OPENVIDU_SECRET"  # noqa: S105 - the name of a property


def with_changes(
    current: Configuration, changes: Mapping[str, JsonValue], refused: Collection[str] = ()
) -> Configuration:
    """Derive the configuration after a restart; properties that are not named stay.

    OPENVIDU_SECRET may be named, because clients send it, but only with the value it has.

    Args:
        current: The configuration in force.
        changes: JSON value by property name; every type is checked here.
        refused: Names of changes that were refused elsewhere, and are told of there.

    Raises:
        ConfigurationError: Every problem: properties that are unknown or cannot be changed,
            values that are not allowed, properties that cannot stand together. Nothing changed.
    """
    values, problems = _checked(current, changes)
    doubtful = {each.property for each in problems if each.property is not None} | {*refused}
    problems.extend(conflicts({**current.values, **values}, doubtful=doubtful))
    if problems:
        raise ConfigurationError(problems)
    return current.replaced(values, Origin.RESTART)


def store_changes(path: Path, configuration: Configuration, changes: Mapping[str, object]) -> None:
    """Write the named properties' values to the `.env` file, from where the next start reads them.

    It blocks until the disk has them, so an event loop calls it from a thread. The secret is
    never written.

    Args:
        path: The `.env` file; made if it is not there, but its directory is not.
        configuration: The result of `with_changes` for the same changes.
        changes: Only the names count.

    Raises:
        DotenvFileError: The file cannot be read or replaced; it is as it was.
        ConfigurationError: Somebody has edited the file meanwhile, and with the new values the
            next start would refuse it; it is as it was.
    """
    written = {
        name: BY_NAME[name].kind.write(configuration[name]) for name in changes if name != _SECRET
    }
    if written:
        check = partial(require_readable, path=path, sources=configuration.sources)
        write_dotenv(path, written, check)


def _checked(
    current: Configuration, changes: Mapping[str, JsonValue]
) -> tuple[dict[str, Value], list[ConfigurationProblem]]:
    values: dict[str, Value] = {}
    problems: list[ConfigurationProblem] = []
    unknown: list[str] = []
    for name, value in changes.items():
        each = BY_NAME.get(name)
        try:
            if each is None:
                unknown.append(name)
            elif name == _SECRET:
                _require_same_secret(current, value)
            else:
                values[name] = _allowed(each, value)
        except UnfitValueError as error:
            shown = MASK if each is None else each.show(value)
            problems.append(ConfigurationProblem(property=name, value=shown, rule=error.rule))
    return values, [*problems, *_unknown(unknown)]


def _allowed(each: Property, value: JsonValue) -> Value:
    if each.use is Use.REPORTED:
        raise UnfitValueError("is worked out by the server and cannot be set")
    if not each.modifiable:
        raise UnfitValueError(
            "cannot be changed by a restart; change it where it is set and start the server again"
        )
    checked = each.kind.check(value)
    if len(each.kind.write(checked)) > MAX_VALUE_CHARACTERS:
        raise UnfitValueError(f"must have at most {MAX_VALUE_CHARACTERS} characters in all")
    return checked


def _require_same_secret(current: Configuration, value: JsonValue) -> None:
    known = current.secret
    # Surrogates cannot be encoded strictly, and a body may hold them.
    if (
        known is None
        or not isinstance(value, str)
        or not hmac.compare_digest(
            known.encode("utf-8", "surrogatepass"), value.encode("utf-8", "surrogatepass")
        )
    ):
        raise UnfitValueError("cannot be changed by a restart; it may only repeat the current one")


def _unknown(names: list[str]) -> Iterator[ConfigurationProblem]:
    for name in names[:MAX_UNKNOWN_TOLD]:
        # The value stays untold: it may be a secret under a misspelt name.
        yield ConfigurationProblem(
            property=printable(name), value=MASK, rule="there is no such property"
        )
    if len(names) > MAX_UNKNOWN_TOLD:
        yield ConfigurationProblem(
            property=None,
            value=None,
            rule=f"{len(names) - MAX_UNKNOWN_TOLD} more properties do not exist",
        )
