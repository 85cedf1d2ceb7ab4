"""Reads the configuration once, from all its sources, and reports everything wrong at once."""

import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from mediafleet.configuration.characters import printable
from mediafleet.configuration.configuration import Configuration, Origin
from mediafleet.configuration.dotenv import DotenvLine, last_lines, parse
from mediafleet.configuration.dotenv_file import DotenvFileError, read_dotenv
from mediafleet.configuration.kinds import Value
from mediafleet.configuration.problems import (
    ConfigurationError,
    ConfigurationProblem,
    UnfitValueError,
)
from mediafleet.configuration.properties import BY_NAME, READ_NAMES, SETTABLE, has_no_effect
from mediafleet.configuration.property import Property, Use
from mediafleet.configuration.rules import conflicts
from mediafleet.configuration.sources import Sources
from mediafleet.configuration.suspicious import (
    ConfigurationWarning,
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
    """What the highest source that sets a property says, and where it says it."""

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


def require_readable(text: str, path: Path, sources: Sources) -> None:
    """See that a start would take a `.env` file with this text.

    Args:
        text: Of the file as it is going to be.
        path: Where it is going to be.
        sources: From where the rest is read.

    Raises:
        ConfigurationError: It would not; lists all problems of all sources.
    """
    _read(text, path, sources, [])


def _read(
    text: str, path: Path | None, sources: Sources, problems: list[ConfigurationProblem]
) -> Configuration:
    parsed = parse(text)
    problems.extend(_misunderstood(path, line) for line in parsed if not line.understood)
    lines = last_lines(parsed)
    given = {each.name: _given(each, sources, lines, path) for each in SETTABLE}
    values = _values(given, problems)
    problems.extend(_unknown(sources.overrides))
    problems.extend(_conflicts(values, given, problems))
    if values[_DATA_DIR] is None:
        try:
            values[_DATA_DIR] = str(_default_data_dir(sources.environ))
        except RuntimeError:  # neither HOME nor an entry in the user database
            problems.append(_homeless())
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
        foreign=tuple(
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
    doubtful = {each.property for each in problems if each.property is not None}
    if values[_ENVIRONMENT] is None:
        are_named = bool(values["KMS_URIS"]) or "KMS_URIS" in doubtful
        values[_ENVIRONMENT] = "on_premise" if are_named else "local"
    return [
        dataclasses.replace(each, place=given[each.property].place if each.property else None)
        for each in conflicts(values, doubtful=doubtful)
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


def _misunderstood(path: Path | None, line: DotenvLine) -> ConfigurationProblem:
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
    except UnfitValueError as error:
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


def _homeless() -> ConfigurationProblem:
    return ConfigurationProblem(
        property=_DATA_DIR,
        value=None,
        rule="it must be, since this user has no home directory; or set HOME",
    )


def _default_data_dir(environ: Mapping[str, str]) -> Path:
    shared = environ.get("XDG_DATA_HOME", "")
    if shared.startswith("/"):
        return Path(shared) / "mediafleet"
    home = environ.get("HOME", "")
    return (Path(home) if home.startswith("/") else Path.home()) / ".local/share/mediafleet"
