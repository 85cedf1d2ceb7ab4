from enum import StrEnum


class Finding(StrEnum):
    CRASHED = "crashed"
    DISCONNECTED = "disconnected"
    GIVEN_UP = "given-up"
    MACHINE_ENDED = "machine-ended"
    SUSPECT = "suspect"

    def __str__(self) -> str:
        return str(self.value)
