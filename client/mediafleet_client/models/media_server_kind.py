from enum import StrEnum


class MediaServerKind(StrEnum):
    KURENTO = "kurento"

    def __str__(self) -> str:
        return str(self.value)
