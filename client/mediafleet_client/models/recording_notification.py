from enum import StrEnum


class RecordingNotification(StrEnum):
    ALL = "all"
    MODERATOR = "moderator"
    NONE = "none"
    PUBLISHER_MODERATOR = "publisher_moderator"

    def __str__(self) -> str:
        return str(self.value)
