from enum import StrEnum


class RecordingMode(StrEnum):
    ALWAYS = "ALWAYS"
    MANUAL = "MANUAL"

    def __str__(self) -> str:
        return str(self.value)
