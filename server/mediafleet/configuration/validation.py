"""Rules between properties, and warnings about values that are valid but suspicious."""

import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Network, ip_network
from itertools import groupby
from operator import attrgetter
from typing import Final, TypeAlias

from mediafleet.configuration.dotenv import DotenvLine
from mediafleet.configuration.errors import ConfigurationProblem
from mediafleet.configuration.properties import READ_NAMES, has_no_effect
from mediafleet.configuration.property import Property, Value, printable, typed
from mediafleet.configuration.text_kinds import CommandLine, TextKind

_Broken: TypeAlias = tuple[set[str], ConfigurationProblem]

_SCALING: Final = "OPENVIDU_PRO_CLUSTER_AUTOSCALING_"
_ENVIRONMENT: Final = "OPENVIDU_PRO_CLUSTER_ENVIRONMENT"
_LOCAL: Final = IPv4Network("127.64.0.0/10")
_PAIRS: Final = (
    (f"{_SCALING}MIN_NODES", f"{_SCALING}MAX_NODES"),
    (f"{_SCALING}MIN_LOAD", f"{_SCALING}MAX_LOAD"),
)


def conflicts(
    values: Mapping[str, Value], *, invalid: Collection[str] = ()
) -> Iterator[ConfigurationProblem]:
    """Find properties whose values do not go together.

    Args:
        values: All values, each allowed by itself.
        invalid: Names whose values are invalid; rules that need one of them are left out, so that
            one mistake is reported once.
    """
    for needed, problem in _broken_rules(values):
        if needed.isdisjoint(invalid):
            yield problem


def _broken_rules(values: Mapping[str, Value]) -> Iterator[_Broken]:
    """Yield what is wrong, each with the names that its rule needs."""
    for lower, upper in _PAIRS:
        low, high = typed(values, lower, int), typed(values, upper, int)
        if low > high:
            yield _broken(lower, low, f"must not be above {upper}={high}", upper)
    if values[_ENVIRONMENT] == "local":
        yield from _of_local_nodes(values)
    if values[_ENVIRONMENT] == "aws":
        yield from _of_aws(values)
    token, networks = "MEDIAFLEET_REGISTRAR_TOKEN", "MEDIAFLEET_REGISTRAR_NETWORKS"
    if values[token] and not values[networks]:
        yield _broken(networks, None, f"it is required when {token} is set", token)
    if values[token] and values[_ENVIRONMENT] != "on_premise":
        rule = f"must be on_premise when {token} is set"
        yield _broken(_ENVIRONMENT, values[_ENVIRONMENT], rule, token)
    webhook, endpoint = "OPENVIDU_WEBHOOK", "OPENVIDU_WEBHOOK_ENDPOINT"
    if values[webhook] and not values[endpoint]:
        yield _broken(endpoint, None, f"it is required when {webhook} is true", webhook)


def _of_local_nodes(values: Mapping[str, Value]) -> Iterator[_Broken]:
    scales = values["OPENVIDU_PRO_CLUSTER_AUTOSCALING"]
    bounds = (f"{_SCALING}MIN_NODES", f"{_SCALING}MAX_NODES")
    most = "MEDIAFLEET_LOCAL_MAX_NODES"
    limit = typed(values, most, int)
    wanted = bounds if scales else ("OPENVIDU_PRO_CLUSTER_MEDIA_NODES",)
    for count, name in enumerate(wanted):
        if (number := typed(values, name, int)) > limit:
            rule = f"must not be above {most}={limit} in the environment local"
            yield _broken(name, number, rule, most, _ENVIRONMENT, *wanted[:count])
            break
    networks = "MEDIAFLEET_ALLOWED_NODE_NETWORKS"
    texts = typed(values, networks, tuple)
    allowed = [ip_network(text) for text in texts]
    if not any(each.version == _LOCAL.version and _LOCAL.subnet_of(each) for each in allowed):
        rule = f"must hold {_LOCAL}, where the nodes of the environment local are"
        yield _broken(networks, ", ".join(texts), rule, _ENVIRONMENT)


def _of_aws(values: Mapping[str, Value]) -> Iterator[_Broken]:
    for name in ("AWS_DEFAULT_REGION", "AWS_IMAGE_ID", "AWS_INSTANCE_TYPE"):
        if not values[name]:
            yield _broken(name, None, "it is required in the environment aws", _ENVIRONMENT)
    key_id, key = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
    if bool(values[key_id]) != bool(values[key]):
        missing, given = (key, key_id) if values[key_id] else (key_id, key)
        yield _broken(missing, None, f"it is required when {given} is set", given, _ENVIRONMENT)


def _broken(name: str, value: object, rule: str, *others: str) -> _Broken:
    shown = None if value is None else str(value)
    return {name, *others}, ConfigurationProblem(property=name, value=shown, rule=rule)


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
    """One suspicious name or value; none of its fields holds a secret.

    Attributes:
        message: What is wrong with it.
        property: The name as it was set.
        place: File and line, or the environment.
        value: The value as it may be shown, where it is the point.
        closest: The property with the most similar name.
    """

    message: str
    property: str
    place: str
    value: str | None = None
    closest: str | None = None

    def log(self) -> None:
        """Write it to the log."""
        details = {"value": self.value, "closest": self.closest}
        extra = {"property": self.property, "place": self.place}
        log.warning(
            self.message,
            extra=extra | {key: text for key, text in details.items() if text is not None},
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
        # Cut, as comparing long names takes long.
        candidates = [each[:_MAX_NAME] for each in _candidates(name) if not has_no_effect(each)]
        if any(each.startswith(_PREFIXES) or each in READ_NAMES for each in candidates):
            close = (get_close_matches(each, READ_NAMES, 1, _ALIKE) for each in candidates)
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
    """Warn of a valid text with a part that probably does not belong to the value."""
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


def _candidates(name: str) -> Iterator[str]:
    """Names without what does not belong in them; of several words all, or the last."""
    for text in (name, *name.split()[-1:]):
        yield re.sub(r"[^A-Z0-9_]", "", re.sub(r"[.-]", "_", text.upper()))
