"""What the process on an emulated node does, in one word."""

from enum import StrEnum


class NodeState(StrEnum):
    """Whether it runs, was stopped, or is no more."""

    RUNNING = "running"
    HUNG = "hung"
    DOWN = "down"
