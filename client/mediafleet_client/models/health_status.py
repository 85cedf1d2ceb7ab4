from enum import StrEnum


class HealthStatus(StrEnum):
    UP = "UP"

    def __str__(self) -> str:
        return str(self.value)
