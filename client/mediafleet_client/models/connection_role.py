from enum import StrEnum


class ConnectionRole(StrEnum):
    MODERATOR = "MODERATOR"
    PUBLISHER = "PUBLISHER"
    SUBSCRIBER = "SUBSCRIBER"

    def __str__(self) -> str:
        return str(self.value)
