from enum import StrEnum


class Finding(StrEnum):
    DISCONNECTED = "disconnected"
    SUSPECT = "suspect"

    def __str__(self) -> str:
        return str(self.value)
