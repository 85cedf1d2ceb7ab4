from enum import StrEnum


class RecordingLayout(StrEnum):
    BEST_FIT = "BEST_FIT"
    CUSTOM = "CUSTOM"
    HORIZONTAL_PRESENTATION = "HORIZONTAL_PRESENTATION"
    PICTURE_IN_PICTURE = "PICTURE_IN_PICTURE"
    VERTICAL_PRESENTATION = "VERTICAL_PRESENTATION"

    def __str__(self) -> str:
        return str(self.value)
