from enum import StrEnum


class RecordingOutputMode(StrEnum):
    COMPOSED = "COMPOSED"
    COMPOSED_QUICK_START = "COMPOSED_QUICK_START"
    INDIVIDUAL = "INDIVIDUAL"

    def __str__(self) -> str:
        return str(self.value)
