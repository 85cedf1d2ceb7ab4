"""Settings that break no rule and are probably not what was meant; each deserves one warning."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby
from operator import attrgetter
from typing import Final

from mediafleet.configuration.characters import printable
from mediafleet.configuration.dotenv import DotenvLine
from mediafleet.configuration.properties import READ_NAMES, has_no_effect
from mediafleet.configuration.property import Property
from mediafleet.configuration.texts import CommandLine, TextKind

_PREFIXES: Final = ("OPENVIDU_", "MEDIAFLEET_")
_OF_CLIENTS: Final = frozenset({"MEDIAFLEET_URL"})
_MAX_NAME: Final = 128
_ALIKE: Final = 0.8
"""From here on the better part of a name is the same; lower, unlike names are suggested."""
_QUOTED: Final = re.compile(r"""(["']).*\1""", re.DOTALL)
_COMMENT: Final = re.compile(r"\s#")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationWarning:
    """One setting that may not do what was meant; none of its fields holds a secret.

    Attributes:
        message: What is wrong with it.
        property: The name as it was set.
        place: File and line, or the environment.
        value: The value as it may be shown, where it is the point.
        closest: The property that was perhaps meant.
    """

    message: str
    property: str
    place: str
    value: str | None = None
    closest: str | None = None

    def log(self) -> None:
        """Write it to the log."""
        told = {"value": self.value, "closest": self.closest}
        extra = {"property": self.property, "place": self.place}
        log.warning(
            self.message,
            extra=extra | {key: text for key, text in told.items() if text is not None},
        )


def warn_without_feature(names: Iterable[str]) -> None:
    """Warn of properties that are stored and shown, and do nothing more."""
    for name in names:
        log.warning(
            "property has no effect yet, as its feature does not exist", extra={"property": name}
        )


def misspelt_names(places: Mapping[str, str]) -> Iterator[ConfigurationWarning]:
    """Find names that set nothing and look like those of properties.

    Also such in lower case, with dots, or with characters in them that cannot be seen.

    Args:
        places: Where each name is set.
    """
    for name, place in places.items():
        if name in READ_NAMES or name in _OF_CLIENTS or has_no_effect(name):
            continue
        # Told cut, as comparing takes long for long names.
        meant = [each[:_MAX_NAME] for each in _meant(name) if not has_no_effect(each)]
        if any(each.startswith(_PREFIXES) or each in READ_NAMES for each in meant):
            close = (get_close_matches(each, READ_NAMES, 1, _ALIKE) for each in meant)
            yield ConfigurationWarning(
                message="there is no such property",
                property=printable(name, limit=_MAX_NAME),
                place=place,
                closest=next((found[0] for found in close if found), None),
            )


def repeated_names(lines: Iterable[DotenvLine], file: str) -> Iterator[ConfigurationWarning]:
    """Find properties that a file sets more than once."""
    ours = [line for line in lines if line.key in READ_NAMES]
    key = attrgetter("key")
    for name, group in groupby(sorted(ours, key=key), key):
        numbers = [str(line.number) for line in group]
        if len(numbers) > 1:
            yield ConfigurationWarning(
                message="property is set more than once; the last line counts",
                property=name,
                place=f"{file}, lines {', '.join(numbers[-10:])}",
            )


def suspicious_value(each: Property, text: str, place: str) -> ConfigurationWarning | None:
    """Say what of an allowed text is probably not meant to be part of the value."""
    why = _suspicion(each, text)
    if why is None:
        return None
    return ConfigurationWarning(
        message=f"value of property {why}", property=each.name, place=place, value=each.show(text)
    )


def _suspicion(each: Property, text: str) -> str | None:
    if not isinstance(each.kind, TextKind):
        return None
    if _QUOTED.fullmatch(text) and not isinstance(each.kind, CommandLine):
        return "has quotes around it, which are part of it"
    if text != text.strip():
        return "begins or ends with blanks, which are part of it"
    if _COMMENT.search(text):
        return "has a # in it, which begins no comment there"
    if not text.isprintable():
        return "has invisible characters in it"
    return None


def _meant(name: str) -> Iterator[str]:
    """Names without what does not belong in them; of several words all, or the last."""
    for text in (name, *name.split()[-1:]):
        yield re.sub(r"[^A-Z0-9_]", "", re.sub(r"[.-]", "_", text.upper()))
