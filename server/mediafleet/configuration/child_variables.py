"""Which environment variables child processes get."""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mediafleet.configuration.configuration import Configuration
from mediafleet.configuration.properties import READ_NAMES

_OF_THE_MACHINE: Final = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TMPDIR",
    "TZ",
    "USER",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    *(form for name in ("http_proxy", "https_proxy", "no_proxy") for form in (name, name.upper())),
    "DEBUG",
    "CUSTOM_INSTANCE_TYPE",
    "CUSTOM_VOLUME_SIZE",
)
_OF_THE_DEPLOYMENT: Final = (
    "AWS_DEFAULT_REGION",
    "AWS_IMAGE_ID",
    "AWS_INSTANCE_TYPE",
    "AWS_KEY_NAME",
    "AWS_SUBNET_ID",
    "AWS_SECURITY_GROUP",
    "AWS_STACK_ID",
    "AWS_STACK_NAME",
    "AWS_VOLUME_SIZE",
    "OPENVIDU_SECRET",
)
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def script_variables(configuration: Configuration) -> Mapping[str, str]:
    """Variables that OpenVidu's scripts know, of those that are set; one of them is the secret."""
    machine = {name: os.environ[name] for name in _OF_THE_MACHINE if name in os.environ}
    values = {name: configuration[name] for name in _OF_THE_DEPLOYMENT}
    deployment = {name: str(value) for name, value in values.items() if value}
    return MappingProxyType({"PATH": _PATH, **machine, **deployment})


_OURS: Final = ("MEDIAFLEET_", "OPENVIDU_", "AWS_", "DOCKER_", "PG", "OTEL_")
"""The last four are read by libraries of the server: for AWS, an Engine, PostgreSQL, traces."""


def inherited_variables() -> Mapping[str, str]:
    """Variables that configure neither this server nor its deployment; no secret of theirs."""
    return MappingProxyType(
        {
            name: value
            for name, value in os.environ.items()
            if name not in READ_NAMES and not name.startswith(_OURS)
        }
    )
