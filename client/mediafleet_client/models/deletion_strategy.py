from enum import StrEnum


class DeletionStrategy(StrEnum):
    IF_NO_SESSIONS = "if-no-sessions"
    NOW = "now"
    WHEN_NO_SESSIONS = "when-no-sessions"

    def __str__(self) -> str:
        return str(self.value)
