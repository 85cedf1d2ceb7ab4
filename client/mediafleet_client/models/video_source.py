from enum import StrEnum


class VideoSource(StrEnum):
    CAMERA = "CAMERA"
    IPCAM = "IPCAM"
    SCREEN = "SCREEN"

    def __str__(self) -> str:
        return str(self.value)
