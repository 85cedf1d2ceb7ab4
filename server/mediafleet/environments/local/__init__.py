"""Processes of this machine as Media Nodes: the environment that needs nothing else."""

from mediafleet.environments.local.environment import Local
from mediafleet.environments.local.launch import LocalSettings

__all__ = ["Local", "LocalSettings"]
