"""What is in this process's environment besides our own configuration: all that children see."""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mediafleet.configuration.properties import READ_NAMES

_OURS: Final = ("MEDIAFLEET_", "OPENVIDU_", "AWS_", "DOCKER_", "PG")
"""The last three are read by libraries of the server: its ways to AWS, an Engine, PostgreSQL."""


def foreign_variables() -> Mapping[str, str]:
    """Variables that configure neither this server nor its deployment; no secret of theirs."""
    return MappingProxyType(
        {
            name: value
            for name, value in os.environ.items()
            if name not in READ_NAMES and not name.startswith(_OURS)
        }
    )
