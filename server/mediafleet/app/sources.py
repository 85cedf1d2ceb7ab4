"""Makes the environment that the configuration names, and loads no other."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mediafleet.configuration import foreign_variables

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


def _local(configuration: Configuration, _clock: Clock) -> Environment:
    from mediafleet.environments.local import Local, LocalSettings  # noqa: PLC0415 - the same

    return Local(
        LocalSettings(
            directory=configuration.data_dir / "local",
            command=configuration.local_command,
            max_nodes=configuration.local_max_nodes,
            launch_timeout=configuration.launch_timeout,
            environ=foreign_variables(),
        )
    )


_MAKERS: Mapping[str, Callable[[Configuration, Clock], Environment]] = MappingProxyType(
    {"on_premise": _on_premise, "local": _local}
)
ENVIRONMENTS = tuple(_MAKERS)
