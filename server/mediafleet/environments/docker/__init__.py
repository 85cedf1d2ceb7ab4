"""The environment `docker`: Media Nodes are containers, known by their labels."""

from mediafleet.environments.docker.environment import Docker
from mediafleet.environments.docker.settings import DockerSettings, Pull

__all__ = ["Docker", "DockerSettings", "Pull"]
