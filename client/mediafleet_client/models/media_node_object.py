from enum import StrEnum


class MediaNodeObject(StrEnum):
    MEDIANODE = "mediaNode"

    def __str__(self) -> str:
        return str(self.value)
