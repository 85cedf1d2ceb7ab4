from enum import StrEnum


class Finding(StrEnum):
    DISCONNECTED = "disconnected"
    MACHINE_ENDED = "machine-ended"
    SUSPECT = "suspect"

    def __str__(self) -> str:
        return str(self.value)
