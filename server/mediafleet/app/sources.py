"""Makes the environment that the configuration names, and loads no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.configuration import Configuration
    from mediafleet.domain.ports import Clock, Environment

ENVIRONMENTS = ("on_premise", "local")


def make_environment(
    configuration: Configuration, cluster_id: Callable[[], str], clock: Clock
) -> Environment:
    """The environment of ``OPENVIDU_PRO_CLUSTER_ENVIRONMENT``.

    Args:
        configuration: Names it, and holds its settings.
        cluster_id: Asked when a machine is made or looked for.
        clock: The time.

    Raises:
        ValueError: It is none of :data:`ENVIRONMENTS`.
    """
    match configuration.environment:
        case "on_premise":
            from mediafleet.environments.on_premise import OnPremise  # noqa: PLC0415

            return OnPremise()
        case "local":
            from mediafleet.environments.local import Local  # noqa: PLC0415

            return Local(
                cluster_id=cluster_id,
                folder=configuration.data_dir / "local",
                command=configuration.local_command,
                max_nodes=configuration.local_max_nodes,
                launch_timeout=configuration.launch_timeout,
                clock=clock,
            )
        case name:
            raise ValueError(name)
