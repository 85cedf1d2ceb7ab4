"""The environment `docker`: Media Nodes are containers, known by their labels."""

from mediafleet.environments.docker.engine import DockerSettings, Pull
from mediafleet.environments.docker.environment import Docker

__all__ = ["Docker", "DockerSettings", "Pull"]
