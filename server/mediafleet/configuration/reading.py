"""Reads the configuration once, from all its sources, and reports everything wrong at once."""

import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
from mediafleet.configuration.properties import BY_NAME, READ_NAMES, SETTABLE
from mediafleet.configuration.property import Property, Use
from mediafleet.configuration.rules import conflicts
from mediafleet.configuration.sources import Sources

_DATA_DIR: Final = "MEDIAFLEET_DATA_DIR"
_PREFIXES: Final = ("OPENVIDU_", "MEDIAFLEET_")
_OF_CLIENTS: Final = frozenset({"MEDIAFLEET_URL"})
_ENVIRONMENT: Final = "OPENVIDU_PRO_CLUSTER_ENVIRONMENT"

_Lines: TypeAlias = Mapping[str, DotenvLine]


@dataclass(frozen=True, slots=True)
class _Given:
    """What the highest source that sets a property says, and where it says it."""

    raw: Any
    origin: Origin
    place: str | None = None


def read_configuration(
    *, overrides: Mapping[str, Any], dotenv_path: Path | None, environ: Mapping[str, str]
) -> Configuration:
    """Read every property from the first of its sources that sets it.

    Args:
        overrides: The command line's values by name, as text, JSON values or paths; `None` is
            "not given". They win over the file, which wins over the environment, which wins over
            the defaults.
        dotenv_path: The `.env` file; it need not exist.
        environ: The environment. Properties without effect here are not taken from it.

    Raises:
        ConfigurationError: All problems of all sources.
    """
    problems: list[ConfigurationProblem] = []
    text = _read_file(dotenv_path, problems)
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
    environ = sources.environ
    lines = _lines(text, path, problems)
    values: dict[str, Value] = {}
    origins: dict[str, Origin] = {}
    for each in SETTABLE:
        given = _given(each, sources, lines, path)
        value, problem = _value(each, given)
        if problem is not None:
            problems.append(problem)
        if each.use is not Use.KEPT:
            values[each.name], origins[each.name] = value, given.origin
    problems.extend(_unknown(sources.overrides))
    doubtful = {each.property for each in problems if each.property is not None}
    if values[_ENVIRONMENT] is None:
        are_named = bool(values["KMS_URIS"]) or "KMS_URIS" in doubtful
        values[_ENVIRONMENT] = "on_premise" if are_named else "local"
    problems.extend(conflicts(values, doubtful=doubtful))
    if values[_DATA_DIR] is None:
        try:
            values[_DATA_DIR] = str(_default_data_dir(environ))
        except RuntimeError:  # neither HOME nor an entry in the user database
            problems.append(_homeless())
    if problems:
        raise ConfigurationError(problems)
    unknown = dict.fromkeys(filter(_is_unknown, environ), Origin.ENVIRONMENT)
    unknown |= dict.fromkeys(filter(_is_unknown, lines), Origin.FILE)
    return Configuration(
        values=MappingProxyType(values),
        origins=MappingProxyType(origins),
        unused=tuple(name for name in lines if _is_unused(name) and name not in unknown),
        unknown=MappingProxyType(unknown),
        sources=sources,
    )


def _read_file(path: Path | None, problems: list[ConfigurationProblem]) -> str:
    try:
        return "" if path is None else read_dotenv(path) or ""
    except DotenvFileError as error:
        problems.append(
            ConfigurationProblem(
                property=None, value=None, rule=f"it {error.reason}", place=str(error.path)
            )
        )
        return ""


def _lines(text: str, path: Path | None, problems: list[ConfigurationProblem]) -> _Lines:
    lines = parse(text)
    problems.extend(_misunderstood(path, line) for line in lines if not line.understood)
    last = last_lines(lines)
    ended_by_return = [
        line for line in last.values() if line.key in READ_NAMES and line.value.endswith("\r")
    ]
    if ended_by_return:
        problems.append(_windows_line_ends(path, ended_by_return))
    return {
        key: dataclasses.replace(line, value=line.value.removesuffix("\r"))
        for key, line in last.items()
    }


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


def _windows_line_ends(path: Path | None, lines: list[DotenvLine]) -> ConfigurationProblem:
    first = lines[0]
    others = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return ConfigurationProblem(
        property=None,
        value=None,
        rule=f"the value of {first.key}{others} ends in a carriage return (U+000D), which would"
        " become part of it; save the file with Unix line ends",
        place=_place(path, first),
    )


def _place(path: Path | None, line: DotenvLine) -> str:
    return f"{path}, line {line.number}"


def _given(each: Property, sources: Sources, lines: _Lines, path: Path | None) -> _Given:
    overrides, environ = sources.overrides, sources.environ
    if overrides.get(each.name) is not None:
        return _Given(overrides[each.name], Origin.OVERRIDE)
    names = (each.name, *each.aliases)
    for name in names:
        if name in lines:
            return _Given(lines[name].value, Origin.FILE, _place(path, lines[name]))
    if each.use is not Use.KEPT:
        for name in names:
            if name in environ:
                return _Given(environ[name], Origin.ENVIRONMENT)
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


def _is_unused(name: str) -> bool:
    each = BY_NAME.get(name)
    return name not in READ_NAMES or (each is not None and each.use is Use.KEPT)


def _is_unknown(name: str) -> bool:
    is_ours = name in BY_NAME or name in READ_NAMES or name in _OF_CLIENTS
    return name.startswith(_PREFIXES) and not is_ours


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
