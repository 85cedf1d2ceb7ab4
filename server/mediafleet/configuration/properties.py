"""All properties in one table; reading, validation, GET /pro/config and documents follow it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mediafleet.configuration.aws_properties import AWS_PROPERTIES
from mediafleet.configuration.cluster_properties import CLUSTER_PROPERTIES
from mediafleet.configuration.deployment_properties import DEPLOYMENT_PROPERTIES, FAMILIES
from mediafleet.configuration.docker_properties import DOCKER_PROPERTIES
from mediafleet.configuration.own_properties import OWN_PROPERTIES
from mediafleet.configuration.property import Property, Use
from mediafleet.configuration.server_properties import SERVER_PROPERTIES

PROPERTIES: Final[tuple[Property, ...]] = (
    *SERVER_PROPERTIES,
    *CLUSTER_PROPERTIES,
    *OWN_PROPERTIES,
    *DOCKER_PROPERTIES,
    *AWS_PROPERTIES,
    *DEPLOYMENT_PROPERTIES,
)
"""The properties that GET /pro/config shows come first, in its order."""

BY_NAME: Final[Mapping[str, Property]] = MappingProxyType({each.name: each for each in PROPERTIES})

SETTABLE: Final = tuple(each for each in PROPERTIES if each.use is not Use.REPORTED)

READ_NAMES: Final = frozenset(name for each in SETTABLE for name in (each.name, *each.aliases))
"""Every name that a source may use, older names included."""

_KEPT_ALIASES: Final = frozenset(
    alias for each in SETTABLE if each.use is Use.KEPT for alias in each.aliases
)


def has_no_effect(name: str) -> bool:
    """Say whether OpenVidu knows a property of that name, and it has no effect here."""
    each = BY_NAME.get(name)
    if each is None:
        return name.startswith(FAMILIES) or name in _KEPT_ALIASES
    return each.use in {Use.KEPT, Use.REPORTED}
