"""Makes the environment that the configuration names, and imports no other."""

from __future__ import annotations

import shlex
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from mediafleet.configuration import (
    ConfigurationError,
    ConfigurationProblem,
    inherited_variables,
    script_variables,
)
from mediafleet.configuration.property import printable
from mediafleet.domain.endpoints import may_be_dialled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mediafleet.app.active_configuration import ActiveConfiguration
    from mediafleet.configuration import Configuration
    from mediafleet.domain.ports import Environment
    from mediafleet.environments.script import ScriptSettings


class MissingExtraError(Exception):
    """An environment needs packages that the plain installation does not have."""

    def __init__(self, extra: str) -> None:
        super().__init__(extra)
        self.extra = extra

    def __str__(self) -> str:
        return (
            f"The environment {self.extra} needs more packages; install them with: "
            f"pip install 'mediafleet[{self.extra}]'"
        )


def make_environment(settings: ActiveConfiguration) -> Environment:
    """The environment of ``OPENVIDU_PRO_CLUSTER_ENVIRONMENT``; nothing is opened yet.

    Raises:
        ValueError: There is no such environment.
        MissingExtraError: It needs packages that are not installed.
    """
    name = settings.value.environment
    make = _MAKERS.get(name)
    if make is None:
        raise ValueError(name)
    return make(settings)


def _on_premise(settings: ActiveConfiguration) -> Environment:
    from mediafleet.environments.on_premise import OnPremise  # noqa: PLC0415 - loads no other
    from mediafleet.environments.script import Autodiscovery  # noqa: PLC0415 - runs what is there

    return OnPremise(Autodiscovery(script_settings(settings)))


def _script(settings: ActiveConfiguration) -> Environment:
    from mediafleet.environments.script import Script  # noqa: PLC0415 - the same

    return Script(script_settings(settings))


def _local(settings: ActiveConfiguration) -> Environment:
    from mediafleet.environments.local import Local, LocalSettings  # noqa: PLC0415 - the same

    configuration = settings.value
    return Local(
        LocalSettings(
            directory=configuration.data_dir / "local",
            command=configuration.find("MEDIAFLEET_LOCAL_COMMAND", str),
            max_nodes=configuration.get("MEDIAFLEET_LOCAL_MAX_NODES", int),
            launch_timeout=configuration.launch_timeout,
            environ=inherited_variables(),
        )
    )


def _docker(settings: ActiveConfiguration) -> Environment:
    try:
        from mediafleet.environments.docker import (  # noqa: PLC0415 - the same
            Docker,
            DockerSettings,
            Pull,
        )
    except ImportError as error:
        raise MissingExtraError("docker") from error

    configuration = settings.value
    labels = (
        label.partition("=") for label in configuration.get("MEDIAFLEET_DOCKER_LABELS", tuple)
    )
    return Docker(
        DockerSettings(
            host=configuration.get("MEDIAFLEET_DOCKER_HOST", str) or None,
            image=configuration.get("MEDIAFLEET_DOCKER_IMAGE", str),
            command=tuple(shlex.split(configuration.find("MEDIAFLEET_DOCKER_COMMAND", str) or "")),
            network=configuration.get("MEDIAFLEET_DOCKER_NETWORK", str),
            memory_mib=configuration.get("MEDIAFLEET_DOCKER_MEMORY", int) or None,
            cpus=configuration.get("MEDIAFLEET_DOCKER_CPUS", float) or None,
            labels={name: value for name, _, value in labels},
            pull=Pull(configuration.get("MEDIAFLEET_DOCKER_PULL", str)),
            launch_timeout=configuration.launch_timeout,
        )
    )


def _aws(settings: ActiveConfiguration) -> Environment:
    try:
        from mediafleet.environments.aws import Aws, AwsSettings  # noqa: PLC0415 - the same
    except ImportError as error:
        raise MissingExtraError("aws") from error

    configuration = settings.value

    def text(name: str) -> str:
        return configuration.find(name, str) or ""

    return Aws(
        AwsSettings(
            region=text("AWS_DEFAULT_REGION"),
            image_id=text("AWS_IMAGE_ID"),
            instance_type=text("AWS_INSTANCE_TYPE"),
            key_name=text("AWS_KEY_NAME") or None,
            subnet_id=text("AWS_SUBNET_ID") or None,
            security_groups=tuple(filter(None, text("AWS_SECURITY_GROUP").split(","))),
            stack_id=text("AWS_STACK_ID") or None,
            stack_name=text("AWS_STACK_NAME") or None,
            volume_size=configuration.get("AWS_VOLUME_SIZE", int) or None,
            access_key=configuration.aws_access_key,
            endpoint_url=text("MEDIAFLEET_AWS_ENDPOINT") or None,
            port=configuration.get("MEDIAFLEET_AWS_NODE_PORT", int),
            launch_timeout=configuration.launch_timeout,
        )
    )


_MAKERS: Mapping[str, Callable[[ActiveConfiguration], Environment]] = MappingProxyType(
    {
        "on_premise": _on_premise,
        "local": _local,
        "docker": _docker,
        "aws": _aws,
        "script": _script,
    }
)


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
