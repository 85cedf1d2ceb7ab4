from enum import StrEnum


class OpenViduHealthStatus(StrEnum):
    DOWN = "DOWN"
    UNSTABLE = "UNSTABLE"
    UP = "UP"

    def __str__(self) -> str:
        return str(self.value)
