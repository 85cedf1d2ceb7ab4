"""Makes the environment that the configuration names, and loads no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediafleet.environments.on_premise import OnPremise

if TYPE_CHECKING:
    from mediafleet.configuration import Configuration
    from mediafleet.domain.ports import Environment

ENVIRONMENTS = ("on_premise",)


def make_environment(configuration: Configuration) -> Environment:
    """The environment of ``OPENVIDU_PRO_CLUSTER_ENVIRONMENT``.

    Raises:
        ValueError: It is none of :data:`ENVIRONMENTS`.
    """
    if configuration.environment != "on_premise":
        raise ValueError(configuration.environment)
    return OnPremise()
