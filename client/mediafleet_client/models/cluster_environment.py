from enum import StrEnum


class ClusterEnvironment(StrEnum):
    AWS = "aws"
    DOCKER = "docker"
    LOCAL = "local"
    ON_PREMISE = "on_premise"
    SCRIPT = "script"

    def __str__(self) -> str:
        return str(self.value)
