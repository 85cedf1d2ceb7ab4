"""Reads the configuration from its sources, and applies the changes of POST /pro/restart."""

import dataclasses
import hmac
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from mediafleet.configuration.configuration import Configuration, Origin, Sources
from mediafleet.configuration.dotenv import (
    DotenvFileError,
    DotenvLine,
    last_lines,
    parse,
    read_dotenv,
    write_dotenv,
)
from mediafleet.configuration.errors import (
    MASK,
    ConfigurationError,
    ConfigurationProblem,
    InvalidValueError,
)
from mediafleet.configuration.properties import BY_NAME, READ_NAMES, SETTABLE, has_no_effect
from mediafleet.configuration.property import (
    MAX_VALUE_CHARACTERS,
    JsonValue,
    Property,
    Use,
    Value,
    printable,
)
from mediafleet.configuration.validation import (
    ConfigurationWarning,
    conflicts,
    misspelt_names,
    repeated_names,
    suspicious_value,
)

_DATA_DIR: Final = "MEDIAFLEET_DATA_DIR"
_IN_ENVIRON: Final = "set in the environment"
_MAX_WARNINGS: Final = 100
_ENVIRONMENT: Final = "OPENVIDU_PRO_CLUSTER_ENVIRONMENT"

_Lines: TypeAlias = Mapping[str, DotenvLine]


@dataclass(frozen=True, slots=True)
class _Given:
    """A property's text or value in the first source that sets it, and the place."""

    raw: Any
    origin: Origin
    place: str | None = None


def read_configuration(
    *,
    overrides: Mapping[str, Any],
    dotenv_path: Path | None,
    environ: Mapping[str, str],
    named_by: str | None = None,
) -> Configuration:
    """Read every property from the first of its sources that sets it.

    Args:
        overrides: The command line's values by name, as text, JSON values or paths; `None` is
            "not given". They win over the file, which wins over the environment, which wins over
            the defaults.
        dotenv_path: The `.env` file.
        environ: The environment. Properties without effect here are not taken from it.
        named_by: The option or variable that names the file, which then has to exist.

    Raises:
        ConfigurationError: All problems of all sources.
    """
    problems: list[ConfigurationProblem] = []
    text = _read_file(dotenv_path, named_by, problems)
    return _read(text, dotenv_path, Sources(overrides, environ), problems)


def _read(
    text: str, path: Path | None, sources: Sources, problems: list[ConfigurationProblem]
) -> Configuration:
    parsed = parse(text)
    problems.extend(_malformed(path, line) for line in parsed if not line.valid)
    lines = last_lines(parsed)
    given = {each.name: _given(each, sources, lines, path) for each in SETTABLE}
    values = _values(given, problems)
    problems.extend(_unknown(sources.overrides))
    problems.extend(_conflicts(values, given, problems))
    if values[_DATA_DIR] is None:
        try:
            values[_DATA_DIR] = str(_default_data_dir(sources.environ))
        except RuntimeError:  # neither HOME nor an entry in the user database
            rule = "it must be, since this user has no home directory; or set HOME"
            problems.append(ConfigurationProblem(property=_DATA_DIR, value=None, rule=rule))
    if problems:
        raise ConfigurationError(problems)
    places = dict.fromkeys(sources.environ, _IN_ENVIRON)
    places |= {name: _place(path, line) for name, line in lines.items()}
    misspelt = {each.property: each for each in islice(misspelt_names(places), _MAX_WARNINGS)}
    warnings = chain(misspelt.values(), repeated_names(parsed, str(path)), _suspicious(given))
    return Configuration(
        values=MappingProxyType(values),
        origins=MappingProxyType({name: given[name].origin for name in values}),
        unused=tuple(filter(has_no_effect, lines)),
        unknown=tuple(
            name
            for name in lines
            if not (name in READ_NAMES or has_no_effect(name) or printable(name) in misspelt)
        ),
        warnings=tuple(islice(warnings, _MAX_WARNINGS)),
        sources=sources,
    )


