"""Makes the environment that the configuration names, and loads no other."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mediafleet.configuration import Configuration
    from mediafleet.domain.ports import Clock, Environment


def make_environment(configuration: Configuration, clock: Clock) -> Environment:
    """The environment of ``OPENVIDU_PRO_CLUSTER_ENVIRONMENT``; nothing is opened yet.

    Raises:
        ValueError: It is none of :data:`ENVIRONMENTS`.
    """
    make = _MAKERS.get(configuration.environment)
    if make is None:
        raise ValueError(configuration.environment)
    return make(configuration, clock)


def _on_premise(_configuration: Configuration, _clock: Clock) -> Environment:
    from mediafleet.environments.on_premise import OnPremise  # noqa: PLC0415 - loads no other

    return OnPremise()


_MAKERS: Mapping[str, Callable[[Configuration, Clock], Environment]] = MappingProxyType(
    {"on_premise": _on_premise}
)
ENVIRONMENTS = tuple(_MAKERS)
