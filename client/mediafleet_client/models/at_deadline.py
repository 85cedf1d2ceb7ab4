from enum import StrEnum


class AtDeadline(StrEnum):
    ABORT = "abort"
    EXTEND = "extend"
    FORCE = "force"

    def __str__(self) -> str:
        return str(self.value)
