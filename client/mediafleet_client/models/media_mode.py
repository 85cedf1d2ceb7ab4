from enum import StrEnum


class MediaMode(StrEnum):
    RELAYED = "RELAYED"
    ROUTED = "ROUTED"

    def __str__(self) -> str:
        return str(self.value)