def _values(given: Mapping[str, _Given], problems: list[ConfigurationProblem]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for each in SETTABLE:
        value, problem = _value(each, given[each.name])
        if problem is not None:
            problems.append(problem)
        if each.use is not Use.KEPT:
            values[each.name] = value
    return values


def _conflicts(
    values: dict[str, Value], given: Mapping[str, _Given], problems: list[ConfigurationProblem]
) -> list[ConfigurationProblem]:
    invalid = {each.property for each in problems if each.property is not None}
    if values[_ENVIRONMENT] is None:
        are_named = bool(values["KMS_URIS"]) or "KMS_URIS" in invalid
        values[_ENVIRONMENT] = "on_premise" if are_named else "local"
    return [
        dataclasses.replace(each, place=given[each.property].place if each.property else None)
        for each in conflicts(values, invalid=invalid)
    ]


def _suspicious(given: Mapping[str, _Given]) -> Iterator[ConfigurationWarning]:
    for name, source in given.items():
        each = BY_NAME[name]
        if each.use is not Use.KEPT and isinstance(source.raw, str) and source.place is not None:
            warning = suspicious_value(each, source.raw, source.place)
            if warning is not None:
                yield warning


def _read_file(
    path: Path | None, named_by: str | None, problems: list[ConfigurationProblem]
) -> str:
    if path is None:
        return ""
    rule = None
    try:
        text = read_dotenv(path)
    except DotenvFileError as error:
        text, rule = "", f"it {error.reason}"
    if text is None and named_by is not None:
        rule = f"there is no such file, although {named_by} names it"
    if rule is not None:
        problem = ConfigurationProblem(property=None, value=None, rule=rule, place=str(path))
        problems.append(problem)
    return text or ""


def _malformed(path: Path | None, line: DotenvLine) -> ConfigurationProblem:
    # The line may hold a secret, so that at most the name of a known property is quoted.
    words = line.text.replace("=", " ").replace(":", " ").split()
    about = f" ({words[0]})" if words and words[0] in READ_NAMES else ""
    return ConfigurationProblem(
        property=None,
        value=None,
        rule=f"the line{about} is neither KEY=VALUE nor blank nor a comment beginning with #",
        place=_place(path, line),
    )


def _place(path: Path | None, line: DotenvLine) -> str:
    return f"{path}, line {line.number}"


def _given(each: Property, sources: Sources, lines: _Lines, path: Path | None) -> _Given:
    overrides, environ = sources.overrides, sources.environ
    if overrides.get(each.name) is not None:
        return _Given(overrides[each.name], Origin.OVERRIDE, "set on the command line")
    names = (each.name, *each.aliases)
    for name in names:
        if name in lines:
            return _Given(lines[name].value, Origin.FILE, _place(path, lines[name]))
    if each.use is not Use.KEPT:
        for name in names:
            if name in environ:
                return _Given(environ[name], Origin.ENVIRONMENT, _IN_ENVIRON)
    return _Given(None, Origin.DEFAULT)


def _value(each: Property, given: _Given) -> tuple[Value, ConfigurationProblem | None]:
    if given.origin is Origin.DEFAULT:
        return each.default, None
    raw = os.fspath(given.raw) if isinstance(given.raw, os.PathLike) else given.raw
    try:
        value = each.kind.read(raw) if isinstance(raw, str) else each.kind.check(raw)
    except InvalidValueError as error:
        return each.default, ConfigurationProblem(
            property=each.name, value=each.show(raw), rule=error.rule, place=given.place
        )
    return value, None


def _unknown(overrides: Mapping[str, Any]) -> Iterator[ConfigurationProblem]:
    for name in overrides:
        each = BY_NAME.get(name)
        if each is None or each.use is Use.REPORTED:
            yield ConfigurationProblem(
                property=printable(name), value="***", rule="there is no such property to set"
            )


def _default_data_dir(environ: Mapping[str, str]) -> Path:
    shared = environ.get("XDG_DATA_HOME", "")
    if shared.startswith("/"):
        return Path(shared) / "mediafleet"
    home = environ.get("HOME", "")
    return (Path(home) if home.startswith("/") else Path.home()) / ".local/share/mediafleet"


MAX_UNKNOWN_LISTED: Final = 20
_SECRET: Final = "OPENVIDU_SECRET"  # noqa: S105 - the name of a property


def with_changes(
    current: Configuration, changes: Mapping[str, JsonValue], refused: Collection[str] = ()
) -> Configuration:
    """Derive the configuration after a restart; properties that are not named stay.

    OPENVIDU_SECRET may be named, because clients send it, but only with the value it has.

    Args:
        current: The configuration in force.
        changes: JSON value by property name; every type is checked here.
        refused: Names of changes whose errors the caller reports.

    Raises:
        ConfigurationError: Every problem: properties that are unknown or cannot be changed,
            values that are not allowed, properties that cannot stand together. Nothing changed.
    """
    values, problems = _checked(current, changes)
    invalid = {each.property for each in problems if each.property is not None} | {*refused}
    problems.extend(conflicts({**current.values, **values}, invalid=invalid))
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
        ConfigurationError: The file has been edited meanwhile, and with the new values the
            next start would refuse it; it is as it was.
    """
    written = {
        name: BY_NAME[name].kind.write(configuration[name]) for name in changes if name != _SECRET
    }
    if written:
        # The next start must accept the file.
        write_dotenv(path, written, lambda text: _read(text, path, configuration.sources, []))


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
        except InvalidValueError as error:
            shown = MASK if each is None else each.show(value)
            problems.append(ConfigurationProblem(property=name, value=shown, rule=error.rule))
    return values, [*problems, *_unknown_changes(unknown)]


def _allowed(each: Property, value: JsonValue) -> Value:
    if each.use is Use.REPORTED:
        raise InvalidValueError("is worked out by the server and cannot be set")
    if not each.modifiable:
        raise InvalidValueError(
            "cannot be changed by a restart; change it where it is set and start the server again"
        )
    checked = each.kind.check(value)
    if len(each.kind.write(checked)) > MAX_VALUE_CHARACTERS:
        raise InvalidValueError(f"must have at most {MAX_VALUE_CHARACTERS} characters in all")
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
        raise InvalidValueError(
            "cannot be changed by a restart; it may only repeat the current one"
        )


def _unknown_changes(names: list[str]) -> Iterator[ConfigurationProblem]:
    for name in names[:MAX_UNKNOWN_LISTED]:
        # The value is masked: it may be a secret under a misspelt name.
        yield ConfigurationProblem(
            property=printable(name), value=MASK, rule="there is no such property"
        )
    if len(names) > MAX_UNKNOWN_LISTED:
        yield ConfigurationProblem(
            property=None,
            value=None,
            rule=f"{len(names) - MAX_UNKNOWN_LISTED} more properties do not exist",
        )
