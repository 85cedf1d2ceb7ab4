"""The scripts that a configuration names: what they get, and whether they may be run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mediafleet.configuration import ConfigurationError, ConfigurationProblem, script_variables
from mediafleet.configuration.characters import printable
from mediafleet.domain.addresses import may_be_dialled

if TYPE_CHECKING:
    from mediafleet.app.active_configuration import ActiveConfiguration
    from mediafleet.configuration import Configuration
    from mediafleet.environments.script import ScriptSettings

_RULE_CHARACTERS = 1000


def script_settings(settings: ActiveConfiguration) -> ScriptSettings:
    """What scripts are and get; the folder follows the configuration in force."""
    from mediafleet.environments.script import ScriptSettings  # noqa: PLC0415 - loaded if needed

    configuration = settings.value
    return ScriptSettings(
        folder=lambda: settings.value.cluster_path,
        directory=configuration.data_dir / "script",
        is_allowed=partial(may_be_dialled, allowed=configuration.allowed_node_networks),
        environ=script_variables(configuration),
        launch_timeout=configuration.launch_timeout,
    )


def check_cluster_path(configuration: Configuration) -> None:
    """See that the scripts of a configuration may be run, where scripts are run; it blocks.

    Raises:
        ConfigurationError: They may not.
    """
    from mediafleet.environments.script import UntrustedError, check_folder  # noqa: PLC0415 - loaded if needed

    name = "OPENVIDU_PRO_CLUSTER_PATH"
    try:
        if configuration.environment == "script":
            check_folder(configuration.cluster_path)
        elif configuration.environment == "on_premise":
            check_folder(configuration.cluster_path, required=())
    except UntrustedError as error:
        value, rule = str(configuration[name]), printable(error.rule, limit=_RULE_CHARACTERS)
        problem = ConfigurationProblem(property=name, value=value, rule=rule)
        raise ConfigurationError([problem]) from None
